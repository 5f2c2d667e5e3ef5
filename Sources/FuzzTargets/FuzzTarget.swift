internal import Archives
internal import Checkpoints

/// Feeds arbitrary bytes to the reader that a target is named for. Any outcome but a `ReadError` or a value is a
/// defect; the harness sees it as a crash.
public enum FuzzTarget: String, CaseIterable, Sendable {
  case zip
  case pickle
  case safetensors
  case json
  case checkpoint
  case bundle
  case text
  case picture

  /// Small bounds, so that what would be slow with real ones is found as well.
  private static let limits: Limits = {
    var limits = Limits()
    limits.inflatedMemberBytes = 1 << 24
    limits.pickleStack = 10_000
    limits.pickleMemo = 10_000
    return limits
  }()

  public func run(_ bytes: RawSpan) {
    switch self {
    case .zip: fuzzZip(bytes)
    case .pickle: fuzzPickle(bytes)
    case .safetensors: fuzzSafetensors(bytes)
    case .json: fuzzJSON(bytes)
    case .checkpoint: fuzzCheckpoint(bytes)
    case .bundle: fuzzBundle(bytes)
    case .text: fuzzText(bytes)
    case .picture: fuzzPicture(bytes)
    }
  }

  private func fuzzZip(_ bytes: RawSpan) {
    let file = MappedFile(copying: bytes, path: "fuzz")
    guard let zip = try? ZipArchive(file: file, limits: Self.limits) else { return }
    for entry in zip.entries.prefix(64) { _ = try? zip.checksumMatches(entry) }
  }

  private func fuzzPickle(_ bytes: RawSpan) {
    _ = try? Unpickler.unpickle(bytes, limits: Self.limits)
  }

  private func fuzzSafetensors(_ bytes: RawSpan) {
    _ = try? SafetensorsFile(file: MappedFile(copying: bytes, path: "fuzz"), limits: Self.limits)
  }

  private func fuzzJSON(_ bytes: RawSpan) {
    _ = try? JSONParser.parse(bytes, limits: Self.limits)
  }

  /// Opens and reads every tensor, up to a bound on elements that zero strides could multiply.
  private func fuzzCheckpoint(_ bytes: RawSpan) {
    let file = MappedFile(copying: bytes, path: "/nonexistent/fuzz")
    guard let checkpoint = try? Checkpoint.open(file, limits: Self.limits) else { return }
    for tensor in checkpoint.tensors.prefix(256) where tensor.elementCount <= 1 << 16 {
      _ = try? tensor.floats()
      _ = try? tensor.withRawBytes { $0?.byteCount ?? 0 }
      tensor.releasePages()
    }
  }
}
