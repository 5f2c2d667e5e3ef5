internal import Archives

/// What the content of a file turns out to be.
enum DetectedContent {
  case torch(ZipArchive)
  case safetensors
  case shardIndex(JSONObject)
  /// Known by name, not read by this version.
  case unsupported(CheckpointFormat)
}

/// Tells formats by their bytes, never by the file's name. The tests are ordered so that each is decisive: a format
/// that starts with a magic number comes before those that need a look at the end or a parse.
struct ContentDetector {
  let file: MappedFile
  let limits: Limits

  /// - Throws: `emptyFile`, `gitLFSPointer`, `htmlPage`, `truncatedFile`, `unknownFormat`, or a zip's or index's own
  ///   error.
  func detect() throws(ReadError) -> DetectedContent {
    guard file.byteCount > 0 else { throw ReadError(.emptyFile) }
    if startsWithZipHeader { return try detectZip() }
    if let format = magicFormat { return .unsupported(format) }
    if looksLikeSafetensors { return .safetensors }
    try refuseText()
    if let index = try shardIndex() { return .shardIndex(index) }
    if let format = structuredFormat { return .unsupported(format) }
    if ZipArchive.hasEndRecord(file.bytes) { return try detectZip() }
    throw ReadError(.unknownFormat, found: startAsShown)
  }

  // MARK: Zip

  /// A local header, or the end record of a zip without members.
  private var startsWithZipHeader: Bool {
    starts(with: [0x50, 0x4B, 0x03, 0x04]) || starts(with: [0x50, 0x4B, 0x05, 0x06])
  }

  private func detectZip() throws(ReadError) -> DetectedContent {
    let zip = try ZipArchive(file: file, limits: limits)
    if TorchArchive.isTorch(zip) { return .torch(zip) }
    let members = zip.entries.filter { !$0.isFolder }
    if !members.isEmpty, members.allSatisfy({ $0.name.hasSuffix(".npy") }) { return .unsupported(.npz) }
    let names = members.prefix(5).map(\.name).joined(separator: ", ")
    throw ReadError(
      .zipMissingMember, expected: "a data.pkl, as PyTorch writes",
      found: names.isEmpty ? "no members" : names)
  }

  // MARK: Magic numbers

  private var magicFormat: CheckpointFormat? {
    if starts(with: Array("GGUF".utf8)) || starts(with: Array("FUGG".utf8)) { return .gguf }
    if starts(with: [0x93] + Array("NUMPY".utf8)) { return .npy }
    if starts(with: [0x1F, 0x8B]) { return .gzip }
    if starts(with: [0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46]) { return .torchLegacy }
    if starts(with: Array("ustar".utf8), at: 257) { return .torchTar }
    let hdf5: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
    if [0, 512, 1024, 2048].contains(where: { starts(with: hdf5, at: $0) }) { return .hdf5 }
    return nil
  }

  /// A header length that is possible at all, then the first byte of a JSON object (or the space that some writers
  /// wrongly put before it).
  private var looksLikeSafetensors: Bool {
    guard file.byteCount > 8 else { return false }
    let bytes = file.bytes
    let length = UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self))
    let first = bytes.unsafeLoad(fromByteOffset: 8, as: UInt8.self)
    return length < 1 << 40 && (first == UInt8(ascii: "{") || (first == UInt8(ascii: " ") && length > 1))
  }

  /// Formats without a magic number, told by their first structure.
  private var structuredFormat: CheckpointFormat? {
    guard let first = byte(0), let second = byte(1), let third = byte(2) else { return nil }
    // PROTO and a protocol number.
    if first == 0x80, (2...5).contains(second) { return .pickle }
    // A MessagePack map whose first key is text: fixmap then fixstr or str8, or map16/map32.
    let keyIndex = first == 0xDE ? 3 : first == 0xDF ? 5 : 1
    if (0x81...0x8F).contains(first) || first == 0xDE || first == 0xDF, let key = byte(keyIndex),
      (0xA1...0xBF).contains(key) || key == 0xD9
    {
      return .flax
    }
    // Protobuf field 1 (ir_version, a small varint), then another of ONNX ModelProto's fields.
    if first == 0x08, (1...20).contains(second), [0x12, 0x1A, 0x22, 0x2A, 0x32, 0x3A, 0x42].contains(third) {
      return .onnx
    }
    return nil
  }

  // MARK: Text in place of weights

  private func refuseText() throws(ReadError) {
    if starts(with: Array("version https://git-lfs".utf8)) {
      throw ReadError(.gitLFSPointer, found: lfsSize.map { "pointer to \($0) bytes" })
    }
    let start = startAsText.lowercased().drop { $0.isWhitespace || $0 == "\u{FEFF}" }
    if ["<!doctype", "<html", "<head", "<?xml"].contains(where: { start.hasPrefix($0) }) {
      throw ReadError(.htmlPage, found: startAsText)
    }
  }

  /// The size that an LFS pointer states.
  private var lfsSize: String? {
    let text = text(upTo: 512)
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("size ") }) else { return nil }
    return String(line.dropFirst("size ".count))
  }

  /// A Hugging Face index: a JSON object with a `weight_map`.
  private func shardIndex() throws(ReadError) -> JSONObject? {
    guard startAsText.first(where: { !$0.isWhitespace }) == "{", contains("\"weight_map\"") else {
      return nil
    }
    let value = try JSONParser.parse(file.bytes, limits: limits)
    guard case .object(let object) = value, object["weight_map"] != nil else { return nil }
    return object
  }

  /// The first bytes, for messages.
  private var startAsText: String { text(upTo: 48) }

  /// The same where it is text; of other bytes the first eight in hex.
  private var startAsShown: String {
    let start = file.bytes.withUnsafeBytes { Array($0.prefix(48)) }
    guard start.allSatisfy({ (0x20..<0x7F).contains($0) || (0x09...0x0D).contains($0) }) else {
      return "starts with the bytes " + start.prefix(8).map(\.hexText).joined(separator: " ")
    }
    return "starts with " + startAsText.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  private func text(upTo count: Int) -> String {
    file.bytes.withUnsafeBytes { String(decoding: $0.prefix(count), as: UTF8.self) }
  }

  /// Spares parsing megabytes of tokenizer to learn that it is no index.
  private func contains(_ text: StaticString) -> Bool {
    file.bytes.withUnsafeBytes { bytes in
      text.withUTF8Buffer { wanted in
        guard let first = wanted.first, bytes.count >= wanted.count else { return false }
        return (0...bytes.count - wanted.count).contains { start in
          bytes[start] == first && bytes[start..<start + wanted.count].elementsEqual(wanted)
        }
      }
    }
  }

  private func byte(_ index: Int) -> UInt8? {
    index < file.byteCount ? file.bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) : nil
  }

  private func starts(with magic: [UInt8], at offset: Int = 0) -> Bool {
    guard offset + magic.count <= file.byteCount else { return false }
    return magic.indices.allSatisfy { byte(offset + $0) == magic[$0] }
  }
}

extension UInt8 {
  /// Two hexadecimal digits.
  fileprivate var hexText: String { (self < 16 ? "0" : "") + String(self, radix: 16) }
}
