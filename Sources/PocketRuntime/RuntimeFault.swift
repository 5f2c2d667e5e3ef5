import Architecture
import BundleFormat
import CPocketCLIP

/// What went wrong: the facts alone, small enough to be thrown from anywhere; `message` puts them into words.
enum RuntimeFault: Error {
  // The caller's arguments.
  case null(StaticString)
  case value(StaticString, found: Int, expected: StaticString)
  case range(StaticString, found: Int, allowed: ClosedRange<Int>)
  case beyondAddressSpace(StaticString)
  case capacity(StaticString, found: Int, needed: Int)
  // What this build, this machine or this bundle does not have.
  case arithmeticUnknown(BorrowedText)
  case bf16
  case isaUnknown(BorrowedText)
  case missing(BundlePart)
  case memory(StaticString, byteCount: Int)
  // The file.
  case open(BorrowedText, error: Int32)
  case bundle(BundleFault)
  /// A validated header that does not hold what its own architecture says.
  case inconsistent(byteOffset: Int)
  case selfTest(Tower, index: Int)
  // One item of a batch.
  case pictureEmpty(item: Int, width: Int32, height: Int32)
  case pictureTooLarge(item: Int, width: Int32, height: Int32, limits: SessionLimits)
  case pictureWithoutPixels(item: Int)
  case strideTooSmall(item: Int, found: Int, needed: Int)
  case textWithoutBytes
  case idOutsideVocabulary(item: Int, id: Int, position: Int, vocabularySize: Int)
  case pooledIDMissing(item: Int, id: Int)
  case pixelNotFinite(item: Int)
  case vectorNotFinite(item: Int)

  enum BundlePart {
    case imageTower, textTower, tokenizer
  }

  var code: FaultCode {
    switch self {
    case .null, .value, .range, .beyondAddressSpace, .pictureWithoutPixels, .strideTooSmall,
      .textWithoutBytes:
      .argument
    case .capacity: .buffer
    case .arithmeticUnknown, .bf16, .isaUnknown: .unsupported
    case .missing: .noTower
    case .memory: .memory
    case .open: .open
    case .bundle(let fault): fault.code
    case .inconsistent: .format
    case .selfTest: .selfTest
    case .pictureEmpty, .pictureTooLarge: .imageSize
    case .idOutsideVocabulary, .pooledIDMissing: .tokens
    case .pixelNotFinite, .vectorNotFinite: .notFinite
    }
  }

  /// In the file; 0 where the fault is not about the file.
  var byteOffset: Int {
    switch self {
    case .bundle(let fault): fault.byteOffset
    case .inconsistent(let byteOffset): byteOffset
    default: 0
    }
  }
}

/// A caller's zero-terminated string. Unchecked because a fault is put into words before the call that was given the
/// string returns.
struct BorrowedText: @unchecked Sendable {
  let characters: UnsafePointer<CChar>
}

extension BundleFault {
  fileprivate var code: FaultCode {
    switch rule {
    case .versionKnown: .version
    case .digestMatches, .noMinus128, .paddingZero, .valuesFinite, .sumsMatch, .scaleValue, .exponentRange:
      .content
    default: .format
    }
  }
}

/// The codes of pocketclip.h, which says what each one means.
enum FaultCode: Int32, CaseIterable {
  case argument = 1
  case buffer = 2
  case unsupported = 3
  case noTower = 4
  case memory = 5
  case open = 10
  case format = 11
  case version = 12
  case content = 13
  case selfTest = 14
  case imageSize = 20
  case tokens = 21
  case notFinite = 22

  var name: StaticString {
    switch self {
    case .argument: "PCLIP_E_ARGUMENT"
    case .buffer: "PCLIP_E_BUFFER"
    case .unsupported: "PCLIP_E_UNSUPPORTED"
    case .noTower: "PCLIP_E_NO_TOWER"
    case .memory: "PCLIP_E_MEMORY"
    case .open: "PCLIP_E_OPEN"
    case .format: "PCLIP_E_FORMAT"
    case .version: "PCLIP_E_VERSION"
    case .content: "PCLIP_E_CONTENT"
    case .selfTest: "PCLIP_E_SELFTEST"
    case .imageSize: "PCLIP_E_IMAGE_SIZE"
    case .tokens: "PCLIP_E_TOKENS"
    case .notFinite: "PCLIP_E_NOT_FINITE"
    }
  }
}
