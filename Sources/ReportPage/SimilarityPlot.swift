import Verification

/// By how much the cosine of each image and label differs from the reference's.
struct SimilarityPlot {
  private let difference: SimilarityDifference

  init?(_ difference: SimilarityDifference?) {
    guard let difference, !difference.values.isEmpty, !difference.texts.isEmpty else { return nil }
    self.difference = difference
  }

  private static let cell = 18
  private static let left = 220
  private static let top = 150

  /// The largest difference, of which each cell shows a share.
  var most: Double { difference.values.flatMap(\.self).map(abs).max() ?? 0 }

  var svg: String {
    var parts: [String] = []
    for (column, text) in difference.texts.enumerated() {
      let x = Self.left + Self.cell * column + Self.cell / 2
      parts.append(
        "<text transform=\"translate(\(x + 4) \(Self.top - 6)) rotate(-60)\">\(HTML.text(text.end(24)))</text>"
      )
    }
    for (row, values) in difference.values.enumerated() {
      let y = Self.top + Self.cell * row
      let name = difference.images[row].split(separator: "/").last.map(String.init) ?? ""
      parts.append(
        "<text x=\"\(Self.left - 8)\" y=\"\(y + 13)\" text-anchor=\"end\">\(HTML.text(name.end(30)))</text>")
      for (column, value) in values.enumerated() {
        let share = most > 0 ? abs(value) / most : 0
        parts.append(
          "<rect class=\"\(value < 0 ? "one" : "two")\" fill-opacity=\"\(share.digits(2))\" "
            + "x=\"\(Self.left + Self.cell * column)\" y=\"\(y)\" width=\"\(Self.cell - 1)\" "
            + "height=\"\(Self.cell - 1)\"><title>\(value.scientific)</title></rect>")
      }
    }
    let width = Self.left + Self.cell * difference.texts.count + 120
    let height = Self.top + Self.cell * difference.images.count + 4
    return "<svg viewBox=\"0 0 \(width) \(height)\" style=\"width:\(width)px\" role=\"img\" "
      + "aria-label=\"Differences of similarities\">\(parts.joined(separator: "\n"))</svg>"
  }
}

extension String {
  /// The last characters, after an ellipsis if there are more.
  func end(_ count: Int) -> String { self.count <= count ? self : "…" + suffix(count - 1) }
}
