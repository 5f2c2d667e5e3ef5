import BundleFormat

/// The first digits of ids, for text reports. `--json` prints ids in full.
enum ShortID {
  private static let digitCount = 12

  static func text(_ id: String) -> String { String(id.prefix(digitCount)) }
}

extension SpaceID {
  /// Both towers' ids, image first; `-` for an unknown id.
  var short: String {
    description.split(separator: ".").map { ShortID.text(String($0)) }.joined(separator: ".")
  }
}
