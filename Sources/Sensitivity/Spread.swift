extension Array {
  /// At most `count` elements at even distances. The distance is odd, so that kinds of items that alternate in a list, as in
  /// the built-in set, alternate here too.
  package func spread(_ count: Int) -> [Element] {
    guard count < self.count else { return self }
    let distance = (self.count / count - 1) / 2 * 2 + 1
    return (0..<count).map { self[$0 * distance] }
  }
}
