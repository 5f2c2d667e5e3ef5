import Architecture
import BundleFormat
import CKernels
import CPlatform
import CPocketCLIP

extension RuntimeFault {
  /// One line: what is wrong, where, expected and found, what to do.
  var message: FaultMessage {
    switch self {
    case .null(let name): "\(name) is null"
    case .misaligned(let name): "\(name) is not aligned as its type needs"
    case .overlapping(let name): "\(name) overlaps the input"
    case .sessionInUse: "another call is using the session"
    case .noScale: "scale is NULL, and the bundle has no logit scale: pass one"
    case .value(let name, let found, let expected): "\(name) is \(found), expected \(expected)"
    case .range(let name, let found, let allowed):
      "\(name) is \(found), expected \(allowed.lowerBound) to \(allowed.upperBound)"
    case .beyondAddressSpace(let name): "\(name) is beyond the address space"
    case .capacity(let name, let found, let needed): "\(name) is \(found), needed are \(needed)"
    case .environment(let name, let found, let expected):
      "\(name) is '\(found.characters)', expected \(expected)"
    case .bf16Missing:
      "this processor has no BF16 arithmetic, or not with these kernels; use exact"
    case .bf16Weights: "bf16 arithmetic needs a bundle in FP16: convert with --precision fp16, or use exact"
    case .tilesRefused:
      "the system refuses AMX to this process: open the model before a thread sets a small signal stack, or use avx512vnni"
    case .isaUnknown(let name): isaMessage(name.characters)
    case .missing(.imageTower): "the bundle has no image tower"
    case .missing(.textTower): "the bundle has no text tower"
    case .missing(.tokenizer): "the bundle has no tokenizer; encode ids instead"
    case .memory(let what, let byteCount): "no memory for \(what): \(byteCount) bytes"
    case .open(let path, let error): openMessage(path.characters, error)
    case .bundle(let fault): fault.message
    case .inconsistent: "the bundle does not hold a tensor that its architecture needs"
    case .selfTest(let tower, let index):
      "value \(index) of the \(tower.name) self-test is not within the bundle's tolerance"
    case .imageEmpty(let item, let width, let height):
      "item \(item): an image of \(width) x \(height) pixels"
    case .imageTooLarge(let item, let width, let height, let limits):
      "item \(item): \(width) x \(height) pixels, the session's limits are \(limits.maxWidth) x \(limits.maxHeight)"
    case .imageWithoutPixels(let item): "item \(item): pixels is null"
    case .strideTooSmall(let item, let found, let needed):
      "item \(item): stride is \(found), a row has \(needed) bytes"
    case .textWithoutBytes: "text.bytes is null"
    case .idOutsideVocabulary(let item, let id, let position, let vocabularySize):
      "item \(item): id \(id) at position \(position), expected 0 to \(vocabularySize - 1)"
    case .pooledIDMissing(let item, let id): "item \(item): id \(id), at which the tower pools, is missing"
    case .pixelNotFinite(let item): "item \(item): a pixel is not finite"
    case .vectorNotFinite(let item): "item \(item): the vector is not finite"
    case .vectorZero(let item): "item \(item): the vector is zero"
    }
  }

  private func isaMessage(_ name: UnsafePointer<CChar>) -> FaultMessage {
    var message: FaultMessage = "no kernels '\(name)' on this machine, which has"
    for isa in 0..<UInt32(PK_ISA_COUNT) {
      guard let known = pk_kernels_for(pk_isa(rawValue: isa)) else { continue }
      message.append(" ")
      message.append(known.pointee.name)
    }
    return message
  }

  /// The common values of errno. They are equal on every supported system.
  private func openMessage(_ path: UnsafePointer<CChar>, _ error: Int32) -> FaultMessage {
    switch Int(error) {
    case PF_NOT_A_REGULAR_FILE: "not a regular file: \(path)"
    case PF_TOO_LARGE: "larger than this machine's address space: \(path)"
    case 2: "no such file: \(path)"
    case 13: "permission denied: \(path)"
    default: "cannot be opened (error \(error)): \(path)"
    }
  }
}

extension Tower {
  fileprivate var name: StaticString {
    switch self {
    case .image: "image"
    case .text: "text"
    }
  }
}

extension BundleFault {
  fileprivate var message: FaultMessage {
    switch rule {
    case .headerLengthPresent, .headerStart:
      return "not a bundle: make one from the checkpoint first: pocketclip convert FILE -o NAME.pclip"
    case .versionKnown:
      return
        "a bundle of version \(version); this library reads up to version \(BundleDescription.version): update PocketCLIP"
    case .headerLengthWithinFile, .headerAligned, .headerPadding, .metadataSyntax, .fieldExpected,
      .fieldValue,
      .fieldEncoding, .fieldsConsistent, .tensorDigest, .entrySyntax, .tensorExpected, .tensorType,
      .tensorShape,
      .tensorOffsets, .extraTensorAligned, .fileCovered, .extraTensorOrder, .scalarValue, .mergesValid,
      .tableValid,
      .digestMatches,
      .noMinus128, .paddingZero, .valuesFinite, .sumsMatch, .scaleValue, .exponentRange:
      return damage
    }
  }

  private var damage: FaultMessage {
    var message: FaultMessage = "damaged bundle, byte \(byteOffset): rule B-"
    for divisor: UInt16 in [100, 10, 1] {
      message.append(UInt8(truncatingIfNeeded: rule.rawValue / divisor % 10) + UInt8(ascii: "0"))
    }
    message.append(" requires: ")
    message.append(rule.summary)
    message.append("; convert the checkpoint again")
    return message
  }
}

extension pclip_error {
  mutating func fill(_ fault: RuntimeFault) {
    code = fault.code.rawValue
    offset = UInt64(fault.byteOffset)
    let text = fault.message
    withUnsafeMutableBytes(of: &message) { target in
      for index in 0..<text.count { target[index] = text.bytes[index] }
      target[text.count] = 0
    }
  }
}
