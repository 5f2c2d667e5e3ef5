/// One image while it is drawn, in integers only.
package struct ProbeScene {
  package let width, height: Int
  package var random: ProbeRandom
  /// Red, green and blue of each pixel, not yet limited to 0 … 255.
  package var pixels: [Int]

  /// Black.
  package init(seed: UInt64, width: Int, height: Int) {
    random = ProbeRandom(seed: seed)
    self.width = width
    self.height = height
    pixels = [Int](repeating: 0, count: 3 * width * height)
  }

  package var image: ProbeImage {
    ProbeImage(
      width: width, height: height, pixels: pixels.map { UInt8(truncatingIfNeeded: min(255, max(0, $0))) })
  }

  /// Sets every value from its column, row and channel, and from what it was.
  private mutating func set(_ value: (_ x: Int, _ y: Int, _ channel: Int, _ old: Int) -> Int) {
    var index = 0
    for y in 0..<height {
      for x in 0..<width {
        for channel in 0..<3 {
          pixels[index] = value(x, y, channel, pixels[index])
          index += 1
        }
      }
    }
  }
}

// Colours and positions.
extension ProbeScene {
  mutating func color() -> [Int] { (0..<3).map { _ in random.below(256) } }

  /// Half of these colours are nearly grey, and few are pure, as in photographs.
  mutating func muted() -> [Int] {
    let grey = 20 + random.below(216)
    let spread = random.below(2) == 0 ? 20 : 90
    return (0..<3).map { _ in min(255, max(0, grey + random.within(spread))) }
  }

  mutating func point() -> (x: Int, y: Int) { (random.below(width), random.below(height)) }
}

// Backgrounds and textures.
extension ProbeScene {
  mutating func fill(_ color: [Int]) { set { _, _, channel, _ in color[channel] } }

  package mutating func noise(_ amplitude: Int) {
    for index in pixels.indices { pixels[index] += random.within(amplitude) }
  }

  /// From one colour to another, in a random direction.
  mutating func slope(_ from: [Int], _ to: [Int]) {
    let (dx, dy) = (random.within(4), 1 + random.below(4))
    let (first, span) = (min(0, dx * width), abs(dx) * width + dy * height)
    set { x, y, channel, _ in
      from[channel] + (to[channel] - from[channel]) * (x * dx + y * dy - first) / span
    }
  }

  mutating func checkerboard(_ color: [Int], _ other: [Int], size: Int) {
    set { x, y, channel, _ in (x / size + y / size) % 2 == 0 ? color[channel] : other[channel] }
  }

  /// Circles that get narrower outwards.
  mutating func rings(_ color: [Int], _ other: [Int], period: Int) {
    let center = point()
    set { x, y, channel, _ in
      let phase = squaredDistance((x, y), center) / period % 512
      return color[channel] + (other[channel] - color[channel]) * min(phase, 511 - phase) / 255
    }
  }

  mutating func bricks(_ color: [Int], _ mortar: [Int], width brickWidth: Int, height brickHeight: Int) {
    let shades = (0..<4096).map { _ in random.within(30) }
    let (wide, high) = (max(3, brickWidth), max(3, brickHeight))
    set { x, y, channel, _ in
      let (row, along) = (y / high, x + y / high % 2 * wide / 2)
      let isMortar = y % high < 2 || along % wide < 2
      return isMortar ? mortar[channel] : color[channel] + shades[(row * 61 + along / wide) % shades.count]
    }
  }

  /// Each pixel has the colour of the nearest of `count` points.
  mutating func regions(count: Int) {
    let points = (0..<count).map { _ in point() }
    let colors = points.map { _ in color() }
    for y in 0..<height {
      for x in 0..<width {
        var (nearest, least) = (0, Int.max)
        for (index, point) in points.enumerated() {
          let distance = squaredDistance((x, y), point)
          if distance < least { (nearest, least) = (index, distance) }
        }
        for channel in 0..<3 { pixels[3 * (y * width + x) + channel] = colors[nearest][channel] }
      }
    }
  }
}

