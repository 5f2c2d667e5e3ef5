internal import CTextTables

/// Replaces characters by the character map of a table.
///
/// sentencepiece keeps the longest user-defined piece at each position as it is, else it replaces the longest key of the
/// map. tokenizers replaces a grapheme cluster below six bytes by the text of the shortest key that it begins with, and
/// the rest of the cluster is lost; else it replaces each character for itself.
struct MappedText<Source: ScalarSource & ~Escapable>: ~Escapable {
  private var source: Source
  private let map: CharacterMap
  /// A scalar in front of the source.
  private var written: TextScalar?
  /// The rest of the replacement that is being returned, by its position in the map's texts; nil outside one.
  private var replacement: Int?
  /// Scalars of a user-defined piece that are still to be returned.
  private var keptCount = 0
  /// Scalars of a cluster that are still to be replaced one by one.
  private var singleCount = 0
  private var offset = 0

  @_lifetime(copy source)
  init(_ source: Source, _ map: CharacterMap, after written: TextScalar?) {
    self.source = source
    self.map = map
    self.written = written
  }

  /// A scalar, and whether it is the first of a replacement or of a user-defined piece.
  struct Mapped {
    var scalar: TextScalar
    var startsChunk: Bool
  }

  @_lifetime(self: copy self)
  @inline(never)
  mutating func next(_ table: RawSpan) -> Mapped? {
    if let scalar = nextOfReplacement(table) { return Mapped(scalar: scalar, startsChunk: false) }
    if keptCount > 0, let scalar = source.next() {
      keptCount -= 1
      return Mapped(scalar: scalar, startsChunk: false)
    }
    while true {
      guard let first = written ?? source.next() else { return nil }
      written = nil
      guard !map.isEmpty, let here = match(first.value, table) else {
        return Mapped(scalar: first, startsChunk: true)
      }
      guard let text = here.text else {
        keptCount = here.scalars - 1
        return Mapped(scalar: first, startsChunk: true)
      }
      for _ in 1..<here.scalars { _ = source.next() }
      replacement = text
      offset = first.offset
      if let scalar = nextOfReplacement(table) { return Mapped(scalar: scalar, startsChunk: true) }
    }
  }

  @_lifetime(self: copy self)
  private mutating func nextOfReplacement(_ table: RawSpan) -> TextScalar? {
    guard let position = replacement else { return nil }
    guard let (value, next) = map.scalar(at: position, table) else {
      replacement = nil
      return nil
    }
    replacement = next
    return TextScalar(value: value, offset: offset)
  }

  private struct Match {
    /// Position of the replacement; nil for a user-defined piece.
    var text: Int?
    var scalars: Int
  }

  /// The match that begins with `first`, which was just read.
  @_lifetime(self: copy self)
  private mutating func match(_ first: UInt32, _ table: RawSpan) -> Match? {
    guard map.usesClusters else { return longestMatch(first, table) }
    if singleCount > 0 {
      singleCount -= 1
    } else {
      let cluster = cluster(first)
      if cluster.isShort, let text = shortestKey(first, cluster.scalars, table) {
        return Match(text: text, scalars: cluster.scalars)
      }
      singleCount = cluster.scalars - 1
    }
    return shortestKey(first, 1, table).map { Match(text: $0, scalars: 1) }
  }

  /// The cluster that begins with `first`.
  private func cluster(_ first: UInt32) -> (scalars: Int, isShort: Bool) {
    var ahead = source
    var last = first
    var (scalars, bytes) = (1, UTF8Bytes(first).count)
    while let scalar = ahead.next(), ct_joins_cluster(last, scalar.value) {
      last = scalar.value
      scalars += 1
      bytes += UTF8Bytes(last).count
    }
    return (scalars, bytes < 6)
  }

  /// The text of the shortest key that the next `scalars` begin with.
  private func shortestKey(_ first: UInt32, _ scalars: Int, _ table: RawSpan) -> Int? {
    var ahead = source
    var search = map.search(table)
    var next: UInt32? = first
    for _ in 0..<scalars {
      guard let scalar = next else { return nil }
      map.advance(&search, scalar, table)
      if let text = search.shortestText { return text }
      next = search.isOpen && scalars > 1 ? ahead.next()?.value : nil
    }
    return nil
  }

  /// The longest match that begins with `first`, which was just read.
  private func longestMatch(_ first: UInt32, _ table: RawSpan) -> Match? {
    var search = map.search(table)
    map.advance(&search, first, table)
    guard search.isOpen else { return nil }
    var ahead = source
    var kept: Int?
    var replaced: Match?
    var count = 1
    while true {
      if search.isUserDefined { kept = count }
      if let text = search.text { replaced = Match(text: text, scalars: count) }
      guard search.isOpen, count < map.longestKey, let scalar = ahead.next() else { break }
      map.advance(&search, scalar.value, table)
      count += 1
    }
    if let kept { return Match(text: nil, scalars: kept) }
    return replaced
  }

  /// The offset of the first scalar; nil if the text is empty. Afterwards the text is used up.
  @_lifetime(self: copy self)
  mutating func firstOffset() -> Int? { source.next()?.offset }
}
