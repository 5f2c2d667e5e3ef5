internal import Archives
internal import SystemPath

/// A format of another program without a reader. It is recognised by content, before the supported formats, so that
/// the error can say what to supply instead.
struct ForeignFormat: Sendable {
  let name: String
  /// How the content identifies it, for docs/CHECKPOINTS.md.
  let detection: String
  /// FILE stands for the file's path.
  let remedy: String
  let recognises: @Sendable (FileProbe) -> Bool

  /// - Throws: `unsupportedFormat` or `notACheckpoint` for a file in such a format.
  static func refuse(_ probe: FileProbe) throws(ReadError) {
    if let format = models.first(where: { $0.recognises(probe) }) { throw format.refusal }
    if let format = others.first(where: { $0.recognises(probe) }) {
      throw ReadError(.notACheckpoint, found: format.name, advice: format.remedy(for: probe.file.path))
    }
  }

  private func remedy(for path: String) -> String {
    remedy.replacing("FILE", with: path.printableEnd(of: 80).shellQuoted)
  }

  /// The error for a format that holds a model.
  var refusal: ReadError { ReadError(.unsupportedFormat, found: name, advice: remedy) }

  static let source = "give the PyTorch, safetensors or ONNX file that it was converted from"

  /// Models of other runtimes.
  static let models: [ForeignFormat] = [
    openVINO, coreML, savedModel, tensorFlowCheckpoint, distributedShard,
    ForeignFormat(
      name: "TensorFlow Lite model", detection: "TFL3 at byte 4", remedy: source,
      recognises: { $0.starts(with: Array("TFL3".utf8), at: 4) }),
    ForeignFormat(
      name: "ONNX Runtime's ORT model", detection: "ORTM at byte 4",
      remedy: "give the .onnx file that it was made from",
      recognises: { $0.starts(with: Array("ORTM".utf8), at: 4) }),
    ForeignFormat(
      name: "ExecuTorch program", detection: "ET and two digits at byte 4", remedy: source,
      recognises: { probe in
        probe.starts(with: Array("ET".utf8), at: 4) && [6, 7].allSatisfy { isDigit(probe.byte($0)) }
      }),
    ForeignFormat(
      name: "TensorRT engine", detection: "ftrt or ptrt at byte 0", remedy: source,
      recognises: { probe in ["ftrt", "ptrt"].contains { probe.starts(with: Array($0.utf8)) } }),
    ForeignFormat(
      name: "PaddlePaddle parameters", detection: "a pickle with the key StructuredToParameterName@@",
      remedy: "give the PyTorch or safetensors checkpoint that they were made from",
      recognises: { $0.byte(0) == 0x80 && $0.contains("StructuredToParameterName@@") }),
  ]

  /// Files of another kind.
  static let others: [ForeignFormat] = [
    vectors, vectorRows,
    ForeignFormat(
      name: "an image", detection: "JPEG, PNG, WebP, GIF, TIFF or BMP",
      remedy: "give images to a bundle: `pocketclip embed -m BUNDLE.pclip FILE`",
      recognises: isImage),
    ForeignFormat(
      name: "a PDF document", detection: "%PDF- at byte 0", remedy: "give the file of weights",
      recognises: { $0.starts(with: Array("%PDF-".utf8)) }),
    ForeignFormat(
      name: "a compressed file", detection: "bzip2, xz, Zstandard, 7-Zip or RAR",
      remedy: "unpack it with bunzip2, unxz, unzstd, 7z or unrar, and give the file of weights in it",
      recognises: isCompressed),
  ]

  private static func isDigit(_ byte: UInt8?) -> Bool { byte.map { (0x30...0x39).contains($0) } ?? false }

  private static let images: [[UInt8]] = [
    [0xFF, 0xD8, 0xFF], [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A], Array("GIF8".utf8),
    [0x49, 0x49, 0x2A, 0], [0x4D, 0x4D, 0, 0x2A],
  ]

  @Sendable private static func isImage(_ probe: FileProbe) -> Bool {
    if images.contains(where: { probe.starts(with: $0) }) { return true }
    if probe.starts(with: Array("RIFF".utf8)), probe.starts(with: Array("WEBP".utf8), at: 8) { return true }
    // The two letters of a bitmap are too common, so the stated size is checked too.
    return probe.starts(with: Array("BM".utf8))
      && probe.integer32(at: 2) == UInt32(clamping: probe.file.byteCount)
  }

  private static let compressed: [[UInt8]] = [
    Array("BZh".utf8), [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], [0x28, 0xB5, 0x2F, 0xFD],
    [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], Array("Rar!".utf8) + [0x1A, 0x07],
  ]

  @Sendable private static func isCompressed(_ probe: FileProbe) -> Bool {
    compressed.contains { probe.starts(with: $0) }
  }
}
