#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// A separable resize filter that is not the model's: kernel, antialiasing, coordinates, rounding.
struct ResizeFilter: Sendable, Equatable {
  var kernel: Kernel
  /// Whether the kernel widens with the reduction, as in Pillow; OpenCV and PyTorch's `interpolate` do not widen it.
  var isAntialiased = true
  var coordinates = Coordinates.halfPixel
  var rounding = Rounding.eachPass

  enum Kernel: Sendable, Equatable {
    /// The input at the centre of the output (Pillow), or at its corner (OpenCV, PyTorch).
    case nearest, nearestAtCorner
    case box
    /// Exact areas: OpenCV's INTER_AREA.
    case area
    case triangle
    /// −0.5 in Pillow, −0.75 in OpenCV and in PyTorch without antialiasing.
    case cubic(a: Double)
    case hamming
    case lanczos
  }

  enum Coordinates: Sendable, Equatable {
    case halfPixel
    /// The first and last samples of both lengths coincide.
    case alignedCorners
    /// Output i is at input i · scale: TensorFlow 1.
    case asymmetric
  }

  enum Rounding: Sendable, Equatable {
    /// To 8 bits after each of the two passes.
    case eachPass
    /// To 8 bits after both.
    case once
    case never
  }
}

extension ResizeFilter.Kernel {
  /// Input samples on each side at scale 1.
  var support: Double {
    switch self {
    case .nearest, .nearestAtCorner: 0
    case .box, .area: 0.5
    case .triangle, .hamming: 1
    case .cubic: 2
    case .lanczos: 3
    }
  }

  func weight(_ position: Double) -> Double {
    let x = abs(position)
    switch self {
    case .nearest, .nearestAtCorner: return 1
    case .box, .area: return position > -0.5 && position <= 0.5 ? 1 : 0
    case .triangle: return max(0, 1 - x)
    case .cubic(let a):
      if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
    case .hamming:
      if x == 0 { return 1 }
      return x < 1 ? sinc(x) * (0.54 + 0.46 * cos(.pi * x)) : 0
    case .lanczos: return x < 3 ? sinc(x) * sinc(x / 3) : 0
    }
  }

  private func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(.pi * x) / (.pi * x) }
}

/// Input samples of one output and their weights, which sum to 1.
struct ResizeTaps {
  var indices: [Int] = []
  var weights: [Float] = []

  /// - Parameters:
  ///   - input: length of the axis, at least 1.
  ///   - output: its new length.
  init(_ filter: ResizeFilter, from input: Int, to output: Int, at index: Int) {
    let scale = Double(input) / Double(output)
    let centre =
      switch filter.coordinates {
      case .halfPixel: (Double(index) + 0.5) * scale
      case .alignedCorners: Double(index) * Double(input - 1) / Double(max(output - 1, 1)) + 0.5
      case .asymmetric: Double(index) * scale + 0.5
      }
    switch filter.kernel {
    case .nearest: append(Int(centre), 1, input)
    case .nearestAtCorner: append(Int(Double(index) * scale), 1, input)
    case .area:
      let (start, end) = (Double(index) * scale, Double(index + 1) * scale)
      for sample in Int(start)..<max(Int(end.rounded(.up)), Int(start) + 1) {
        append(sample, max(0, min(end, Double(sample + 1)) - max(start, Double(sample))), input)
      }
    case .box, .triangle, .cubic, .hamming, .lanczos:
      // Pillow leaves out samples beyond the edge; OpenCV and PyTorch without antialiasing repeat the edge.
      let stretch = filter.isAntialiased ? max(scale, 1) : 1
      let reach = filter.kernel.support * stretch
      let start = Int((centre - reach + 0.5).rounded(.down))
      let end = Int((centre + reach + 0.5).rounded(.down))
      let samples =
        filter.isAntialiased ? max(start, 0)..<max(min(end, input), max(start, 0)) : start - 1..<end + 1
      for sample in samples {
        append(sample, filter.kernel.weight((Double(sample) - centre + 0.5) * (1 / stretch)), input)
      }
    }
    let sum = weights.reduce(0, +)
    if sum != 0 { weights = weights.map { $0 / sum } }
  }

  private mutating func append(_ index: Int, _ weight: Double, _ count: Int) {
    guard weight != 0 else { return }
    indices.append(min(max(index, 0), count - 1))
    weights.append(Float(weight))
  }
}
