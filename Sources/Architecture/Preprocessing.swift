/// How an image becomes the image tower's input. Two checkpoints with equal shapes can differ here.
public struct Preprocessing: Sendable, Equatable {
  public var resize: ResizeRule
  /// Pixels of the shorter edge after resizing, if larger than the crop; nil means the image tower's size. Only for
  /// `shortest`, and only if colours are converted before resizing.
  public var resizeEdge: Int?
  public var backend: Backend
  public var interpolation: Interpolation
  public var crop: CropRounding
  public var conversion: ColorConversion
  public var alpha: Alpha
  /// Subtracted per channel (R, G, B) after division by 255.
  public var mean: RGB
  /// Divides per channel after the mean is subtracted.
  public var standardDeviation: RGB

  public init(
    resize: ResizeRule, resizeEdge: Int? = nil, backend: Backend = .pillow, interpolation: Interpolation,
    crop: CropRounding, conversion: ColorConversion,
    alpha: Alpha = .drop, mean: RGB, standardDeviation: RGB
  ) {
    self.resize = resize
    self.resizeEdge = resizeEdge
    self.backend = backend
    self.interpolation = interpolation
    self.crop = crop
    self.conversion = conversion
    self.alpha = alpha
    self.mean = mean
    self.standardDeviation = standardDeviation
  }

  public struct RGB: Sendable, Equatable {
    public var red, green, blue: Float

    public init(_ red: Float, _ green: Float, _ blue: Float) {
      self.red = red
      self.green = green
      self.blue = blue
    }
  }

  public enum ResizeRule: UInt8, Sendable, CaseIterable {
    /// The shorter edge becomes the image size (or `resizeEdge`), the longer is truncated in proportion, then the centre is cropped.
    case shortest
    /// Both edges become the image size, which ignores the aspect ratio; nothing is cropped.
    case squash
  }

  /// The library whose arithmetic resizes and normalizes. All three average over the same pixels but round
  /// differently.
  public enum Backend: UInt8, Sendable, CaseIterable {
    /// Pillow: weights of 22 fractional bits. OpenAI, open_clip, and transformers' slow processors.
    case pillow
    /// torchvision, resizing 8-bit tensors in PyTorch's 8-bit kernel: weights of 16 bits. transformers' fast processors.
    case torchvision
    /// torchvision, resizing through FP32, as its releases up to 0.23 do with `bilinear` on AVX-512.
    case torchvisionFloat
  }

  public enum Interpolation: UInt8, Sendable, CaseIterable {
    case bicubic, bilinear
  }

  /// How the centre crop rounds an odd margin.
  public enum CropRounding: UInt8, Sendable, CaseIterable {
    /// Python's `round`, as torchvision does.
    case halfToEven
    /// Rounded down, as transformers does.
    case down
  }

  /// Whether palettes, alpha and CMYK become RGB after resizing (OpenAI, open_clip) or before it (transformers).
  public enum ColorConversion: UInt8, Sendable, CaseIterable {
    case afterResize, beforeResize
  }

  /// How transparency is handled when an image becomes RGB.
  public enum Alpha: UInt8, Sendable, CaseIterable {
    /// Alpha is dropped and colours stay: Pillow's `convert("RGB")`. OpenAI, open_clip, and transformers before 5.21.
    case drop
    /// The image is composited on white before it is resized. transformers from 5.21 on.
    case white
  }

  /// OpenAI's transform (`_transform` in `clip/clip.py`), which all nine models share.
  public static let openAI = Preprocessing(
    resize: .shortest, interpolation: .bicubic, crop: .halfToEven, conversion: .afterResize,
    mean: RGB(0.48145466, 0.4578275, 0.40821073),
    standardDeviation: RGB(0.26862954, 0.26130258, 0.27577711))
}

/// The tokenizer that turns text into the ids that the text tower expects.
public enum TokenizerKind: UInt8, Sendable, CaseIterable {
  /// OpenAI's byte-pair encoding with its 49,408-entry vocabulary.
  case openAI
  /// A table of pieces and text rules (docs/TOKENIZER.md).
  case table
  /// The model has no tokenizer and accepts ids only.
  case none
}
