internal import Checkpoints

/// An adapter in a folder of complete weights. transformers' `from_pretrained` applies it and open_clip does not, so
/// the user decides.
struct NeighbourAdapter {
  /// The adapter's file, if it must be merged.
  private(set) var merged: String?
  private(set) var notes: [String] = []

  /// - Throws: `undecidedAdapter`, or `unsupportedOption` if there is no adapter.
  init(_ checkpoint: Checkpoint, _ options: ModelOptions) throws(ModelError) {
    let hasUpdates = checkpoint.tensors.contains { LowRankUpdate.isPart($0.name) }
    guard !hasUpdates, options.base == nil, checkpoint.evidence.adapterConfig != nil else {
      guard options.adapter == nil || (hasUpdates && options.base == nil) else { throw Self.nothingToDecide }
      return
    }
    guard let file = checkpoint.evidence.adapterFile else {
      guard options.adapter == nil else { throw Self.nothingToDecide }
      notes = [
        "adapter_config.json is next to the weights, but no adapter is: the vectors come from the weights alone"
      ]
      return
    }
    switch options.adapter {
    case nil: throw ModelError(.undecidedAdapter, found: "\(file.name) beside the weights")
    case .merge: merged = file.path
    case .ignore: notes = ["\(file.name) beside the weights is not merged (--adapter ignore)"]
    }
  }

  private static var nothingToDecide: ModelError {
    var error = ModelError(.unsupportedOption, found: "--adapter: no adapter is next to complete weights")
    error.remedy = "leave --adapter out; --base MODEL merges an adapter that was saved alone"
    return error
  }
}
