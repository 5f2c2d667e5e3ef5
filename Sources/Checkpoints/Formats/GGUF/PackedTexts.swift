internal import Archives

/// A long array of texts in a GGUF file: each text follows its length.
package struct PackedTexts: Sendable {
  private let bytes: FileSlice
  private let isBigEndian: Bool

  /// Nil if the header has no such array.
  init?(_ header: GGUFHeader, _ key: String, _ file: MappedFile) {
    guard let value = header.metadata[key], let start = value["start"]?.integerValue,
      let end = value["end"]?.integerValue
    else { return nil }
    bytes = FileSlice(file: file, range: start..<end)
    isBigEndian = header.isBigEndian
  }

  /// Whether the array equals these texts, in this order.
  package func equal(_ texts: [String]) -> Bool {
    let bytes = bytes.bytes
    guard var cursor = try? GGUFCursor(bytes, after: 0, isBigEndian: isBigEndian) else { return false }
    for text in texts {
      guard let length = try? cursor.count(of: "bytes of text", leastBytes: 1),
        let found = try? cursor.bytes(length),
        found.withUnsafeBytes({ $0.elementsEqual(text.utf8) })
      else { return false }
    }
    return cursor.remaining == 0
  }
}
