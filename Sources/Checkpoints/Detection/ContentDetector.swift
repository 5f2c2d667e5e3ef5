internal import Archives

/// The detected content of a file.
enum DetectedContent {
  case checkpoint(CheckpointFormat, FileProbe)
  case shardIndex(JSONObject)
}

/// Detects formats from the bytes. The file's name is ignored.
struct ContentDetector {
  let file: MappedFile
  let limits: Limits

  /// - Throws: `emptyFile`, `gitLFSPointer`, `htmlPage`, `notACheckpoint`, `checkpointInArchive`,
  ///   `unsupportedFormat`, `truncatedFile`, `unknownFormat`, or an error of a zip or an index.
  func detect() throws(ReadError) -> DetectedContent {
    guard file.byteCount > 0 else { throw ReadError(.emptyFile) }
    limits.admit(file)
    let probe = FileProbe(file, limits: limits)
    try ForeignFormat.refuse(probe)
    if let content = try match(probe) { return content }
    try refuseMarkup()
    if let index = try shardIndex() { return .shardIndex(index) }
    if try probe.takeForZipWithPrefix(), let content = try match(probe) { return content }
    try refuseText(probe)
    if let refusal = ForeignFormat.openVINOWeights(probe) { throw refusal }
    throw ReadError(.unknownFormat, found: startAsShown)
  }

  /// The first row of the table that recognises the content.
  private func match(_ probe: FileProbe) throws(ReadError) -> DetectedContent? {
    for format in CheckpointFormat.all where try format.recognises(probe) {
      return .checkpoint(format, probe)
    }
    guard let zip = try probe.zip() else { return nil }
    try ForeignArchive(zip: zip, path: file.path).refuse()
  }

  // MARK: Text instead of weights

  private func refuseMarkup() throws(ReadError) {
    if starts(with: Array("version https://git-lfs".utf8)) {
      throw ReadError(.gitLFSPointer, found: lfsTarget)
    }
    let start = startAsText.lowercased().drop { $0.isWhitespace || $0 == "\u{FEFF}" }
    if ["<!doctype", "<html", "<head", "<?xml"].contains(where: { start.hasPrefix($0) }) {
      throw ReadError(.htmlPage, found: startAsText)
    }
  }

  /// Rejects code, a README, a configuration.
  private func refuseText(_ probe: FileProbe) throws(ReadError) {
    guard probe.isText else { return }
    let isJSON = startAsText.first { !$0.isWhitespace } == "{"
    throw ReadError(
      .notACheckpoint, found: "a \(isJSON ? "JSON" : "text") file that \(startAsShown)",
      advice: isJSON
        ? "give the file of weights beside it, or the folder of both" : ReadError(.notACheckpoint).hint)
  }

  /// What an LFS pointer points to: `a pointer to 1710.5 MB, model.safetensors of openai/clip-vit-large-patch14`.
  private var lfsTarget: String {
    let lines = text(upTo: 512).split(separator: "\n")
    func field(_ name: String) -> String? {
      lines.first { $0.hasPrefix(name) }.map { String($0.dropFirst(name.count)) }
    }
    let size = field("size ").flatMap(Int.init).map { " to \($0 / 1_000_000).\($0 / 100_000 % 10) MB" } ?? ""
    let name = field("oid sha256:").map { PublishedFile.name(ofSHA256: $0) ?? "not a file that we know" }
    return "a pointer\(size)\(name.map { ", \($0)" } ?? "")"
  }

  /// A Hugging Face index: a JSON object with a `weight_map`.
  private func shardIndex() throws(ReadError) -> JSONObject? {
    guard startAsText.first(where: { !$0.isWhitespace }) == "{", file.byteCount <= limits.jsonBytes,
      FileProbe(file, limits: limits).contains("\"weight_map\"")
    else { return nil }
    let value = try JSONParser.parse(file.bytes, limits: limits)
    guard case .object(let object) = value, object["weight_map"] != nil else { return nil }
    return object
  }

  /// The first bytes, for messages.
  private var startAsText: String { text(upTo: 48) }

  /// The first bytes as text if they are text, otherwise the first eight in hex.
  private var startAsShown: String {
    guard FileProbe(file, limits: limits).isText else {
      let start = file.bytes.withUnsafeBytes { Array($0.prefix(8)) }
      return "starts with the bytes " + start.map(\.hexText).joined(separator: " ")
    }
    return "starts with " + startAsText.split(whereSeparator: \.isWhitespace).joined(separator: " ")
  }

  private func text(upTo count: Int) -> String {
    file.bytes.withUnsafeBytes { String(decoding: $0.prefix(count), as: UTF8.self) }
  }

  private func starts(with magic: [UInt8]) -> Bool {
    file.bytes.withUnsafeBytes { $0.starts(with: magic) }
  }
}

extension UInt8 {
  /// Two hexadecimal digits.
  fileprivate var hexText: String { (self < 16 ? "0" : "") + String(self, radix: 16) }
}
