import Architecture
import TensorTypes

/// A cursor over the header's JSON subset: fixed keys, no white space, no escapes.
package struct HeaderDecoder {
  let bytes: [UInt8]
  private(set) var description = BundleDescription()
  private(set) var tensors: [StoredTensor] = []
  private(set) var digests: [Digest] = []
  private var digestNames: [ArraySlice<UInt8>] = []
  private var lastExtra: ArraySlice<UInt8> = []
  private var position = HeaderEncoder.lengthByteCount
  private var isFirstField = true
  private let latestVersion: Int
  private(set) package var formatVersion = 0

  init(bytes: [UInt8]) {
    self.bytes = bytes
    latestVersion = BundleDescription.version
  }

  /// Decodes the fields alone, as `FieldEncoder` writes them.
  package init(fields: [UInt8], latestVersion: Int) {
    bytes = fields
    position = 0
    self.latestVersion = latestVersion
  }

  mutating func decodeMetadata() throws(BundleFault) {
    try expect("{\"__metadata__\":{", .headerStart)
    var fields = BundleDescription()
    try fields.visitHeaderFields(&self)
    description = fields
    while skip(",") { try decodeDigest() }
    try expect("}", .metadataSyntax)
  }

  private mutating func decodeDigest() throws(BundleFault) {
    try expect("\"sha256.", .fieldExpected)
    digestNames.append(try quotedRest(.metadataSyntax))
    try expect(":\"", .metadataSyntax)
    let start = position
    guard let digest = Digest(hex: try quotedRest(.metadataSyntax)) else {
      throw BundleFault(.tensorDigest, at: start)
    }
    digests.append(digest)
  }
}

// Tensor entries.
extension HeaderDecoder {
  mutating func decodeTensors(
    _ layout: BundleLayout, dataStart: Int, fileByteCount: Int
  ) throws(BundleFault) {
    guard layout.formsFit else { throw BundleFault(.fieldsConsistent, at: position) }
    var dataOffset = 0
    let available = fileByteCount - dataStart
    for expected in layout.tensors {
      while isAtExtra { try decodeExtra(&dataOffset, dataStart, available) }
      try decodeEntry(expected, &dataOffset, dataStart, available)
    }
    while isAtExtra { try decodeExtra(&dataOffset, dataStart, available) }
    guard !isAt(",") else { throw BundleFault(.tensorExpected, at: position) }
    try expect("}", .entrySyntax)
    guard digests.count == tensors.count else { throw BundleFault(.tensorDigest, at: position) }
    try expectPadding()
    guard dataOffset == available else { throw BundleFault(.fileCovered, at: dataStart + dataOffset) }
  }

  private mutating func decodeEntry(
    _ expected: StoredTensor, _ dataOffset: inout Int, _ dataStart: Int, _ available: Int
  ) throws(BundleFault) {
    let start = position
    guard skip(",\"") else { throw BundleFault(.tensorExpected, at: start) }
    guard try quotedRest(.entrySyntax).elementsEqual(expected.name.utf8) else {
      throw BundleFault(.tensorExpected, at: start)
    }
    try checkDigestName(expected.name.utf8[...], at: start)
    try expect(":{\"dtype\":\"", .entrySyntax)
    let typeStart = position
    guard skip(quoted: expected.dtype.safetensorsName) else {
      _ = try quotedRest(.entrySyntax)
      throw BundleFault(.tensorType, at: typeStart)
    }
    try expect(",\"shape\":[", .entrySyntax)
    let shapeStart = position
    guard try integers() == expected.shape else { throw BundleFault(.tensorShape, at: shapeStart) }
    try expectOffsets(expected.byteCount, &dataOffset, available)
    var tensor = expected
    tensor.byteOffset = dataStart + dataOffset - expected.byteCount
    tensors.append(tensor)
  }

  private var isAtExtra: Bool { isAt(",\"x.") }

