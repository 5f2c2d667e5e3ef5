public import Architecture

/// Reads or writes a header's metadata fields, one call per field in the order of the format.
///
/// Floats are stored as tensors, so that the reader needs no decimal parser.
package protocol FieldCodec {
  /// The version of the format that is read or written. The first field, `version`, sets it.
  var formatVersion: Int { get }
  mutating func version(_ key: StaticString) throws(BundleFault)
  mutating func integer(_ key: StaticString, _ value: inout Int, _ allowed: ClosedRange<Int>)
    throws(BundleFault)
  /// A decimal integer or `none`.
  mutating func optional(_ key: StaticString, _ value: inout Int?, _ allowed: ClosedRange<Int>)
    throws(BundleFault)
  mutating func choice<Choice: FieldChoice>(_ key: StaticString, _ value: inout Choice) throws(BundleFault)
  /// Any bytes, percent-encoded.
  mutating func text(_ key: StaticString, _ value: inout [UInt8]) throws(BundleFault)
  /// A letter per matrix.
  mutating func forms(_ key: StaticString, _ value: inout [MatrixForm]) throws(BundleFault)
  /// 64 hex digits or `-`.
  mutating func digest(_ key: StaticString, _ value: inout Digest?) throws(BundleFault)
  /// Handles a field that this version of the format does not have: a reader uses the implied value; a writer rejects
  /// any other value.
  mutating func imply<Value: Equatable>(_ key: StaticString, _ value: inout Value, _ implied: Value)
    throws(BundleFault)
  /// Requires a relation between fields already visited. An error reports the field `key`.
  mutating func require(_ holds: Bool, _ key: StaticString) throws(BundleFault)
}

extension FieldCodec {
  /// `yes` or `no`.
  package mutating func flag(_ key: StaticString, _ value: inout Bool) throws(BundleFault) {
    var field = YesNo(value)
    try choice(key, &field)
    value = field == .yes
  }
}

/// A truth value as a field spells it.
package enum YesNo: UInt8, CaseIterable, FieldChoice {
  case yes, no

  init(_ value: Bool) { self = value ? .yes : .no }

  package var fieldValue: StaticString {
    switch self {
    case .yes: "yes"
    case .no: "no"
    }
  }
}

/// Fields added after version 1. Older files do not have them and mean `implied`; an identity has no line for that
/// value (`IdentityLines`).
extension FieldCodec {
  package mutating func choice<Choice: FieldChoice & Equatable>(
    _ key: StaticString, _ value: inout Choice, since version: Int, implied: Choice
  ) throws(BundleFault) {
    if formatVersion >= version { try choice(key, &value) } else { try imply(key, &value, implied) }
  }

  package mutating func optional(
    _ key: StaticString, _ value: inout Int?, _ allowed: ClosedRange<Int>, since version: Int, implied: Int?
  ) throws(BundleFault) {
    if formatVersion >= version {
      try optional(key, &value, allowed)
    } else {
      try imply(key, &value, implied)
    }
  }
}

/// An enumeration that a field spells by name.
package protocol FieldChoice: CaseIterable {
  var fieldValue: StaticString { get }
}

extension TowersPresent: FieldChoice {
  package var fieldValue: StaticString {
    switch self {
    case .both: "image,text"
    case .image: "image"
    case .text: "text"
    }
  }
}

extension ImageTowerKind: FieldChoice {
  package var fieldValue: StaticString {
    switch self {
    case .vit: "vit"
    case .resnet: "resnet"
    }
  }
}

extension PatchTrunk.PrefixTokens: FieldChoice {
  package var fieldValue: StaticString {
    switch self {
    case .none: "none"
    case .classToken: "class_token"
    }
  }
}

extension PatchPoolKind: FieldChoice {
  package var fieldValue: StaticString {
    switch self {
    case .classToken: "class_token"
    case .probe: "probe"
    }
  }
}

extension TextPoolingKind: FieldChoice {
  package var fieldValue: StaticString {
    switch self {
    case .highestID: "highest_id"
    case .firstID: "first_id"
    case .last: "last"
    }
  }
}

extension TensorLayout: FieldChoice {
  package var fieldValue: StaticString {
    switch self {
    case .panel16: "panel16"
    }
  }
}

extension ScoreField: FieldChoice {
  package var fieldValue: StaticString {
    switch self {
    case .none: "none"
    case .softmax: "softmax"
    case .sigmoid: "sigmoid"
    }
  }
}

extension Precision: FieldChoice {
  package var fieldValue: StaticString {
    switch self {
    case .fp32: "fp32"
    case .fp16: "fp16"
    case .int8: "int8"
    }
  }
}

extension ActivationRecipe: FieldChoice {
  package var fieldValue: StaticString {
    switch self {
    case .none: "none"
    case .tokenU8: "token_u8"
    case .imageU8: "image_u8"
    }
  }
}

extension Activation: FieldChoice {
  package var fieldValue: StaticString {
    switch self {
    case .quickGELU: "quick_gelu"
    case .gelu: "gelu"
    case .geluTanh: "gelu_tanh"
    }
  }
}

extension TokenizerKind: FieldChoice {
  package var fieldValue: StaticString {
    switch self {
    case .openAI: "openai"
    case .table: "table"
    case .none: "none"
    }
  }
}

extension Preprocessing.ResizeRule: FieldChoice {
  package var fieldValue: StaticString {
    switch self {
    case .shortest: "shortest"
    case .squash: "squash"
    }
  }
}

extension Preprocessing.Backend: FieldChoice {
  package var fieldValue: StaticString {
    switch self {
    case .pillow: "pillow"
    case .torchvision: "torchvision"
    case .torchvisionFloat: "torchvision_float"
    }
  }
}

extension Preprocessing.Interpolation: FieldChoice {
  package var fieldValue: StaticString {
    switch self {
    case .bicubic: "bicubic"
    case .bilinear: "bilinear"
    }
  }
}

extension Preprocessing.CropRounding: FieldChoice {
  package var fieldValue: StaticString {
    switch self {
    case .halfToEven: "half_to_even"
    case .down: "down"
    }
  }
}

extension Preprocessing.ColorConversion: FieldChoice {
  package var fieldValue: StaticString {
    switch self {
    case .afterResize: "after_resize"
    case .beforeResize: "before_resize"
    }
  }
}

extension Preprocessing.Alpha: FieldChoice {
  package var fieldValue: StaticString {
    switch self {
    case .drop: "drop"
    case .white: "white"
    }
  }
}
