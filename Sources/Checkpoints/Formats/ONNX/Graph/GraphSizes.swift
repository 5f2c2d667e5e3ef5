internal import Archives
internal import TensorTypes

/// The extents of a graph's inputs that the graph leaves free, and the probe texts.
struct GraphSizes {
  /// The numbers of images and texts in a batch. They differ from each other and from one.
  static let freeImages = 2
  static let freeTexts = 3

  /// Tokens of a text.
  var context: Int
  /// Pixels per side of an image.
  var imageSize: Int
  /// Added to every probe text's position. The graph is followed once for each shift.
  var shift = 0

  /// The position of the pooled token of a probe text: the last, the first, then others.
  func position(ofText text: Int) -> Int {
    guard context > 0 else { return 0 }
    return (context - 1 + text + shift) % context
  }

  /// Reads the sizes from the tables of positions.
  init(_ graph: ONNXGraph) {
    var shapes = Dictionary(graph.initializers.map { ($0.name, $0.shape) }) { first, _ in first }
    var names: [String: String] = [:]
    var factors: Set<String> = []
    var lookups: [String] = []
    for node in graph.nodes {
      let inputs = node.inputs.map { names[$0] ?? $0 }
      switch node.operation {
      case "Constant":
        if case .tensor(let tensor)? = node.attributes["value"], let name = node.outputs.first {
          shapes[name] = tensor.shape
        }
      case "DequantizeLinear", "Cast", "Identity":
        if let input = inputs.first, let output = node.outputs.first { names[output] = input }
      case "MatMul", "Gemm", "MatMulInteger": factors.formUnion(inputs)
      case "Gather": lookups += inputs.prefix(1)
      default: break
      }
    }
    let tables = shapes.filter { $0.value.count <= 3 && !factors.contains($0.key) }
      .map { $0.value.filter { $0 != 1 } }
      .filter { $0.count == 2 }.sorted { $0[0] < $1[0] }
    func rows(of width: Int?, where isRows: (Int) -> Bool) -> Int? {
      tables.first { $0[1] == width && isRows($0[0]) }?[0]
    }
    let words = lookups.compactMap { shapes[$0] }.filter { $0.count == 2 }.max { $0[0] < $1[0] }
    context = rows(of: words?.last) { $0 != words?[0] && $0 < 1 << 16 } ?? 77
    imageSize = 224
    let kernels = shapes.values.filter { $0.count == 4 && $0[1] == 3 && $0[2] > 3 && $0[3] < 1 << 16 }
    if let kernel = kernels.min(by: { $0[0] < $1[0] }) {
      let count = rows(of: kernel[0]) { Self.root($0 - 1) != nil }
      imageSize = count.flatMap { Self.root($0 - 1) }.map { $0 * kernel[3] } ?? 224
    }
  }

  private static func root(_ count: Int) -> Int? {
    guard count > 0, count < 1 << 30 else { return nil }
    let root = Int(Double(count).squareRoot().rounded())
    return root * root == count ? root : nil
  }
}

extension GraphInterpreter {
  /// Assigns a meaning to an input of the graph, by its type and shape.
  mutating func bind(_ input: ONNXPort) throws(ReadError) {
    var shape: [Int] = []
    let free: [Int]
    switch (input.isFloat, input.extents.count) {
    case (true, 4): free = [GraphSizes.freeImages, 3, sizes.imageSize, sizes.imageSize]
    case (false, 2): free = [GraphSizes.freeTexts, sizes.context]
    default: throw unclaimed(input, "pixels [batch, 3, size, size], or token ids [batch, context]")
    }
    for (extent, free) in zip(input.extents, free) {
      let extent = extent ?? free
      guard (1...1 << 16).contains(extent) else { throw unclaimed(input, "extents from 1 to 65,536") }
      shape.append(extent)
    }
    if input.isFloat {
      guard shape[1] == 3 else { throw unclaimed(input, "pixels of three colours") }
      values[input.name] = try make(.pixels, shape)
    } else if input.name.contains("mask") {
      // Every attention mask is one: pads come after the pooled token, so they need no mask.
      let one = try computed([1], [], .i64)
      guard let layout = one.layout.broadcast(shape) else { throw unclaimed(input, "a smaller shape") }
      values[input.name] = .constant(one.viewed(layout))
    } else {
      sizes.context = shape[1]
      values[input.name] = try make(.ids, shape)
    }
  }

  private func unclaimed(_ input: ONNXPort, _ expected: String) -> ReadError {
    ReadError(.onnxUnclaimedNode, expected: expected, found: "input \(input.name)")
  }
}