  /// An optional tensor. Its shape and type are not checked, its offset and length are.
  private mutating func decodeExtra(
    _ dataOffset: inout Int, _ dataStart: Int, _ available: Int
  ) throws(BundleFault) {
    let start = position
    try expect(",\"", .entrySyntax)
    let name = try quotedRest(.entrySyntax)
    guard lastExtra.lexicographicallyPrecedes(name) else { throw BundleFault(.extraTensorOrder, at: start) }
    lastExtra = name
    try checkDigestName(name, at: start)
    try expect(":{\"dtype\":\"", .entrySyntax)
    let type = Array(try quotedRest(.entrySyntax))
    guard let dtype = DType(safetensorsName: type.span) else { throw BundleFault(.tensorType, at: start) }
    try expect(",\"shape\":[", .entrySyntax)
    let shape = try integers()
    guard let count = elementCount(of: shape), count <= available else {
      throw BundleFault(.tensorShape, at: start)
    }
    let byteCount = count * dtype.byteWidth
    guard byteCount % BundleLayout.alignment == 0 else { throw BundleFault(.extraTensorAligned, at: start) }
    try expectOffsets(byteCount, &dataOffset, available)
    tensors.append(
      StoredTensor(
        name: ParameterName(utf8: Array(name)), dtype: dtype, shape: shape, content: .extra, parameter: nil,
        byteOffset: dataStart + dataOffset - byteCount, byteCount: byteCount))
  }

  private mutating func expectOffsets(
    _ byteCount: Int, _ dataOffset: inout Int, _ available: Int
  ) throws(BundleFault) {
    try expect("],\"data_offsets\":[", .entrySyntax)
    let start = position
    let offsets = try integers()
    guard offsets.count == 2, offsets[0] == dataOffset, offsets[1] >= dataOffset,
      offsets[1] - dataOffset == byteCount
    else { throw BundleFault(.tensorOffsets, at: start) }
    guard offsets[1] <= available else { throw BundleFault(.fileCovered, at: start) }
    dataOffset = offsets[1]
    try expect("]}", .entrySyntax)
  }

  private func checkDigestName(_ name: ArraySlice<UInt8>, at offset: Int) throws(BundleFault) {
    let index = tensors.count
    guard index < digestNames.count, digestNames[index].elementsEqual(name) else {
      throw BundleFault(.tensorDigest, at: offset)
    }
  }

  private mutating func expectPadding() throws(BundleFault) {
    guard bytes.count - position < BundleLayout.alignment else {
      throw BundleFault(.headerPadding, at: position)
    }
    for index in position..<bytes.count where bytes[index] != 0x20 {
      throw BundleFault(.headerPadding, at: index)
    }
  }
}

// The grammar's terminals.
extension HeaderDecoder {
  private func isAt(_ literal: StaticString) -> Bool {
    literal.withUTF8Buffer { expected in
      guard expected.count <= bytes.count - position else { return false }
      for index in 0..<expected.count where bytes[position + index] != expected[index] { return false }
      return true
    }
  }

  @inline(never)
  private mutating func skip(_ literal: StaticString) -> Bool {
    guard isAt(literal) else { return false }
    position += literal.utf8CodeUnitCount
    return true
  }

  /// Reads the literal and the quote after it.
  @inline(never)
  private mutating func skip(quoted literal: StaticString) -> Bool {
    let start = position
    if skip(literal), skip("\"") { return true }
    position = start
    return false
  }

  @inline(never)
  private mutating func expect(_ literal: StaticString, _ rule: BundleRule) throws(BundleFault) {
    guard skip(literal) else { throw BundleFault(rule, at: position) }
  }

  /// Reads the bytes before the next quote, and the quote.
  private mutating func quotedRest(_ rule: BundleRule) throws(BundleFault) -> ArraySlice<UInt8> {
    let start = position
    while position < bytes.count, bytes[position] != 0x22 {
      guard (0x20...0x7E).contains(bytes[position]), bytes[position] != 0x5C else {
        throw BundleFault(.fieldEncoding, at: position)
      }
      position += 1
    }
    guard position < bytes.count else { throw BundleFault(rule, at: position) }
    position += 1
    return bytes[start..<position - 1]
  }

  /// Reads a decimal integer without sign or leading zero.
  private mutating func integer(_ rule: BundleRule) throws(BundleFault) -> Int {
    let start = position
    var value = 0
    while position < bytes.count, (0x30...0x39).contains(bytes[position]) {
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) = product.addingReportingOverflow(Int(bytes[position] - 0x30))
      guard !overflow, !carry else { throw BundleFault(rule, at: start) }
      value = sum
      position += 1
    }
    let digits = position - start
    guard digits > 0, digits == 1 || bytes[start] != 0x30 else { throw BundleFault(rule, at: start) }
    return value
  }

  /// Reads `1,2,3` up to the closing bracket, which is not consumed.
  private mutating func integers() throws(BundleFault) -> [Int] {
    var values: [Int] = []
    guard !isAt("]") else { return values }
    repeat {
      guard values.count < HeaderDecoder.maximumRank else { throw BundleFault(.tensorShape, at: position) }
      values.append(try integer(.entrySyntax))
    } while skip(",")
    return values
  }

  private static let maximumRank = 8
}

