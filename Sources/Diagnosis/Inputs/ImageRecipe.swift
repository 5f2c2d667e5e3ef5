internal import Architecture

/// How an image file becomes the image tower's input: the model's preprocessing, and what ports do differently.
struct ImageRecipe: Sendable, Equatable {
  var preprocessing: Preprocessing
  /// Nil for the filter and the arithmetic of `preprocessing`.
  var filter: ResizeFilter?
  var framing = Framing.ofPreprocessing
  var alpha = Alpha.ofPreprocessing
  var color = Color.rgb
  /// Whether the camera's rotation is applied.
  var isUpright = false
  /// Whether 16-bit greys are divided by 256 instead of clipped at 255.
  var scalesGrey16 = false
  var scaling: PixelScaling
  var layout = Layout.planes

  init(_ preprocessing: Preprocessing) {
    self.preprocessing = preprocessing
    scaling = PixelScaling(preprocessing)
  }

  /// The part of the image that becomes the square.
  enum Framing: Sendable, Equatable {
    /// `preprocessing.resize`, with its crop.
    case ofPreprocessing
    /// A centred square of the shorter edge is cut before resizing.
    case cropsFirst
    /// The square at the top left is kept after resizing.
    case corner
    /// The image is extended to a square with a colour before resizing.
    case padded(UInt8)
    /// The longer edge is resized to the square, the rest is black.
    case letterbox
  }

  enum Alpha: Sendable, Equatable { case ofPreprocessing, white, black, dropsFirst }

  enum Color: Sendable, Equatable { case rgb, bgr, grey }

  /// The order of the values in memory.
  enum Layout: Sendable, Equatable {
    case planes
    /// Interleaved channels that are read as planes.
    case interleaved
    /// Columns before rows.
    case transposed
    case upsideDown
    case mirrored
    /// Planes in the order blue, green, red, after normalizing.
    case reversedPlanes
  }
}

/// (level / divisor − mean) / deviation, for levels 0 … 255.
struct PixelScaling: Sendable, Equatable {
  var divisor: Float = 255
  var mean: Preprocessing.RGB
  var deviation: Preprocessing.RGB

  init(divisor: Float = 255, mean: Preprocessing.RGB, deviation: Preprocessing.RGB) {
    self.divisor = divisor
    self.mean = mean
    self.deviation = deviation
  }

  init(_ preprocessing: Preprocessing) {
    self.init(mean: preprocessing.mean, deviation: preprocessing.standardDeviation)
  }

  /// Mean and deviation of each channel: red, green, blue.
  var channels: [(mean: Float, deviation: Float)] {
    [(mean.red, deviation.red), (mean.green, deviation.green), (mean.blue, deviation.blue)]
  }

  static let zero = Preprocessing.RGB(0, 0, 0)
  static let half = Preprocessing.RGB(0.5, 0.5, 0.5)
  static let one = Preprocessing.RGB(1, 1, 1)
  static let imageNetMean = Preprocessing.RGB(0.485, 0.456, 0.406)
  static let imageNetDeviation = Preprocessing.RGB(0.229, 0.224, 0.225)
}
