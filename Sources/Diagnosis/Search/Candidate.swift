/// An explanation that was tried: mistakes, and how close the vectors are before and after.
struct Candidate {
  var mistakes: [Mistake]
  var before: Closeness
  var after: Closeness
  var trial: Trial
  /// Lengths of the given rows against the computed ones.
  var form: VectorForm

  var error: Double { after.meanError }
}

extension [Candidate] {
  /// Best first; among equally good ones fewer mistakes, then the order of the list. A second mistake must shrink the
  /// difference to a third.
  ///
  /// - Parameter floor: differences below it are rounding.
  func ranked(floor: Double) -> [Candidate] {
    func level(_ candidate: Candidate) -> Double {
      Swift.max(candidate.error, floor) * (candidate.mistakes.count > 1 ? 3 : 1)
    }
    return enumerated().sorted {
      let (first, second) = ($0.element, $1.element)
      guard level(first) == level(second) else { return level(first) < level(second) }
      guard first.mistakes.count == second.mistakes.count else {
        return first.mistakes.count < second.mistakes.count
      }
      return $0.offset < $1.offset
    }.map(\.element)
  }
}
