internal import Tokenizer

/// A `precompiled_charsmap`: four bytes with the size of a trie, the trie, and the texts that replace its keys. Checked
/// before it becomes part of a table, where it is read as it is.
struct CharacterMapCheck {
  let trie: [UInt8]
  let texts: [UInt8]
  /// The most characters of a key.
  private(set) var longestKey = 0
  private let start: Int

  /// - Parameter start: the offset of the map in the file, for errors.
  init(_ map: [UInt8], at start: Int) throws(TokenizerFileError) {
    self.start = start
    guard map.count > 4 else {
      throw TokenizerFileError(
        .malformed, at: start, expected: "a character map", found: "\(map.count) bytes")
    }
    let size = Int(Self.number(map, 0))
    guard size % 4 == 0, size > 0, size < map.count - 4 else {
      throw TokenizerFileError(
        .malformed, at: start, expected: "a trie of 4 to \(map.count - 5) bytes in the character map",
        found: "\(size)")
    }
    trie = Array(map[4..<4 + size])
    texts = Array(map[(4 + size)...])
    guard texts.last == 0 else {
      throw TokenizerFileError(
        .malformed, at: start, expected: "replacements that end with a 0 byte", found: "another end")
    }
    // Else a text that begins in the middle of another one could be cut inside a character.
    guard String(validating: texts, as: UTF8.self) != nil else {
      throw TokenizerFileError(
        .malformed, at: start + 4 + size, expected: "UTF-8", found: "other bytes in the replacements")
    }
    try walk()
  }

  /// A node is the offset of its children. Nodes are shared: Darts-clone merges equal ends of keys.
  private enum State {
    /// On the path that is being walked.
    case open
    /// The most characters that a key continues with.
    case closed(Int)
  }

  /// Visits every node once. A node that leads back to itself would make keys of any length.
  private mutating func walk() throws(TokenizerFileError) {
    var states: [UInt32: State] = [:]
    let root = Self.child(of: unit(0))
    var stack: [(node: UInt32, isLeaving: Bool)] = [(root, false)]
    while let step = stack.popLast() {
      if step.isLeaving {
        states[step.node] = .closed(try longest(below: step.node, states))
        continue
      }
      guard states[step.node] == nil else { continue }
      states[step.node] = .open
      stack.append((step.node, true))
      for byte in UInt8(1)...255 {
        guard let (next, _) = edge(from: step.node, byte) else { continue }
        if case .open? = states[next] { throw invalid("a trie without cycles") }
        stack.append((next, false))
      }
    }
    guard case .closed(let longest)? = states[root] else { throw invalid("a trie") }
    longestKey = longest
  }

  /// The most characters below a node whose children are closed.
  private func longest(below node: UInt32, _ states: [UInt32: State]) throws(TokenizerFileError) -> Int {
    var longest = 0
    for byte in UInt8(1)...255 {
      guard let (next, hasValue) = edge(from: node, byte) else { continue }
      if hasValue { try checkValue(at: next) }
      guard case .closed(let rest)? = states[next] else { throw invalid("a trie without cycles") }
      longest = max(longest, rest + (byte & 0xC0 == 0x80 ? 0 : 1))
    }
    guard longest <= Int(TableHeader.longestKeyLimit) else {
      throw invalid("keys of at most \(TableHeader.longestKeyLimit) characters")
    }
    return longest
  }

  private func edge(from node: UInt32, _ byte: UInt8) -> (next: UInt32, hasValue: Bool)? {
    let index = node ^ UInt32(byte)
    guard index < UInt32(trie.count / 4) else { return nil }
    let found = unit(Int(index))
    guard found & 0x8000_00FF == UInt32(byte) else { return nil }
    return (index ^ Self.child(of: found), found & 0x100 != 0)
  }

  private func checkValue(at index: UInt32) throws(TokenizerFileError) {
    guard Int(index) < trie.count / 4 else { throw invalid("values inside the trie") }
    let value = Int(unit(Int(index)) & 0x7FFF_FFFF)
    guard value < texts.count else { throw invalid("replacements below \(texts.count)") }
    // A character's second byte cannot begin a text.
    guard texts[value] & 0xC0 != 0x80 else { throw invalid("replacements that begin with a character") }
  }

  private func invalid(_ expected: String) -> TokenizerFileError {
    TokenizerFileError(.malformed, at: start, expected: expected, found: "others in the character map")
  }

  private func unit(_ index: Int) -> UInt32 { Self.number(trie, 4 * index) }

  private static func child(of unit: UInt32) -> UInt32 { (unit >> 10) << ((unit & 0x200) >> 6) }

  private static func number(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << UInt32(8 * $1) }
  }
}
