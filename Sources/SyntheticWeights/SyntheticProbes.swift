/// Inputs that can be generated anywhere with the same bits: `Fixtures/golden/probes.py` in Swift.
public enum SyntheticProbes {
  public static let imageCount = 8

  public static let texts: [String] = ProbeText.all.map(\.text)

  /// Start of text, tokens, end of text, zeros: 77 ids for each text.
  public static let tokenIDs: [[Int32]] = ProbeText.all.map { probe in
    probe.ids + [Int32](repeating: 0, count: 77 - probe.ids.count)
  }

  /// Probe `index` as normalised pixels `[3, size, size]`: the same image at every size, except for noise.
  public static func image(_ index: Int, size: Int) -> [Float] {
    var total = [Int64](repeating: 0, count: 3 * size * size)
    for octave in octaves {
      add(octave, named: "image.\(index).octave.\(octave.cells)", size: size, to: &total)
    }
    let noise = CounterStream(name: "image.\(index).noise.\(size)")
    let halvings = Int64(1 + index % 4)
    let unit = Float(sign: .plus, exponent: -pixelBits, significand: 1)
    return total.indices.map { position in
      let value = total[position] + (noise.bell(UInt64(position) + 1) >> halvings)
      return Float(min(max(value, -pixelLimit), pixelLimit)) * unit
    }
  }

  private static let pixelBits = 17
  /// Normalised pixels of real images are between about −1.8 and 2.2.
  private static let pixelLimit: Int64 = 2 << 17

  /// Cells along an edge, and how often the amplitude is halved.
  private struct Octave {
    var cells: Int
    var halvings: Int64
  }

  /// Colour cast and gradient first, detail last.
  private static let octaves = [
    Octave(cells: 1, halvings: 0), Octave(cells: 3, halvings: 0), Octave(cells: 7, halvings: 1),
    Octave(cells: 15, halvings: 2),
  ]

  /// Bilinear interpolation of a lattice of (cells + 1)² bell integers × 3 per channel.
  private static func add(_ octave: Octave, named name: String, size: Int, to total: inout [Int64]) {
    let stream = CounterStream(name: name)
    let points = octave.cells + 1
    let lattice = (1...3 * points * points).map { 3 * stream.bell(UInt64($0)) }
    let positions = (0..<size).map { $0 * octave.cells * 256 / size }
    for channel in 0..<3 {
      for (y, row) in positions.enumerated() {
        let above = (channel * points + row >> 8) * points
        let down = Int64(row & 255)
        for (x, column) in positions.enumerated() {
          let cell = above + column >> 8
          let right = Int64(column & 255)
          let first = lattice[cell] * (256 - down) + lattice[cell + points] * down
          let second = lattice[cell + 1] * (256 - down) + lattice[cell + 1 + points] * down
          total[(channel * size + y) * size + x] +=
            ((first * (256 - right) + second * right) >> 16) >> octave.halvings
        }
      }
    }
  }
}
