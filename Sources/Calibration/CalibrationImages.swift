internal import Verification

/// Rendered scenes: overlapping leaves of many sizes, soft fields, stripes, pages of glyphs, noise. Integers only, so that
/// they are the same on every machine. No kind of image occurs among the probes that measure a bundle.
enum CalibrationImages {
  static let count = 32

  /// The first `count` choose roundings.
  static func numbered(_ range: Range<Int>) -> [ProbeImage] {
    range.map { index in
      let sizes = [(320, 256), (256, 336), (288, 288), (400, 300)]
      let (width, height) = sizes[index / kinds.count % sizes.count]
      var scene = ProbeScene(seed: UInt64(0xC11B_0000 + index), width: width, height: height)
      scene.gradient()
      kinds[index % kinds.count](&scene)
      scene.noise(2 + index % 5)
      return scene.image
    }
  }

  /// Eight kinds, in turn. Leaves with radii by a power law have the statistics of natural images (Lee, Mumford and
  /// Huang, 2001).
  private static let kinds: [@Sendable (inout ProbeScene) -> Void] = [
    { $0.leaves(count: 600, isShaded: false) },
    { $0.leaves(count: 250, isShaded: true) },
    {
      $0.field(amplitude: 300)
      $0.leaves(count: 12, isShaded: true)
    },
    {
      $0.leaves(count: 60, isShaded: true)
      $0.soften(radius: 3)
    },
    {
      $0.stripes()
      $0.leaves(count: 8, isShaded: false)
    },
    { scene in for _ in 0..<14 { scene.glyphs() } },
    {
      $0.leaves(count: 120, isShaded: false)
      $0.soften(radius: 8)
      $0.field(amplitude: 60)
    },
    {
      $0.field(amplitude: 120)
      $0.noise(150)
    },
  ]
}

// What these scenes consist of.
extension ProbeScene {
  private mutating func color() -> [Int] {
    // Half of the colours are nearly grey, as in photographs.
    let grey = random.below(256)
    return random.below(2) == 0
      ? (0..<3).map { _ in grey + random.below(40) - 20 } : (0..<3).map { _ in random.below(256) }
  }

  /// Between the colours of four corners.
  fileprivate mutating func gradient() {
    let corners = (0..<4).map { _ in color() }
    for y in 0..<height {
      for x in 0..<width {
        for channel in 0..<3 {
          let top = corners[0][channel] * (width - x) + corners[1][channel] * x
          let bottom = corners[2][channel] * (width - x) + corners[3][channel] * x
          pixels[3 * (y * width + x) + channel] = (top * (height - y) + bottom * y) / (width * height)
        }
      }
    }
  }

  /// Adds soft noise: white noise, blurred three times.
  fileprivate mutating func field(amplitude: Int) {
    let precision = 64
    var soft = ProbeScene(seed: 0, width: width, height: height)
    soft.random = random
    soft.noise(amplitude * precision)
    let radius = 4 << random.below(4)
    for _ in 0..<3 { soft.soften(radius: radius) }
    // Blurring divides the standard deviation by about 6 · radius: a third of the amplitude remains.
    for index in pixels.indices { pixels[index] += soft.pixels[index] * 2 * radius / precision }
  }

  /// Ellipses, rectangles and triangles on top of each other, small ones more often than large ones.
  fileprivate mutating func leaves(count: Int, isShaded: Bool) {
    for _ in 0..<count { leaf(isShaded: isShaded) }
  }

  private mutating func leaf(isShaded: Bool) {
    let (color, other) = (color(), color())
    let (x, y) = (random.below(width), random.below(height))
    // The number of leaves larger than r falls as 1 / r².
    let rank = 1 + random.below(1 << 16)
    var radius = 3
    while radius < height / 2, radius * radius * rank < 9 << 16 { radius += 1 }
    let (a, b) = (1 + radius * (2 + random.below(5)) / 4, 1 + radius * (2 + random.below(5)) / 4)
    let (kind, stripe) = (random.below(4), random.below(5) == 0 ? 2 + random.below(9) : 0)
    for row in max(0, y - b)..<min(height, y + b) {
      for column in max(0, x - a)..<min(width, x + a) {
        let (dx, dy) = (column - x, row - y)
        let isInside =
          switch kind {
          case 0: true
          case 1: abs(dx) * 2 * b <= a * (dy + b)
          default: dx * dx * b * b + dy * dy * a * a <= a * a * b * b
          }
        guard isInside else { continue }
        let isOther = stripe > 0 && (column + row) / stripe % 2 == 0
        for channel in 0..<3 {
          let flat = isOther ? other[channel] : color[channel]
          let fill = isShaded ? flat + (other[channel] - flat) * (dx * b + dy * a) / (3 * a * b) : flat
          pixels[3 * (row * width + column) + channel] = fill
        }
      }
    }
  }

  /// Replaces each pixel by the mean of a square around it.
  fileprivate mutating func soften(radius: Int) {
    soften(radius: radius, count: width, lines: height, step: 3, lineStep: 3 * width)
    soften(radius: radius, count: height, lines: width, step: 3 * width, lineStep: 3)
  }

  /// Along one axis: means over 2 · radius + 1 values, the border's value beyond it.
  private mutating func soften(radius: Int, count: Int, lines: Int, step: Int, lineStep: Int) {
    for line in 0..<lines {
      for channel in 0..<3 {
        let start = line * lineStep + channel
        let values = (0..<count).map { pixels[start + $0 * step] }
        var sum = (-radius...radius).reduce(0) { $0 + values[min(count - 1, max(0, $1))] }
        for position in 0..<count {
          pixels[start + position * step] = sum / (2 * radius + 1)
          sum += values[min(count - 1, position + radius + 1)] - values[max(0, position - radius)]
        }
      }
    }
  }

  fileprivate mutating func stripes() {
    let (color, other) = (color(), color())
    let (period, slope) = (3 + random.below(30), random.below(7) - 3)
    for y in 0..<height {
      for x in 0..<width {
        let fill = (x * 2 + y * slope + 4 * height) / period % 2 == 0 ? color : other
        for channel in 0..<3 {
          let index = 3 * (y * width + x) + channel
          pixels[index] = (pixels[index] + 3 * fill[channel]) / 4
        }
      }
    }
  }

  /// A line of small marks, like writing.
  fileprivate mutating func glyphs() {
    let color = color()
    let size = 6 + random.below(20)
    let top = random.below(max(1, height - size))
    var left = random.below(width / 4)
    while left + size < width {
      for _ in 0..<3 {
        let (x, y) = (left + random.below(size / 2), top + random.below(size / 2))
        let (w, h) = random.below(2) == 0 ? (size / 2, 1 + size / 8) : (1 + size / 8, size / 2)
        for row in y..<min(height, y + h) {
          for column in x..<min(width, x + w) {
            for channel in 0..<3 { pixels[3 * (row * width + column) + channel] = color[channel] }
          }
        }
      }
      left += random.below(6) == 0 ? 2 * size : size
    }
  }
}
