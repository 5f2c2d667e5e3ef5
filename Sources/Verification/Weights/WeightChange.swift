internal import Architecture
internal import Models

/// Names what turns a source's tensor into a bundle's wrong one: the usual faults of converters.
enum WeightChange {
  /// - Parameter bound: how far rounding moves a value from what was stored.
  /// - Returns: nil if nothing known explains every value.
  static func name(
    _ mine: [Float], _ source: [Float], _ parameter: Parameter, _ bound: RoundingBound
  ) -> String? {
    let shape = parameter.shape
    func explains(_ value: (Int) -> Float) -> Bool {
      mine.indices.allSatisfy { index in
        let expected = value(index)
        return abs(Double(mine[index]) - Double(expected)) <= bound.limit(at: index, source: expected)
          + 1e-6 * abs(Double(expected))
      }
    }
    for change in changes(of: source, shape) where explains(change.value) { return change.name }
    if let factor = factor(mine, source), explains({ factor * source[$0] }) {
      return "the source's times \(factor)"
    }
    return few(mine, source, shape, bound)
  }

  private typealias Change = (name: String, value: (Int) -> Float)

  private static func changes(of source: [Float], _ shape: [Int]) -> [Change] {
    var changes: [Change] = [
      ("all zero", { _ in 0 }), ("all one", { _ in 1 }), ("negated", { -source[$0] }),
    ]
    let rows = shape.first ?? 1
    let width = source.count / max(1, rows)
    if shape.count == 2, rows > 1, width > 1 {
      // Of a matrix that is not square: stored in the other order, and read in this one.
      changes.append(("transposed", { source[$0 % rows * width + $0 / rows] }))
    }
    if shape.count <= 2, rows.isMultiple(of: 3) { changes += exchangedThirds(of: source) }
    if shape.count == 2, rows > 2 {
      for (name, offset) in [
        ("rows off by one, towards the start", 1), ("rows off by one, towards the end", rows - 1),
      ] {
        changes.append((name, { source[($0 / width + offset) % rows * width + $0 % width] }))
      }
    }
    if shape.count == 4 { changes += kernels(of: source, shape) }
    return changes
  }

  /// Of a fused in-projection.
  private static func exchangedThirds(of source: [Float]) -> [Change] {
    let third = source.count / 3
    return [("queries and keys", 0, 1), ("queries and values", 0, 2), ("keys and values", 1, 2)].map {
      names, one, other in
      (
        "\(names) exchanged",
        { index in
          let (part, place) = (index / third, index % third)
          return source[(part == one ? other : part == other ? one : part) * third + place]
        }
      )
    }
  }

  /// Of a convolution `[output, input, rows, columns]`.
  private static func kernels(of source: [Float], _ shape: [Int]) -> [Change] {
    let (inputs, height, width) = (shape[1], shape[2], shape[3])
    let area = height * width
    var changes: [Change] = []
    if inputs == 3 {
      changes.append(
        (
          "channels in the order blue, green, red",
          { index in
            let (kernel, place) = (index / area, index % area)
            return source[(kernel / 3 * 3 + 2 - kernel % 3) * area + place]
          }
        ))
    }
    guard area > 1 else { return changes }
    changes.append(("kernels turned by 180 degrees", { source[$0 / area * area + area - 1 - $0 % area] }))
    if height == width {
      changes.append(
        (
          "kernels transposed",
          { index in
            let place = index % area
            return source[index - place + place % width * width + place / width]
          }
        ))
    }
    return changes
  }

  /// The factor that brings the source closest.
  private static func factor(_ mine: [Float], _ source: [Float]) -> Float? {
    var (product, square) = (0.0, 0.0)
    for (mine, source) in zip(mine, source) {
      product += Double(mine) * Double(source)
      square += Double(source) * Double(source)
    }
    let factor = Float(product / square)
    return factor.isFinite && factor != 1 ? factor : nil
  }

  /// A few values or rows that differ.
  private static func few(
    _ mine: [Float], _ source: [Float], _ shape: [Int], _ bound: RoundingBound
  ) -> String? {
    let wrong = mine.indices.filter {
      !(abs(Double(mine[$0]) - Double(source[$0])) <= bound.limit(at: $0, source: source[$0]))
    }
    guard let first = wrong.first, let rows = shape.first, rows > 1 else { return nil }
    if wrong.count == 1 { return "one value" }
    let width = source.count / rows
    let count = Set(wrong.map { $0 / width }).count
    guard shape.count > 1, count <= max(1, rows / 20) else { return nil }
    return count == 1 ? "one row" : "\(count) of \(rows) rows, from \(first / width) on"
  }
}
