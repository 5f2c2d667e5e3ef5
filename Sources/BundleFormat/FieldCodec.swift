public import Architecture

/// Reads, writes or hashes metadata fields, one call per field in the order of the format.
///
/// Floats travel as tensors, so that the reader needs no decimal parser: the header's codecs skip `float`, the
/// identity's codec writes its bits.
protocol FieldCodec {
  mutating func version(_ key: StaticString, _ value: inout Int) throws(BundleFault)
  mutating func integer(_ key: StaticString, _ value: inout Int, _ allowed: ClosedRange<Int>)
    throws(BundleFault)
  /// A decimal integer or `none`.
  mutating func optional(_ key: StaticString, _ value: inout Int?, _ allowed: ClosedRange<Int>)
    throws(BundleFault)
  /// A field that came later: written, and part of an identity, only where it has a value. Its absence means what was so
  /// before there was the field.
  mutating func addition(_ key: StaticString, _ value: inout Int?, _ allowed: ClosedRange<Int>)
    throws(BundleFault)
  mutating func addition<Choice: FieldChoice & Equatable>(
    _ key: StaticString, _ value: inout Choice, absent: Choice
  ) throws(BundleFault)
  mutating func choice<Choice: FieldChoice>(_ key: StaticString, _ value: inout Choice) throws(BundleFault)
  /// Any bytes, percent-encoded.
  mutating func text(_ key: StaticString, _ value: inout [UInt8]) throws(BundleFault)
  /// 64 hex digits or `-`.
  mutating func digest(_ key: StaticString, _ value: inout Digest?) throws(BundleFault)
  mutating func float(_ key: StaticString, _ value: inout Float) throws(BundleFault)
  /// A relation between fields already visited; `key` is the field to blame.
  mutating func require(_ holds: Bool, _ key: StaticString) throws(BundleFault)
}

/// An enumeration that a field spells by name.
protocol FieldChoice: CaseIterable {
  var fieldValue: StaticString { get }
}

extension TowersPresent: FieldChoice {
  var fieldValue: StaticString {
    switch self {
    case .both: "image,text"
    case .image: "image"
    case .text: "text"
    }
  }
}

extension ImageTowerKind: FieldChoice {
  var fieldValue: StaticString {
    switch self {
    case .vit: "vit"
    case .resnet: "resnet"
    }
  }
}

extension TensorLayout: FieldChoice {
  var fieldValue: StaticString {
    switch self {
    case .panel16: "panel16"
    }
  }
}

extension Presence: FieldChoice {
  var fieldValue: StaticString {
    switch self {
    case .absent: "absent"
    case .present: "present"
    }
  }
}

extension Score.Kind: FieldChoice {
  public var fieldValue: StaticString {
    switch self {
    case .softmax: "softmax"
    case .sigmoid: "sigmoid"
    }
  }
}

extension Precision: FieldChoice {
  public var fieldValue: StaticString {
    switch self {
    case .fp32: "fp32"
    case .fp16: "fp16"
    case .int8: "int8"
    }
  }
}

extension ActivationRecipe: FieldChoice {
  var fieldValue: StaticString {
    switch self {
    case .none: "none"
    case .tokenS8: "token_s8"
    case .imageU8: "image_u8"
    }
  }
}

extension Activation: FieldChoice {
  public var fieldValue: StaticString {
    switch self {
    case .quickGELU: "quick_gelu"
    case .gelu: "gelu"
    case .geluTanh: "gelu_tanh"
    }
  }
}

extension TokenizerKind: FieldChoice {
  public var fieldValue: StaticString {
    switch self {
    case .openAI: "openai"
    case .none: "none"
    }
  }
}

extension Preprocessing.ResizeRule: FieldChoice {
  public var fieldValue: StaticString {
    switch self {
    case .shortest: "shortest"
    case .squash: "squash"
    }
  }
}

extension Preprocessing.Backend: FieldChoice {
  public var fieldValue: StaticString {
    switch self {
    case .pillow: "pillow"
    case .torchvision: "torchvision"
    case .torchvisionFloat: "torchvision_float"
    }
  }
}

extension Preprocessing.Interpolation: FieldChoice {
  public var fieldValue: StaticString {
    switch self {
    case .bicubic: "bicubic"
    case .bilinear: "bilinear"
    }
  }
}

extension Preprocessing.CropRounding: FieldChoice {
  public var fieldValue: StaticString {
    switch self {
    case .halfToEven: "half_to_even"
    case .down: "down"
    }
  }
}

extension Preprocessing.ColorConversion: FieldChoice {
  public var fieldValue: StaticString {
    switch self {
    case .afterResize: "after_resize"
    case .beforeResize: "before_resize"
    }
  }
}

extension Preprocessing.Alpha: FieldChoice {
  public var fieldValue: StaticString {
    switch self {
    case .drop: "drop"
    case .white: "white"
    }
  }
}
