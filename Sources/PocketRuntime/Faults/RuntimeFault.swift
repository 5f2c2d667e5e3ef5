import Architecture
import BundleFormat
import CPocketCLIP

/// The facts of an error, small enough to throw from anywhere. `message` formats them as text.
enum RuntimeFault: Error {
  // The caller's arguments.
  case null(StaticString)
  case misaligned(StaticString)
  case overlapping(StaticString)
  case sessionInUse
  case noScale
  case value(StaticString, found: Int, expected: StaticString)
  case range(StaticString, found: Int, allowed: ClosedRange<Int>)
  case beyondAddressSpace(StaticString)
  case capacity(StaticString, found: Int, needed: Int)
  case environment(StaticString, found: BorrowedText, expected: StaticString)
  // Missing features of this build, machine or bundle.
  case bf16Missing
  case bf16Weights
  case tilesRefused
  case isaUnknown(BorrowedText)
  case missing(BundlePart)
  case memory(StaticString, byteCount: Int)
  // The file.
  case open(BorrowedText, error: Int32)
  case bundle(BundleFault)
  /// A validated header that does not hold a tensor of its own architecture.
  case inconsistent(byteOffset: Int)
  case selfTest(Tower, index: Int)
  // One item of a batch.
  case imageEmpty(item: Int, width: Int32, height: Int32)
  case imageTooLarge(item: Int, width: Int32, height: Int32, limits: SessionLimits)
  case imageWithoutPixels(item: Int)
  case strideTooSmall(item: Int, found: Int, needed: Int)
  case textWithoutBytes
  case idOutsideVocabulary(item: Int, id: Int, position: Int, vocabularySize: Int)
  case pooledIDMissing(item: Int, id: Int)
  case pixelNotFinite(item: Int)
  case vectorNotFinite(item: Int)
  case vectorZero(item: Int)

  enum BundlePart {
    case imageTower, textTower, tokenizer
  }

  var code: FaultCode {
    switch self {
    case .null, .misaligned, .overlapping, .sessionInUse, .noScale, .value, .range, .beyondAddressSpace,
      .environment,
      .imageWithoutPixels, .strideTooSmall, .textWithoutBytes:
      FaultCode(PCLIP_E_ARGUMENT)
    case .capacity: FaultCode(PCLIP_E_BUFFER)
    case .bf16Missing, .bf16Weights, .tilesRefused, .isaUnknown: FaultCode(PCLIP_E_UNSUPPORTED)
    case .missing: FaultCode(PCLIP_E_NO_TOWER)
    case .memory: FaultCode(PCLIP_E_MEMORY)
    case .open: FaultCode(PCLIP_E_OPEN)
    case .bundle(let fault): fault.code
    case .inconsistent: FaultCode(PCLIP_E_FORMAT)
    case .selfTest: FaultCode(PCLIP_E_SELFTEST)
    case .imageEmpty, .imageTooLarge: FaultCode(PCLIP_E_IMAGE_SIZE)
    case .idOutsideVocabulary, .pooledIDMissing: FaultCode(PCLIP_E_TOKENS)
    case .pixelNotFinite, .vectorNotFinite, .vectorZero: FaultCode(PCLIP_E_NOT_FINITE)
    }
  }

  /// Offset in the file; 0 if the fault does not concern the file.
  var byteOffset: Int {
    switch self {
    case .bundle(let fault): fault.byteOffset
    case .inconsistent(let byteOffset): byteOffset
    case .null, .misaligned, .overlapping, .sessionInUse, .noScale, .value, .range, .beyondAddressSpace,
      .capacity,
      .environment, .bf16Missing, .bf16Weights, .tilesRefused, .isaUnknown, .missing, .memory, .open,
      .selfTest,
      .imageEmpty,
      .imageTooLarge, .imageWithoutPixels, .strideTooSmall, .textWithoutBytes, .idOutsideVocabulary,
      .pooledIDMissing, .pixelNotFinite, .vectorNotFinite, .vectorZero:
      0
    }
  }
}

/// A caller's zero-terminated string. Unchecked because the fault is formatted before the call that received the
/// string returns.
struct BorrowedText: @unchecked Sendable {
  let characters: UnsafePointer<CChar>
}

extension BundleFault {
  fileprivate var code: FaultCode {
    switch rule {
    case .versionKnown: FaultCode(PCLIP_E_VERSION)
    case .digestMatches, .noMinus128, .paddingZero, .valuesFinite, .sumsMatch, .scaleValue, .exponentRange:
      FaultCode(PCLIP_E_CONTENT)
    case .headerLengthPresent, .headerLengthWithinFile, .headerAligned, .headerStart, .headerPadding,
      .metadataSyntax, .fieldExpected, .fieldValue, .fieldEncoding, .fieldsConsistent, .tensorDigest,
      .entrySyntax,
      .tensorExpected, .tensorType, .tensorShape, .tensorOffsets, .extraTensorAligned, .fileCovered,
      .extraTensorOrder, .scalarValue, .mergesValid, .tableValid:
      FaultCode(PCLIP_E_FORMAT)
    }
  }
}

/// One of the codes of pocketclip.h, which documents them.
struct FaultCode {
  let rawValue: Int32

  init(rawValue: Int32) { self.rawValue = rawValue }

  init(_ constant: Int) { self.init(rawValue: Int32(constant)) }

  var name: StaticString {
    switch Int(rawValue) {
    case PCLIP_OK: "PCLIP_OK"
    case PCLIP_E_ARGUMENT: "PCLIP_E_ARGUMENT"
    case PCLIP_E_BUFFER: "PCLIP_E_BUFFER"
    case PCLIP_E_UNSUPPORTED: "PCLIP_E_UNSUPPORTED"
    case PCLIP_E_NO_TOWER: "PCLIP_E_NO_TOWER"
    case PCLIP_E_MEMORY: "PCLIP_E_MEMORY"
    case PCLIP_E_OPEN: "PCLIP_E_OPEN"
    case PCLIP_E_FORMAT: "PCLIP_E_FORMAT"
    case PCLIP_E_VERSION: "PCLIP_E_VERSION"
    case PCLIP_E_CONTENT: "PCLIP_E_CONTENT"
    case PCLIP_E_SELFTEST: "PCLIP_E_SELFTEST"
    case PCLIP_E_IMAGE_SIZE: "PCLIP_E_IMAGE_SIZE"
    case PCLIP_E_TOKENS: "PCLIP_E_TOKENS"
    case PCLIP_E_NOT_FINITE: "PCLIP_E_NOT_FINITE"
    default: "unknown"
    }
  }
}
