internal import Archives
internal import Checkpoints

/// Passes arbitrary bytes to a reader. Any outcome except a `ReadError` or a value is a defect, which the harness
/// sees as a crash.
public struct FuzzTarget: Sendable {
  /// The spelling in `Scripts/check/fuzz.sh` and `Fixtures/corpus`.
  public let name: String
  private let body: @Sendable (RawSpan) -> Void

  init(_ name: String, _ body: @escaping @Sendable (RawSpan) -> Void) {
    self.name = name
    self.body = body
  }

  /// Parsers that formats share, user input and output text, and each supported format.
  public static let all =
    [
      FuzzTarget("zip", fuzzZip), FuzzTarget("pickle", fuzzPickle), FuzzTarget("json", fuzzJSON),
      FuzzTarget("text", fuzzText), FuzzTarget("image", fuzzImage),
      FuzzTarget("tokenizer-file", fuzzTokenizerFile), FuzzTarget("tokenizer-table", fuzzTable),
      FuzzTarget("tokenizer-text", fuzzTableText),
      FuzzTarget("checkpoint") { bytes in fuzzCheckpoint(bytes, as: nil) },
    ]
    + CheckpointFormat.all.filter(\.isReadable).map { format in
      FuzzTarget(format.identifier) { bytes in
        if format == .bundle { fuzzBundle(bytes) } else { fuzzCheckpoint(bytes, as: format) }
      }
    }

  public init?(name: String) {
    guard let target = Self.all.first(where: { $0.name == name }) else { return nil }
    self = target
  }

  public func run(_ bytes: RawSpan) { body(bytes) }
}

/// Small bounds, so that inputs that would be slow with real bounds are found too.
private let limits: Limits = {
  var limits = Limits()
  limits.inflatedMemberBytes = 1 << 24
  limits.pickleStack = 10_000
  limits.pickleMemo = 10_000
  return limits
}()

@Sendable private func fuzzZip(_ bytes: RawSpan) {
  let file = MappedFile(copying: bytes, path: "fuzz")
  guard let zip = try? ZipArchive(file: file, limits: limits) else { return }
  for entry in zip.entries.prefix(64) { _ = try? zip.checksumMatches(entry) }
}

@Sendable private func fuzzPickle(_ bytes: RawSpan) {
  _ = try? Unpickler.unpickle(bytes, limits: limits)
}

@Sendable private func fuzzJSON(_ bytes: RawSpan) {
  _ = try? JSONParser.parse(bytes, limits: limits)
}

/// Opens the file and reads every tensor, up to a bound on elements that zero strides could multiply.
@Sendable private func fuzzCheckpoint(_ bytes: RawSpan, as format: CheckpointFormat?) {
  let file = MappedFile(copying: bytes, path: "/nonexistent/fuzz")
  guard let checkpoint = try? Checkpoint.open(file, taking: Selection(format: format), limits: limits) else {
    return
  }
  for tensor in checkpoint.tensors.prefix(256) where tensor.elementCount <= 1 << 16 {
    _ = try? tensor.floats()
    _ = try? tensor.withRawBytes { $0?.byteCount ?? 0 }
    tensor.releasePages()
  }
}
