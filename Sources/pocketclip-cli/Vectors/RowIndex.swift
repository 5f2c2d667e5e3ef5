/// Rows by their input. An input that is given several times has several rows.
struct RowIndex {
  private var first: [VectorRow.Kind: [Key: Int32]] = [.image: [:], .text: [:]]
  /// Further rows of the same input, last one first.
  private var further: [VectorRow.Kind: [Key: [Int32]]] = [.image: [:], .text: [:]]

  init(_ entries: [VectorStore.Entry]) {
    for index in entries.indices.reversed() {
      let row = entries[index].row
      let key = Key(row.kind, row.input)
      if let next = first[row.kind]?.updateValue(Int32(clamping: index), forKey: key) {
        further[row.kind]?[key, default: []].append(next)
      }
    }
  }

  /// The next row of an input, which is then taken.
  mutating func take(_ kind: VectorRow.Kind, _ input: String) -> Int? {
    let key = Key(kind, input)
    guard let index = first[kind]?.removeValue(forKey: key) else { return nil }
    if let next = further[kind]?[key]?.popLast() { first[kind]?[key] = next }
    return Int(index)
  }

  /// The rows that were not taken.
  var remaining: [Int] {
    let rows = first.values.flatMap(\.values) + further.values.flatMap { $0.values.joined() }
    return rows.map(Int.init).sorted()
  }

  /// A text, or a path without redundant parts: `./a//b` becomes `a/b`.
  ///
  /// Compared by bytes: composed and decomposed characters, which are equal as strings, name different files and have
  /// different tokens.
  private struct Key: Hashable {
    let text: String

    init(_ kind: VectorRow.Kind, _ input: String) {
      text = kind == .image ? Self.shortened(input) : input
    }

    static func == (first: Key, second: Key) -> Bool { first.text.utf8.elementsEqual(second.text.utf8) }

    func hash(into hasher: inout Hasher) {
      var text = text
      text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }

    private static func shortened(_ path: String) -> String {
      let slash = UInt8(ascii: "/")
      let parts = path.utf8.split(separator: slash, omittingEmptySubsequences: false)
      let root = path.utf8.first == slash ? 1 : 0
      let kept = parts.dropFirst(root).filter { !$0.isEmpty && !$0.elementsEqual(".".utf8) }
      // ./- is a file, - is standard input.
      guard kept.count + root < parts.count,
        kept.count > 1 || root > 0 || kept.first?.elementsEqual("-".utf8) != true
      else { return path }
      return (root > 0 ? "/" : "") + kept.map { String(Substring($0)) }.joined(separator: "/")
    }
  }
}
