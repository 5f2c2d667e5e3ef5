/// The lists of a table that replace characters: the trie of keys, the texts that replace them (each ends with a 0
/// byte), and the user-defined pieces, which are not replaced.
struct CharacterMap: Sendable {
  private let keys: DoubleArray
  private let texts: TableHeader.Section
  private let pieces: DoubleArray
  /// The most scalars that are matched at once.
  let longestKey: Int
  let usesClusters: Bool

  init(_ header: TableHeader) {
    usesClusters = header.mapping == .clusters
    let keepsUserDefined = header.hasUserDefined && !usesClusters
    keys = DoubleArray(header[.mapTrie])
    texts = header[.mapTexts]
    pieces = DoubleArray(keepsUserDefined ? header[.pieces] : TableHeader.Section())
    longestKey = max(Int(header.longestKey), keepsUserDefined ? Int(header.longestPiece) : 0)
  }

  var isEmpty: Bool { longestKey == 0 }

  /// A search for keys and user-defined pieces at once.
  struct Search {
    fileprivate var key: DoubleArray.Search?
    fileprivate var piece: DoubleArray.Search?
    /// The first value on the way, which may be inside a character.
    fileprivate var shortest: UInt32?

    var isOpen: Bool { key != nil || piece != nil }
    /// The position of the text that replaces the scalars so far.
    var text: Int? { key?.value.map { Int($0) } }
    var shortestText: Int? { shortest.map { Int($0) } }
    var isUserDefined: Bool { (piece?.value ?? 0) & TableHeader.userDefined != 0 }
  }

  func search(_ table: RawSpan) -> Search {
    Search(
      key: keys.isEmpty ? nil : keys.search(table), piece: pieces.isEmpty ? nil : pieces.search(table))
  }

  func advance(_ search: inout Search, _ scalar: UInt32, _ table: RawSpan) {
    var bytes = UTF8Bytes(scalar)
    for _ in 0..<bytes.count {
      let byte = bytes.next()
      if var key = search.key {
        search.key = keys.advance(&key, byte, table) ? key : nil
        if search.shortest == nil { search.shortest = search.key?.value }
      }
      if var piece = search.piece { search.piece = pieces.advance(&piece, byte, table) ? piece : nil }
    }
  }

  /// The scalar of a replacement at a position, and the position after it; nil at its end.
  ///
  /// Bytes that are not UTF-8 give U+FFFD, one each.
  func scalar(at position: Int, _ table: RawSpan) -> (value: UInt32, next: Int)? {
    let lead = byte(at: position, table)
    guard lead != 0 else { return nil }
    let length = characterLength(lead)
    guard length > 1 else { return (lead < 0x80 ? UInt32(lead) : replacementCharacter, position + 1) }
    var value = UInt32(lead) & (0xFF >> UInt32(length + 1))
    for index in 1..<length {
      let next = byte(at: position + index, table)
      guard next & 0xC0 == 0x80 else { return (replacementCharacter, position + 1) }
      value = value << 6 | UInt32(next & 0x3F)
    }
    return (value > 0x10FFFF ? replacementCharacter : value, position + length)
  }

  /// 0 outside the texts.
  private func byte(at position: Int, _ table: RawSpan) -> UInt8 {
    guard position >= 0, position < Int(texts.byteCount) else { return 0 }
    return table.byte(at: Int(texts.offset) + position)
  }
}

extension RawSpan {
  /// 0 outside the table.
  func byte(at offset: Int) -> UInt8 {
    guard offset >= 0, offset < byteCount else { return 0 }
    return unsafeLoad(fromByteOffset: offset, as: UInt8.self)
  }
}
