public import Archives
public import BundleFormat
internal import Checkpoints

extension ReadError {
  /// A broken rule of the bundle format as a read error, with an excerpt of the bytes.
  public init(_ fault: BundleFault, in file: MappedFile) {
    let isTooNew = fault.rule == .versionKnown
    self.init(
      isTooNew ? .bundleTooNew : .bundleRuleBroken, at: UInt64(max(fault.byteOffset, 0)),
      expected: isTooNew
        ? "a bundle of version \(BundleDescription.version) or earlier"
        : "\(fault.rule.identifier): \(fault.rule.summary)",
      found: isTooNew ? "version \(fault.version)" : Self.found(fault, file), file: file.path)
  }

  private static func found(_ fault: BundleFault, _ file: MappedFile) -> String? {
    switch fault.rule {
    case .headerLengthPresent, .headerLengthWithinFile, .headerAligned, .fileCovered:
      "a file of \(file.byteCount) bytes"
    case .headerStart, .headerPadding, .metadataSyntax, .versionKnown, .fieldExpected, .fieldValue,
      .fieldEncoding, .fieldsConsistent, .tensorDigest, .entrySyntax, .tensorExpected, .tensorType,
      .tensorShape, .tensorOffsets, .extraTensorAligned, .extraTensorOrder:
      excerpt(of: file, at: fault.byteOffset)
    case .scalarValue, .mergesValid, .tableValid, .digestMatches, .noMinus128, .paddingZero, .valuesFinite,
      .sumsMatch,
      .scaleValue, .exponentRange:
      nil
    }
  }

  /// The text of the header from this offset on.
  private static func excerpt(of file: MappedFile, at offset: Int) -> String? {
    guard offset >= 0, offset < file.byteCount else { return nil }
    let count = min(excerptByteCount, file.byteCount - offset)
    return file.bytes.extracting(offset..<offset + count).withUnsafeBytes { bytes in
      "\(String(decoding: bytes, as: UTF8.self))…"
    }
  }

  private static let excerptByteCount = 40
}
