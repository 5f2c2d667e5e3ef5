/// A rule of docs/BUNDLE.md that a file breaks, and where.
public struct BundleFault: Error, Sendable, Equatable {
  public var rule: BundleRule
  /// From the start of the file.
  public var byteOffset: Int
  /// The version that the file states, where the rule is `versionKnown`; otherwise 0.
  public var version: Int

  public init(_ rule: BundleRule, at byteOffset: Int, version: Int = 0) {
    self.rule = rule
    self.byteOffset = byteOffset
    self.version = version
  }
}

/// The rules of the bundle format. Raw values are the numbers in docs/BUNDLE.md and never change.
public enum BundleRule: UInt16, Sendable, CaseIterable {
  // The header.
  case headerLengthPresent = 1
  case headerLengthWithinFile = 2
  case headerAligned = 3
  case headerStart = 4
  case headerPadding = 5
  // Metadata.
  case metadataSyntax = 10
  case versionKnown = 11
  case fieldExpected = 12
  case fieldValue = 13
  case fieldEncoding = 14
  case fieldsConsistent = 15
  case tensorDigest = 16
  // Tensor entries.
  case entrySyntax = 20
  case tensorExpected = 21
  case tensorType = 22
  case tensorShape = 23
  case tensorOffsets = 24
  case extraTensorAligned = 25
  case fileCovered = 26
  case extraTensorOrder = 27
  // Values that the reader computes with.
  case scalarValue = 30
  case mergesValid = 31
  case tableValid = 32
  // Contents, checked on demand.
  case digestMatches = 40
  case noMinus128 = 41
  case paddingZero = 42
  case valuesFinite = 43
  case sumsMatch = 44
  case scaleValue = 45
  case exponentRange = 46

  /// One line that states the rule.
  public var summary: StaticString {
    switch self {
    case .headerLengthPresent: "the file starts with the header's length in 8 bytes"
    case .headerLengthWithinFile: "the header lies within the file and is at most 16 MiB"
    case .headerAligned: "8 + header length is a multiple of 64"
    case .headerStart: "the header starts as that of a bundle"
    case .headerPadding: "fewer than 64 spaces follow the last entry"
    case .metadataSyntax: "metadata are \"key\":\"value\" pairs without white space"
    case .versionKnown: "pclip.version is a version that this reader knows"
    case .fieldExpected: "every field of the version is there, in order, and no other"
    case .fieldValue: "the field's value is one that the format allows"
    case .fieldEncoding: "values are printable ASCII, other characters percent-encoded"
    case .fieldsConsistent:
      "the fields agree: heads divide the width, sizes belong to the towers and forms to the matrices that are there"
    case .tensorDigest: "every tensor has its sha256 field of 64 hex digits, in file order"
    case .entrySyntax: "a tensor's entry is name, dtype, shape and data_offsets without white space"
    case .tensorExpected:
      "every tensor of the architecture is there, in order, and no other but those under x."
    case .tensorType: "the tensor's dtype is the one that its precision demands"
    case .tensorShape: "the tensor's shape is the one that the architecture demands"
    case .tensorOffsets: "the tensor starts where the one before it ends and is as long as its shape says"
    case .extraTensorAligned: "the byte count of a tensor under x. is a multiple of 64"
    case .fileCovered: "the file ends where the last tensor ends"
    case .extraTensorOrder: "names under x. ascend byte by byte, so that none is there twice"
    case .scalarValue:
      "epsilon and deviations are finite and positive, mean, logit scale (at most 88) and bias finite"
    case .mergesValid: "row i of tokenizer.merges holds two ids below 512 + i, the last two rows hold 65535"
    case .tableValid:
      "tokenizer.table has the fields of docs/TOKENIZER.md, no id outside the token table, and the context's length"
    case .digestMatches: "the SHA-256 of the tensor's bytes is the one in the header"
    case .noMinus128: "int8 values lie within -127 and 127"
    case .paddingZero: "padding is zero"
    case .valuesFinite: "floating-point values are finite"
    case .sumsMatch: "sum holds the sum of each output's int8 values"
    case .scaleValue: "scales are not negative"
    case .exponentRange: "exponents lie within -64 and 64"
    }
  }
}

#if !hasFeature(Embedded)
  extension BundleRule {
    /// As in docs/BUNDLE.md: `B-012`.
    public var identifier: String {
      let digits = String(rawValue)
      return "B-" + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    }
  }

  extension BundleFault: CustomStringConvertible {
    public var description: String {
      "rule \(rule.identifier) broken at offset \(byteOffset): \(rule.summary)"
    }
  }
#endif
