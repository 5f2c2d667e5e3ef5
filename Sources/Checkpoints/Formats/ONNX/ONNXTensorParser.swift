internal import Archives

/// Parses one TensorProto. `ONNXTensorLoader` checks that its bytes fit shape and type.
struct ONNXTensorParser {
  private let file: MappedFile
  private var tensor = ONNXTensor()
  private var isExternal = false
  private var external = ONNXTensor.ExternalData()

  /// - Throws: `protobufInvalid`, `onnxTensorInvalid`, `unsupportedTensorKind`, `limitExceeded`.
  static func parse(
    _ file: MappedFile, _ range: Range<Int>, limits: Limits
  ) throws(ReadError) -> ONNXTensor {
    var parser = ONNXTensorParser(file: file)
    parser.tensor.offset = range.lowerBound
    do throws(ReadError) {
      try parser.parse(range, limits: limits)
    } catch {
      throw parser.tensor.name.isEmpty ? error : error.inside(.tensor(parser.tensor.name))
    }
    return parser.tensor
  }

  private init(file: MappedFile) { self.file = file }

  private mutating func parse(_ range: Range<Int>, limits: Limits) throws(ReadError) {
    var fields = ProtobufFields(file, range)
    while let field = try fields.next() {
      switch field.number {
      case 1: try parseShape(field, limits: limits)
      case 2: tensor.dataType = try field.integer()
      case 3: throw ReadError(.unsupportedTensorKind, at: UInt64(field.offset), found: "a tensor in segments")
      case 4, 9, 10: try setValues(.bytes(field.range()), field)
      case 5, 7, 11: try setValues(.varints(field.range()), field)
      case 8:
        tensor.name = try field.text(in: file)
        try limits.requireFewMarks(tensor.name, at: UInt64(field.offset))
      case 13: try parseExternal(field.range())
      case 14: isExternal = try field.integer() == 1
      default: break
      }
    }
    if isExternal {
      guard case .none = tensor.values else {
        throw ReadError(
          .onnxTensorInvalid, at: UInt64(tensor.offset), expected: "values in the file or outside it",
          found: "both")
      }
      tensor.values = .external(external)
    }
  }

  /// Ignores empty fields. A second field with values is invalid.
  private mutating func setValues(
    _ values: ONNXTensor.Values, _ field: ProtobufFields.Field
  ) throws(ReadError) {
    if try field.range().isEmpty { return }
    guard case .none = tensor.values else {
      throw ReadError(
        .onnxTensorInvalid, at: UInt64(field.offset), expected: "one field of values", found: "two")
    }
    tensor.values = values
    tensor.valuesField = field.number
  }

  /// Reads one extent per field, or all extents packed into one field.
  private mutating func parseShape(_ field: ProtobufFields.Field, limits: Limits) throws(ReadError) {
    switch field.value {
    case .varint(let bits): try append(Int64(bitPattern: bits), at: field.offset, limits)
    case .range(let range):
      var numbers = VarintRun(file: file, range: range)
      while let bits = try numbers.next() { try append(Int64(bitPattern: bits), at: field.offset, limits) }
    case .fixed32, .fixed64: _ = try field.integer()
    }
  }

  private mutating func append(_ extent: Int64, at offset: Int, _ limits: Limits) throws(ReadError) {
    guard extent >= 0, let extent = Int(exactly: extent) else {
      throw ReadError(
        .onnxTensorInvalid, at: UInt64(offset), expected: "extents of zero or more", found: "\(extent)")
    }
    guard tensor.shape.count < limits.tensorRank else {
      throw ReadError(.limitExceeded, at: UInt64(offset), expected: "at most \(limits.tensorRank) axes")
    }
    tensor.shape.append(extent)
  }

  /// Reads one key with its value. Checksums and other keys are ignored.
  private mutating func parseExternal(_ range: Range<Int>) throws(ReadError) {
    var fields = ProtobufFields(file, range)
    var key = ""
    var value = ""
    while let field = try fields.next() {
      switch field.number {
      case 1: key = try field.text(in: file)
      case 2: value = try field.text(in: file)
      default: break
      }
    }
    switch key {
    case "location": external.location = value
    case "offset": external.offset = value
    case "length": external.length = value
    default: break
    }
  }
}
