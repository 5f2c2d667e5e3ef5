internal import Archives
internal import TensorTypes

/// A value that does not depend on pixels and token ids: a weight stored in the file, or computed numbers.
struct GraphConstant {
  enum Source {
    case stored(CheckpointTensor)
    case computed([Double])
  }

  var dtype: DType
  var source: Source
  var layout: TensorLayout
  var isDequantized = false
  /// Set if the constant is the pooled position of each probe text: the rule that found it.
  var pooling: GraphFacts.TextPooling?
  /// The initializer that this is a view of.
  var origin = ""

  var shape: [Int] { layout.shape }
  var count: Int { layout.count }

  /// Nil if the extents are implausibly large.
  init?(_ tensor: CheckpointTensor, origin: String) {
    guard TensorLayout.count(tensor.shape) != nil else { return nil }
    dtype = tensor.dtype
    source = .stored(tensor)
    layout = TensorLayout(
      start: tensor.storageOffset,
      axes: zip(tensor.shape, tensor.strides).map { [.init(count: $0, step: $1)] })
    self.origin = origin
  }

  /// - Precondition: `numbers` has as many elements as `shape`.
  init?(_ numbers: [Double], shape: [Int], _ dtype: DType) {
    guard let layout = TensorLayout(rowMajor: shape), layout.count == numbers.count else { return nil }
    self.dtype = dtype
    self.source = .computed(numbers)
    self.layout = layout
  }

  func viewed(_ layout: TensorLayout) -> GraphConstant {
    var result = self
    result.layout = layout
    return result
  }

  /// All elements in row-major order.
  func numbers() throws(ReadError) -> [Double] {
    switch source {
    case .computed(let numbers): return layout.positions().map { numbers[$0] }
    case .stored(let tensor):
      let runs = layout.runs
      let view = try CheckpointTensor(
        name: tensor.name, dtype: dtype, shape: runs.map(\.count), strides: runs.map(\.step),
        storageOffset: layout.start, isBigEndian: tensor.isBigEndian, storage: tensor.storage,
        file: tensor.file)
      return try view.floats().map(Double.init)
    }
  }

  /// The most elements of a tensor that repeats values, through strides of zero or copies.
  private static let largestCopy = 1 << 22

  /// The values as a checkpoint's tensor; a view if the layout allows it.
  func tensor(_ name: String, file: String) throws(ReadError) -> CheckpointTensor {
    guard count <= Self.largestCopy || !layout.runs.contains(where: { $0.step == 0 }) else {
      throw ReadError(
        .limitExceeded, expected: "at most \(Self.largestCopy) elements", found: "\(count)",
        path: [.tensor(name)])
    }
    guard case .stored(let tensor) = source, layout.axes.allSatisfy({ $0.count <= 1 }) else {
      return try CheckpointTensor(
        computed: try numbers().map { Float($0) }, shape: shape, name: name, file: file)
    }
    return try CheckpointTensor(
      name: name, dtype: dtype, shape: shape, strides: layout.axes.map { $0.first?.step ?? 1 },
      storageOffset: layout.start, isBigEndian: tensor.isBigEndian, storage: tensor.storage, file: tensor.file
    )
  }
}
