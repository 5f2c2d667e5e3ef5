internal import Architecture
internal import BundleFormat
internal import Models

/// A tensor of a safetensors file.
struct NamedTensor: Sendable {
  var name: String
  var shape: [Int]
  var form: StoredForm
  var content: Segment.Content

  init(_ name: String, _ recipe: TensorRecipe) {
    self.name = name
    shape = recipe.shape
    form = recipe.form
    content = .tensor(recipe)
  }

  /// One FP32 value without axes.
  init(_ name: String, scalar: Float) {
    self.name = name
    shape = []
    form = .float32
    content = .bytes([UInt8](floats: [scalar]))
  }
}

extension PlannedFile {
  /// A safetensors file: 8 bytes with the length of the header, the header (JSON, padded with spaces to 8 bytes), and
  /// the tensors without gaps, in the given order.
  ///
  /// - Parameter metadata: strings of `__metadata__`.
  init(
    safetensors name: String, _ tensors: [NamedTensor], metadata: [(key: String, value: String)]
  ) {
    self.init(name: name)
    var members: [(key: String, value: JSONText)] = [
      ("__metadata__", .object(metadata.map { ($0.key, .string($0.value)) }))
    ]
    var offset = 0
    for tensor in tensors {
      let end = offset + tensor.content.byteCount
      members.append(
        (
          tensor.name,
          [
            "dtype": .string(tensor.form.safetensorsName),
            "shape": .array(tensor.shape.map { .integer($0) }),
            "data_offsets": [.integer(offset), .integer(end)],
          ]
        ))
      offset = end
    }
    var header = Array(JSONText.object(members).compact.utf8)
    header += [UInt8](repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    append(.bytes(UInt64(header.count).littleEndianBytes + header))
    for tensor in tensors { append(tensor.content) }
  }
}

extension ExportRequest {
  /// The model's tensors with a library's names and layouts.
  func tensors(_ naming: PublishedNaming) -> [NamedTensor] {
    model.schema.parameters.flatMap { parameter in
      naming.tensors(of: parameter).map { tensor in
        NamedTensor(tensor.name, TensorRecipe(tensor, parameter.role.form(at: precision)))
      }
    }
  }

  /// The metadata of a safetensors file.
  ///
  /// - Parameter spaceID: of the source.
  func metadata(spaceID: SpaceID) -> [(key: String, value: String)] {
    let stated = [("license", model.source.licence), ("attribution", model.source.attribution)]
    return [("format", "pt"), ("pocketclip.space_id", spaceID.description)]
      + stated.compactMap { key, text in text.map { (key, $0) } }
  }
}

extension Parameter.Role {
  /// Matrices, kernels and the token table are stored at the precision. Small and sensitive tensors stay FP32, as in
  /// bundles.
  fileprivate func form(at precision: Precision) -> StoredForm {
    precision == .fp32 || !isWeight ? .float32 : .float16
  }
}

extension StoredForm {
  fileprivate var safetensorsName: String {
    switch self {
    case .float32, .int8Scale: "F32"
    case .float16: "F16"
    case .int8: "I8"
    }
  }
}
