/// The valid name that a mistyped one was most likely meant to be.
package enum NearestName {
  /// - Returns: the candidate at the smallest edit distance, letter case ignored, or the only one that begins with
  ///   `name`; nil where none is close. Of equals, the first.
  package static func of(_ name: String, in candidates: some Sequence<String>) -> String? {
    let typed = Array(name.lowercased().unicodeScalars.prefix(maximumLength))
    guard !typed.isEmpty else { return nil }
    let spelled = candidates.map { (name: $0, scalars: Array($0.lowercased().unicodeScalars)) }
    let nearest = spelled.map { (name: $0.name, distance: distance(typed, $0.scalars)) }
      .min { $0.distance < $1.distance }
    if let nearest, nearest.distance <= allowedDistance(typed.count) { return nearest.name }
    let completed = spelled.filter { $0.scalars.starts(with: typed) }
    return completed.count == 1 ? completed[0].name : nil
  }

  /// No name of ours is longer.
  private static let maximumLength = 64

  /// One mistake in three letters.
  private static func allowedDistance(_ length: Int) -> Int { min(max(1, length / 3), 4) }

  /// Insertions, deletions, replacements, and exchanges of neighbours.
  private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    var (beforeLast, last) = ([Int](), Array(0...right.count))
    for row in left.indices {
      var current = [row + 1]
      for column in right.indices {
        let replaced = last[column] + (left[row] == right[column] ? 0 : 1)
        var least = min(last[column + 1] + 1, current[column] + 1, replaced)
        if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
          least = min(least, beforeLast[column - 1] + 1)
        }
        current.append(least)
      }
      (beforeLast, last) = (last, current)
    }
    return last[right.count]
  }
}
