/// The text attributes of an object.
struct HDF5Attributes {
  /// In file order.
  private(set) var texts: [(name: String, value: String)] = []

  /// The most bytes of an attribute's value. Longer ones (a model's complete configuration) are ignored.
  private static let textLimit = 4096

  /// Ignores attributes of other types than a single text. Invalid attributes are errors.
  init(_ header: HDF5ObjectHeader, _ heaps: HDF5GlobalHeaps, limits: Limits) throws(ReadError) {
    for message in header.all(.attribute) where !message.isShared {
      guard let text = try Self.text(message.body, heaps, limits) else { continue }
      try limits.requireFewMarks(text.name + text.value, at: message.body.offset)
      texts.append(text)
    }
  }

  subscript(name: String) -> String? { texts.first { $0.name == name }?.value }

  private static func text(
    _ message: HDF5Cursor, _ heaps: HDF5GlobalHeaps, _ limits: Limits
  ) throws(ReadError) -> (name: String, value: String)? {
    var cursor = message
    let version = try cursor.version(1...3, of: "attribute")
    let flags = try cursor.small(1)
    let (nameCount, typeCount, spaceCount) = (
      try cursor.small(2), try cursor.small(2), try cursor.small(2)
    )
    if version == 3 { try cursor.skip(1) }
    // Version 1 pads each field to a multiple of 8 bytes.
    func padded(_ count: Int) -> Int { version == 1 ? (count + 7) / 8 * 8 : count }
    var nameField = try cursor.part(padded(nameCount))
    let typeField = try cursor.part(padded(typeCount))
    let spaceField = try cursor.part(padded(spaceCount))
    // A shared type is stored elsewhere. No relevant text has one.
    guard version == 1 || flags & 3 == 0 else { return nil }
    let name = try text(nameField.bytes(nameCount))
    let type = try HDF5DataType(typeField)
    guard try HDF5Dataspace(spaceField, limits: limits).shape == [] else { return nil }
    switch type {
    case .fixedText(let count):
      return count <= textLimit ? (name, try text(cursor.bytes(count))) : nil
    case .variableText:
      let count = try cursor.small(4)
      guard count <= textLimit else { return nil }
      // Many attributes can reference one object.
      try limits.charge(count, for: "texts of HDF5 attributes", at: message.offset)
      let value = try heaps.object(
        at: try cursor.address(), index: try cursor.small(4), byteCount: count)
      return (name, text(value))
    case .number, .opaque, .other: return nil
    }
  }

  /// Up to the first zero.
  private static func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}

/// The collections that hold values of variable length, each read once.
final class HDF5GlobalHeaps {
  private let space: HDF5Space
  private var collections: [UInt64: [Int: Range<Int>]] = [:]

  init(_ space: HDF5Space) { self.space = space }

  /// The first bytes of one object; empty for index 0, which represents an empty value.
  func object(at address: UInt64?, index: Int, byteCount: Int) throws(ReadError) -> [UInt8] {
    guard let address, index != 0 else { return [] }
    let collection = try collection(at: address)
    guard let range = collection[index] else {
      throw ReadError(
        .hdf5Name, at: UInt64(space.file.range.lowerBound) + address,
        expected: "object \(index) in the global heap")
    }
    let file = space.file
    return file.bytes.extracting(range).withUnsafeBytes { Array($0.prefix(byteCount)) }
  }

  private func collection(at address: UInt64) throws(ReadError) -> [Int: Range<Int>] {
    if let known = collections[address] { return known }
    var cursor = try space.visit("global heap", at: address)
    let start = cursor.position
    try cursor.expect("GCOL", of: "global heap")
    try cursor.version(1...1, of: "global heap")
    try cursor.skip(3)
    let count = try cursor.length()
    try space.charge(count, for: "global heap", at: cursor.offset)
    var block = try cursor.part(count - (cursor.position - start))
    var objects: [Int: Range<Int>] = [:]
    while block.remaining >= 8 + space.widths.length {
      let index = try block.small(2)
      try block.skip(6)
      let size = try block.length()
      // Object 0 is the free space at the end.
      guard index != 0 else { break }
      objects[index] = try block.take(size)
      try block.skip(min((8 - size % 8) % 8, block.remaining))
    }
    collections[address] = objects
    return objects
  }
}
