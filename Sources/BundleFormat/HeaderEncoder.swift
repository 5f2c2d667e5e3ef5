import Architecture
import TensorTypes

/// Writes the header of a bundle: length, JSON, padding.
public enum HeaderEncoder {
  /// The bytes before the first tensor, a multiple of 64.
  ///
  /// - Parameters:
  ///   - digests: SHA-256 of each tensor's stored bytes, in the order of `layout.tensors`.
  /// - Throws: `fieldValue` or `fieldsConsistent` if a bundle cannot state the description.
  public static func encode(
    _ description: BundleDescription, _ layout: BundleLayout, digests: [Digest]
  ) throws(BundleFault) -> [UInt8] {
    var json = JSONText()
    json.append("{\"__metadata__\":{")
    var fields = FieldEncoder(json)
    var copy = description
    try copy.visitHeaderFields(&fields)
    try fields.require(layout.formsFit, "forms")
    json = fields.json
    for (tensor, digest) in zip(layout.tensors, digests) { json.append(digest, of: tensor.name) }
    json.append("}")
    for tensor in layout.tensors { json.append(tensor) }
    json.append("}")
    return framed(json.bytes)
  }

  private static func framed(_ json: [UInt8]) -> [UInt8] {
    let byteCount = roundUp(lengthByteCount + json.count, to: BundleLayout.alignment)
    let headerLength = UInt64(byteCount - lengthByteCount)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount)
    for shift in 0..<lengthByteCount { bytes.append(UInt8(truncatingIfNeeded: headerLength >> (8 * shift))) }
    bytes.append(contentsOf: json)
    while bytes.count < byteCount { bytes.append(0x20) }
    return bytes
  }

  static let lengthByteCount = 8
}

/// JSON without white space, as bytes.
private struct JSONText {
  var bytes: [UInt8] = []

  mutating func append(_ literal: StaticString) {
    literal.withUTF8Buffer { for byte in $0 { bytes.append(byte) } }
  }

  mutating func append(_ value: Int) {
    bytes.append(contentsOf: ParameterName("").appending(value).utf8)
  }

  mutating func append(_ digest: Digest, of name: ParameterName) {
    append(",\"sha256.")
    bytes.append(contentsOf: name.utf8)
    append("\":\"")
    bytes.append(contentsOf: digest.hex)
    append("\"")
  }

  mutating func append(_ tensor: StoredTensor) {
    append(",\"")
    bytes.append(contentsOf: tensor.name.utf8)
    append("\":{\"dtype\":\"")
    append(tensor.dtype.safetensorsName)
    append("\",\"shape\":[")
    for (axis, extent) in tensor.shape.enumerated() {
      if axis > 0 { append(",") }
      append(extent)
    }
    append("],\"data_offsets\":[")
    append(tensor.byteOffset)
    append(",")
    append(tensor.byteOffset + tensor.byteCount)
    append("]}")
  }
}

/// Writes fields as `"key":"value"` pairs.
package struct FieldEncoder: FieldCodec {
  fileprivate private(set) var json: JSONText
  package let formatVersion: Int
  private var isFirst = true

  fileprivate init(_ json: JSONText, formatVersion: Int = BundleDescription.version) {
    self.json = json
    self.formatVersion = formatVersion
  }

  /// Encodes the fields alone, as written between the braces of `__metadata__`.
  package init(formatVersion: Int) { self.init(JSONText(), formatVersion: formatVersion) }
  package var bytes: [UInt8] { json.bytes }

  package mutating func version(_ key: StaticString) {
    let version = formatVersion
    append(key) { $0.append(version) }
  }

  package mutating func integer(
    _ key: StaticString, _ value: inout Int, _ allowed: ClosedRange<Int>
  ) throws(BundleFault) {
    guard allowed.contains(value) else { throw BundleFault(.fieldValue, at: json.bytes.count) }
    append(key) { $0.append(value) }
  }

  package mutating func optional(
    _ key: StaticString, _ value: inout Int?, _ allowed: ClosedRange<Int>
  ) throws(BundleFault) {
    guard var known = value else { return append(key) { $0.append("none") } }
    try integer(key, &known, allowed)
  }

  package mutating func choice<Choice: FieldChoice>(_ key: StaticString, _ value: inout Choice) {
    append(key) { $0.append(value.fieldValue) }
  }

  package mutating func text(_ key: StaticString, _ value: inout [UInt8]) {
    append(key) { json in
      for byte in value { json.bytes.append(contentsOf: PercentEncoding.encode(byte)) }
    }
  }

  package mutating func forms(_ key: StaticString, _ value: inout [MatrixForm]) {
    append(key) { json in
      for form in value { json.bytes.append(form.letter) }
    }
  }

  package mutating func digest(_ key: StaticString, _ value: inout Digest?) {
    append(key) { json in
      if let known = value { json.bytes.append(contentsOf: known.hex) } else { json.append("-") }
    }
  }

  package mutating func imply<Value: Equatable>(
    _ key: StaticString, _ value: inout Value, _ implied: Value
  ) throws(BundleFault) {
    try require(value == implied, key)
  }

  package mutating func require(_ holds: Bool, _ key: StaticString) throws(BundleFault) {
    guard holds else { throw BundleFault(.fieldsConsistent, at: json.bytes.count) }
  }

  private mutating func append(_ key: StaticString, value: (inout JSONText) -> Void) {
    if !isFirst { json.append(",") }
    isFirst = false
    json.append("\"")
    json.append(key)
    json.append("\":\"")
    value(&json)
    json.append("\"")
  }
}

/// Printable ASCII is written unchanged, except that quote, backslash and percent, like all other bytes, become
/// `%XX`.
enum PercentEncoding {
  static func encode(_ byte: UInt8) -> [UInt8] {
    if isUnescaped(byte) { return [byte] }
    return [percent, upperHex(byte >> 4), upperHex(byte & 15)]
  }

  static func isUnescaped(_ byte: UInt8) -> Bool {
    (0x20...0x7E).contains(byte) && byte != 0x22 && byte != 0x5C && byte != percent
  }

  static let percent: UInt8 = 0x25

  static func upperHex(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x37 + value }

  static func value(ofUpperHex digit: UInt8) -> UInt8? {
    switch digit {
    case 0x30...0x39: digit - 0x30
    case 0x41...0x46: digit - 0x37
    default: nil
    }
  }
}
