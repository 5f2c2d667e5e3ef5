internal import Archives

/// Formats that are recognised so that the refusal can name them; nothing reads them.
extension CheckpointFormat {
  static let pickle = CheckpointFormat(
    "pickle", name: "Python pickle", detection: "pickle protocol mark without torch's magic number",
    origin: "pickle.dump, joblib",
    recognises: { probe in probe.byte(0) == 0x80 && (2...5).contains(probe.byte(1) ?? 0) }, reader: nil)

  static let gzip = CheckpointFormat(
    "gzip", name: "gzip", detection: "\\x1f\\x8b at byte 0",
    origin: "a compressed file or tarball: unpack it first",
    recognises: { $0.starts(with: [0x1F, 0x8B]) }, reader: nil)
}