extension HeaderDecoder: FieldCodec {
  private mutating func beginField(_ key: StaticString) throws(BundleFault) {
    if !isFirstField { try expect(",", .fieldExpected) }
    isFirstField = false
    let start = position
    guard skip("\""), skip(key), skip("\":\"") else { throw BundleFault(.fieldExpected, at: start) }
  }

  package mutating func version(_ key: StaticString) throws(BundleFault) {
    try beginField(key)
    let start = position
    formatVersion = try integer(.fieldValue)
    guard formatVersion >= 1 else { throw BundleFault(.fieldValue, at: start) }
    guard formatVersion <= latestVersion else {
      throw BundleFault(.versionKnown, at: start, version: formatVersion)
    }
    try expect("\"", .fieldValue)
  }

  package mutating func integer(
    _ key: StaticString, _ value: inout Int, _ allowed: ClosedRange<Int>
  ) throws(BundleFault) {
    try beginField(key)
    try integerValue(&value, allowed)
  }

  private mutating func integerValue(_ value: inout Int, _ allowed: ClosedRange<Int>) throws(BundleFault) {
    let start = position
    value = try integer(.fieldValue)
    guard allowed.contains(value) else { throw BundleFault(.fieldValue, at: start) }
    try expect("\"", .fieldValue)
  }

  package mutating func optional(
    _ key: StaticString, _ value: inout Int?, _ allowed: ClosedRange<Int>
  ) throws(BundleFault) {
    try beginField(key)
    if skip("none\"") {
      value = nil
      return
    }
    var known = 0
    try integerValue(&known, allowed)
    value = known
  }

  package mutating func choice<Choice: FieldChoice>(
    _ key: StaticString, _ value: inout Choice
  ) throws(BundleFault) {
    try beginField(key)
    try choiceValue(&value)
  }

  private mutating func choiceValue<Choice: FieldChoice>(_ value: inout Choice) throws(BundleFault) {
    let start = position
    for candidate in Choice.allCases where skip(quoted: candidate.fieldValue) {
      value = candidate
      return
    }
    _ = try quotedRest(.fieldValue)
    throw BundleFault(.fieldValue, at: start)
  }

  package mutating func text(_ key: StaticString, _ value: inout [UInt8]) throws(BundleFault) {
    try beginField(key)
    let start = position
    let encoded = try quotedRest(.fieldValue)
    value = []
    var index = encoded.startIndex
    while index < encoded.endIndex {
      let byte = encoded[index]
      if byte == PercentEncoding.percent {
        guard encoded.endIndex - index > 2,
          let high = PercentEncoding.value(ofUpperHex: encoded[index + 1]),
          let low = PercentEncoding.value(ofUpperHex: encoded[index + 2]),
          !PercentEncoding.isUnescaped(high << 4 | low)
        else { throw BundleFault(.fieldEncoding, at: start) }
        value.append(high << 4 | low)
        index += 3
      } else {
        value.append(byte)
        index += 1
      }
    }
  }

  package mutating func forms(_ key: StaticString, _ value: inout [MatrixForm]) throws(BundleFault) {
    try beginField(key)
    let start = position
    value = []
    for letter in try quotedRest(.fieldValue) {
      guard let form = MatrixForm(letter: letter) else { throw BundleFault(.fieldValue, at: start) }
      value.append(form)
    }
  }

  package mutating func digest(_ key: StaticString, _ value: inout Digest?) throws(BundleFault) {
    try beginField(key)
    let start = position
    if skip("-\"") {
      value = nil
      return
    }
    guard let known = Digest(hex: try quotedRest(.fieldValue)) else {
      throw BundleFault(.fieldValue, at: start)
    }
    value = known
  }

  package mutating func imply<Value: Equatable>(_ key: StaticString, _ value: inout Value, _ implied: Value) {
    value = implied
  }

  package mutating func require(_ holds: Bool, _ key: StaticString) throws(BundleFault) {
    guard holds else { throw BundleFault(.fieldsConsistent, at: position) }
  }
}
