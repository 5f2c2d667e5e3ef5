internal import Archives
internal import SystemPath

/// Formats without a reader. They are recognised to name them in the error.
extension CheckpointFormat {
  static let pickle = CheckpointFormat(
    "pickle", name: "Python pickle", detection: "pickle protocol mark without torch's magic number",
    origin: "pickle.dump, joblib",
    recognises: { probe in probe.byte(0) == 0x80 && (2...5).contains(probe.byte(1) ?? 0) }, reader: nil)

  static let gzip = CheckpointFormat(
    "gzip", name: "gzip", detection: "\\x1f\\x8b at byte 0",
    origin: "a compressed file or tarball: unpack it first",
    recognises: { $0.starts(with: [0x1F, 0x8B]) }, refusal: gzipContent, remedy: gzipRemedy)

  /// The first member of a tarball. For other files only that they are compressed.
  @Sendable private static func gzipContent(_ probe: FileProbe) -> String {
    tarStart(probe).map { "a tar archive that begins with \($0)" } ?? "one compressed file"
  }

  @Sendable private static func gzipRemedy(_ probe: FileProbe) -> String {
    let name = Folder.lastComponent(of: probe.file.path).printable(80).shellQuoted
    return tarStart(probe) == nil
      ? "unpack it with `gunzip -k \(name)`, and give the result"
      : "unpack it with `tar -xzf \(name)`, and give the file of weights in it"
  }

  private static func tarStart(_ probe: FileProbe) -> String? {
    let file = probe.file
    let start = Inflate.beginning(ofGzip: file.bytes, count: 512)
    guard start.count == 512, start[257..<262].elementsEqual("ustar".utf8) else { return nil }
    return String(decoding: start.prefix(100).prefix { $0 != 0 }, as: UTF8.self)
  }
}
