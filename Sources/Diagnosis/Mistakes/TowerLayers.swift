internal import Architecture
internal import ReferenceForward

// What only one kind of tower has.
extension Mistake {
  static let imageOnly: [Mistake] = [
    Mistake(
      "norms-first-missing", .norms, "leaves out the LayerNorm before the blocks (ln_pre)",
      if: \.hasPreNorm
    ) { $0.model.departures.omitsPreNorm = true },
    Mistake("mask-on-image", .mask, "masks attention in the image tower", if: \.hasBlocks) {
      $0.model.departures.mask = .causal
    },
    Mistake(
      "positions-missing", .positions, "does not add positions", if: \.hasBlocks
    ) { $0.model.weights.append(.constant(0) { $0 == imagePositions }) },
    Mistake(
      "positions-shifted", .positions, "gives each patch the position after its own",
      if: \.hasBlocks
    ) { $0.model.weights.append(.shiftedPositions(1, in: imagePositions)) },
    Mistake(
      "positions-shifted-back", .positions, "gives each patch the position before its own",
      if: \.hasBlocks
    ) { $0.model.weights.append(.shiftedPositions(-1, in: imagePositions)) },
    Mistake(
      "positions-transposed", .positions, "reads the grid of positions column by column",
      if: \.hasBlocks
    ) { $0.model.weights.append(.transposedGrid(in: imagePositions)) },
    Mistake(
      "weights-patch-transposed", .weights, "exchanges the rows and columns of the patch kernels",
      if: \.hasBlocks
    ) { $0.model.weights.append(.transposedKernel("visual.conv1.weight")) },
    Mistake(
      "weights-no-class", .weights, "leaves the class token at zero", if: \.hasClassToken
    ) { $0.model.weights.append(.constant(0) { $0 == "visual.class_embedding" }) },
    Mistake(
      "weights-no-patch-bias", .weights, "leaves out the bias of the patch embedding", if: \.hasPatchBias
    ) { $0.model.weights.append(.constant(0) { $0 == "visual.conv1.bias" }) },
  ]

  static let resNet: [Mistake] = [
    Mistake(
      "norms-training-mode", .norms, "runs BatchNorm in training mode (model.eval() is missing)",
      isOfBatch: true, if: \.isResNet
    ) { $0.model.departures.usesBatchStatistics = true },
    Mistake(
      "attention-pool-q-k", .attention, "exchanges queries and keys of the attention pool",
      if: \.hasAttentionPool
    ) { $0.model.weights.append(.exchanged("attnpool.q_proj", "attnpool.k_proj")) },
    Mistake(
      "attention-pool-k-v", .attention, "exchanges keys and values of the attention pool",
      if: \.hasAttentionPool
    ) { $0.model.weights.append(.exchanged("attnpool.k_proj", "attnpool.v_proj")) },
    Mistake(
      "positions-missing", .positions, "does not add positions in the attention pool", if: \.isResNet
    ) { $0.model.weights.append(.constant(0) { $0 == poolPositions }) },
    Mistake(
      "positions-shifted", .positions, "gives each value of the attention pool the position after its own",
      if: \.isResNet
    ) { $0.model.weights.append(.shiftedPositions(1, in: poolPositions)) },
    Mistake(
      "positions-transposed", .positions, "reads the grid of positions column by column", if: \.isResNet
    ) { $0.model.weights.append(.transposedGrid(in: poolPositions)) },
  ]

  static let textOnly: [Mistake] = [
    Mistake("mask-causal", .mask, "masks attention in the text tower as CLIP does", if: \.isNotCausal) {
      $0.model.departures.mask = .causal
    },
    Mistake(
      "projection-no-bias", .pooling, "leaves out the bias of the text projection", if: \.hasProjectionBias
    ) { $0.model.weights.append(.constant(0) { $0 == "text_projection.bias" }) },
    Mistake("mask-missing", .mask, "does not mask attention in the text tower", if: \.isCausal) {
      $0.model.departures.mask = .none
    },
    Mistake(
      "mask-missing-padded", .mask, "does not mask attention, and pads with the end token", if: \.isCausal
    ) {
      $0.model.departures.mask = .none
      $0.text?.padding = .endOfText
    },
    Mistake("positions-missing", .positions, "does not add positions") {
      $0.model.weights.append(.constant(0) { $0 == textPositions })
    },
    Mistake("positions-shifted", .positions, "counts positions from 1 instead of 0") {
      $0.model.weights.append(.shiftedPositions(1, in: textPositions))
    },
    Mistake("positions-shifted-two", .positions, "counts positions from 2 instead of 0") {
      $0.model.weights.append(.shiftedPositions(2, in: textPositions))
    },
    Mistake("positions-shifted-back", .positions, "counts positions from −1 instead of 0") {
      $0.model.weights.append(.shiftedPositions(-1, in: textPositions))
    },
  ]

  private static let imagePositions = "visual.positional_embedding"
  private static let poolPositions = "visual.attnpool.positional_embedding"
  private static let textPositions = "positional_embedding"
}
