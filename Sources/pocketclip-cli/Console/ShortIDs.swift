import BundleFormat

/// Ids as people compare them: their beginnings. `--json` has them in full.
enum ShortID {
  private static let digitCount = 12

  static func text(_ id: String) -> String { String(id.prefix(digitCount)) }
}

extension SpaceID {
  /// Both towers' ids, image first; `-` for one that is not known.
  var short: String {
    description.split(separator: ".").map { ShortID.text(String($0)) }.joined(separator: ".")
  }
}
