internal import Checkpoints

/// How a source tensor, or a block of rows of it, becomes its canonical tensor, or a block of rows of it: a view, then a
/// position.
struct LayoutChange: Sendable, Equatable {
  /// The steps that turn the source's axes into the canonical ones, without copying.
  var view: [ViewStep] = []
  /// The block of the view's rows that this tensor holds; nil for all. A fused source is several canonical tensors.
  var block: Block?
  var target = Target.complete

  enum ViewStep: Sendable, Equatable {
    /// Like NumPy's `transpose(axes)`.
    case permuted([Int])
    /// Merges adjacent axes.
    case merged(ClosedRange<Int>)
    /// A patch embedding, in which the axis of three colour channels identifies the layout: `[D, 3, P, P]` stays,
    /// `[D, P, P, 3]` (MLX) and `[D, P, 3, P]` (the same conversion applied twice) are permuted.
    case coloursSecond
  }

  enum Target: Sendable, Equatable {
    case complete
    /// The rows of one part of a fused tensor: queries, keys and values are parts 0, 1 and 2 of 3.
    case rows(part: Int, of: Int)
  }

  /// One of equal blocks of rows.
  struct Block: Sendable, Equatable {
    var index: Int
    var count: Int
  }

  static let same = LayoutChange()
  /// `[K, N]` from `[N, K]`: OpenAI's projections from a linear layer's weight, or a linear's weight from a kernel.
  static let transposed = LayoutChange(view: [.permuted([1, 0])])
  /// `[O, I, H, W]` from TensorFlow's and Flax's `[H, W, I, O]`.
  static let fromHWIO = LayoutChange(view: [.permuted([3, 2, 0, 1])])
  static let coloursSecond = LayoutChange(view: [.coloursSecond])
  /// `[heads · size, K]` from Keras's `[K, heads, size]`.
  static let fromHeadsOut = LayoutChange(view: [.merged(1...2), .permuted([1, 0])])
  /// `[N, heads · size]` from Keras's `[heads, size, N]`.
  static let fromHeadsIn = LayoutChange(view: [.merged(0...1), .permuted([1, 0])])
  /// `[heads · size]` from `[heads, size]`.
  static let flattenedHeads = LayoutChange(view: [.merged(0...1)])

  /// `[D]` from `[1, 1, D]`.
  static let flattenedVector = LayoutChange(view: [.merged(0...2)])
  /// `[N, D]` from `[1, N, D]`.
  static let flattenedTable = LayoutChange(view: [.merged(0...1)])

  /// One of `count` equal blocks of the source's rows.
  static func block(_ index: Int, of count: Int) -> LayoutChange {
    LayoutChange(block: Block(index: index, count: count))
  }

  /// The same view, as one part of a fused tensor.
  func asRows(part: Int, of count: Int) -> LayoutChange {
    LayoutChange(view: view, block: block, target: .rows(part: part, of: count))
  }

  /// - Throws: `wrongShape` if the tensor does not have the axes of the view.
  func applied(to tensor: CheckpointTensor) throws(ModelError) -> CheckpointTensor {
    var result = tensor
    for step in view {
      guard let next = step.applied(to: result) else {
        throw ModelError(
          .wrongShape, tensor: tensor.name, expected: step.expectation, found: "\(tensor.shape)",
          file: tensor.file)
      }
      result = next
    }
    guard let block else { return result }
    guard let rows = result.rowBlock(block.index, of: block.count) else {
      throw ModelError(
        .wrongShape, tensor: tensor.name, expected: "rows in \(block.count) equal blocks",
        found: "\(tensor.shape)", file: tensor.file)
    }
    return rows
  }
}

extension LayoutChange.ViewStep {
  fileprivate func applied(to tensor: CheckpointTensor) -> CheckpointTensor? {
    switch self {
    case .permuted(let axes): tensor.shape.count == axes.count ? tensor.permuted(axes) : nil
    case .merged(let axes): tensor.merging(axes)
    case .coloursSecond: Self.withColoursSecond(tensor)
    }
  }

  private static func withColoursSecond(_ tensor: CheckpointTensor) -> CheckpointTensor? {
    guard tensor.shape.count == 4 else { return nil }
    let axes = (1...3).filter { tensor.shape[$0] == 3 }
    // With patches of 3 pixels the axis would be ambiguous. No such model is published.
    guard axes.count == 1, let colours = axes.first else { return nil }
    // Each conversion moves the second axis to the end, so three conversions restore the original.
    return switch colours {
    case 1: tensor
    case 2: tensor.permuted([0, 2, 3, 1])
    default: tensor.permuted([0, 3, 1, 2])
    }
  }

  fileprivate var expectation: String {
    switch self {
    case .permuted(let axes): "\(axes.count) axes"
    case .merged(let axes): "contiguous axes \(axes.lowerBound) to \(axes.upperBound)"
    case .coloursSecond: "4 axes, one after the first with length 3"
    }
  }
}