// Shapes.
extension ProbeScene {
  /// - Parameter opacity: in eighths.
  mutating func disc(_ color: [Int], at center: (x: Int, y: Int), radius: Int, opacity: Int = 8) {
    for y in max(0, center.y - radius)..<min(height, center.y + radius + 1) {
      for x in max(0, center.x - radius)..<min(width, center.x + radius + 1) {
        guard squaredDistance((x, y), center) <= radius * radius else { continue }
        for channel in 0..<3 {
          let index = 3 * (y * width + x) + channel
          pixels[index] = (pixels[index] * (8 - opacity) + color[channel] * opacity) / 8
        }
      }
    }
  }

  /// A light that fades outwards.
  mutating func glow(_ color: [Int]) {
    let center = point()
    let radius = height / 4 + random.below(height)
    let square = radius * radius
    set { x, y, channel, old in
      let fraction = max(0, square - squaredDistance((x, y), center))
      return old + (color[channel] - old) * fraction / square
    }
  }

  /// A horizon of hills; what is below it has `color`.
  mutating func ridge(_ color: [Int], at top: Int, amplitude: Int) {
    var line = [Int](repeating: 0, count: 513)
    line[0] = top + random.within(amplitude)
    line[512] = top + random.within(amplitude)
    var (step, height) = (512, amplitude)
    while step > 1 {
      for x in stride(from: step / 2, to: 512, by: step) {
        line[x] = (line[x - step / 2] + line[x + step / 2]) / 2 + random.within(height)
      }
      (step, height) = (step / 2, height / 2)
    }
    let columns = (0..<width).map { line[$0 * 512 / width] }
    set { x, y, channel, old in y < columns[x] ? old : color[channel] }
  }
}

// Plasma: midpoint displacement on a square of 513 points.
extension ProbeScene {
  /// Adds a different field to each channel.
  ///
  /// - Parameter roughness: amplitude of each level relative to the one before it, in sixteenths.
  mutating func plasma(amplitude: Int, roughness: Int) {
    let fields = (0..<3).map { _ in field(amplitude, roughness) }
    set { x, y, channel, old in old + fields[channel][y % Self.side * Self.side + x % Self.side] }
  }

  /// Adds the same field to all channels.
  mutating func greyPlasma(amplitude: Int, roughness: Int) {
    let field = field(amplitude, roughness)
    set { x, y, _, old in old + field[y % Self.side * Self.side + x % Self.side] }
  }

  private static let side = 513

  private mutating func field(_ amplitude: Int, _ roughness: Int) -> [Int] {
    let side = Self.side
    var field = [Int](repeating: 0, count: side * side)
    for corner in [0, side - 1, side * (side - 1), side * side - 1] {
      field[corner] = random.within(amplitude)
    }
    var (step, height) = (side - 1, amplitude)
    while step > 1 {
      let half = step / 2
      for y in stride(from: half, to: side, by: step) {
        for x in stride(from: half, to: side, by: step) {
          let (above, below) = ((y - half) * side + x, (y + half) * side + x)
          let sum = field[above - half] + field[above + half] + field[below - half] + field[below + half]
          field[y * side + x] = sum / 4 + random.within(height)
        }
      }
      for y in stride(from: 0, to: side, by: half) {
        for x in stride(from: y / half % 2 == 0 ? half : 0, to: side, by: step) {
          // Beyond a border the field is mirrored.
          let (left, right) = (x < half ? x + half : x - half, x + half < side ? x + half : x - half)
          let (above, below) = (y < half ? y + half : y - half, y + half < side ? y + half : y - half)
          let sum =
            field[y * side + left] + field[y * side + right] + field[above * side + x]
            + field[below * side + x]
          field[y * side + x] = sum / 4 + random.within(height)
        }
      }
      (step, height) = (half, height * roughness / 16)
    }
    return field
  }
}

private func squaredDistance(_ a: (x: Int, y: Int), _ b: (x: Int, y: Int)) -> Int {
  (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y)
}
