/// A name in a group and the address of its object header.
struct HDF5Entry {
  var name: String
  var address: UInt64?
}

/// The entries of a group, in the order of its index.
struct HDF5Group {
  private(set) var entries: [HDF5Entry] = []
  private var names: Set<String> = []
  private let space: HDF5Space

  /// Nil for a header that is not a group's.
  ///
  /// - Throws: any structural `hdf5…` code, `hdf5Link`, `hdf5Name`.
  init?(_ header: HDF5ObjectHeader, in space: HDF5Space) throws(ReadError) {
    self.space = space
    if let table = header.first(.symbolTable) {
      try readSymbolTable(table.body)
    } else if let info = header.first(.linkInfo) {
      try Self.requireCompact(info.body)
    } else {
      return nil
    }
    for link in header.all(.link) { try readLink(link.body) }
  }

  private mutating func append(_ name: [UInt8], _ address: UInt64?, at offset: UInt64) throws(ReadError) {
    guard let text = String(validating: name, as: UTF8.self), !name.isEmpty, text != ".", text != "..",
      !name.contains(UInt8(ascii: "/")), !name.contains(0)
    else { throw ReadError(.hdf5Name, at: offset, found: String(decoding: name, as: UTF8.self)) }
    guard names.insert(text).inserted else {
      throw ReadError(.hdf5Name, at: offset, found: "\(text) twice in one group")
    }
    entries.append(HDF5Entry(name: text, address: address))
  }

  // MARK: Symbol tables

  private mutating func readSymbolTable(_ message: HDF5Cursor) throws(ReadError) {
    var message = message
    let tree = try message.address()
    let heap = try HDF5LocalHeap(at: try message.address(), in: space)
    for node in try HDF5Tree.leaves(of: .group, at: tree, in: space) {
      try readSymbolNode(at: node.address, heap)
    }
  }

  private mutating func readSymbolNode(at address: UInt64?, _ heap: HDF5LocalHeap) throws(ReadError) {
    var cursor = try space.visit("symbol node", at: address)
    try cursor.expect("SNOD", of: "symbol node")
    try cursor.version(1...1, of: "symbol node")
    try cursor.skip(1)
    let count = try cursor.small(2)
    let width = 2 * space.widths.address + 24
    try space.charge(count, of: width, for: "symbol node", at: cursor.offset)
    for _ in 0..<count {
      let offset = cursor.offset
      var entry = try cursor.part(width)
      let name = try heap.name(at: try entry.count(space.widths.address), in: space)
      let target = try entry.address()
      switch try entry.small(4) {
      case 0, 1: break
      case 2:
        throw ReadError(
          .hdf5Link, at: offset, found: "the soft link \(String(decoding: name, as: UTF8.self))")
      case let kind:
        throw ReadError(.hdf5Version, at: offset, expected: "a symbol of type 0...2", found: "\(kind)")
      }
      try append(name, target, at: offset)
    }
  }

  // MARK: Link messages

  /// - Throws: `hdf5Storage` for a group with so many links that they are stored in a heap.
  private static func requireCompact(_ message: HDF5Cursor) throws(ReadError) {
    var message = message
    try message.version(0...0, of: "link info message")
    let flagsOffset = message.offset
    let flags = try message.small(1)
    guard flags <= 3 else {
      throw ReadError(
        .hdf5Message, at: flagsOffset, expected: "flags 0...3 of a link info", found: "\(flags)")
    }
    try message.skip(flags & 1 != 0 ? 8 : 0)
    let offset = message.offset
    guard try message.address() == nil else {
      throw ReadError(.hdf5Storage, at: offset, found: "links in a fractal heap (libver='latest')")
    }
  }

  private mutating func readLink(_ message: HDF5Cursor) throws(ReadError) {
    var message = message
    let start = message.offset
    try message.version(1...1, of: "link message")
    let flags = try message.small(1)
    guard flags & ~0x1F == 0 else {
      throw ReadError(.hdf5Message, at: start, expected: "flags below 32 of a link", found: "\(flags)")
    }
    let kind = flags & 0x08 != 0 ? try message.small(1) : 0
    try message.skip((flags & 0x04 != 0 ? 8 : 0) + (flags & 0x10 != 0 ? 1 : 0))
    let offset = message.offset
    let name = try message.bytes(try message.count(1 << (flags & 3)))
    guard kind == 0 else {
      let name = String(decoding: name, as: UTF8.self)
      throw ReadError(.hdf5Link, at: start, found: "the \(Self.linkName(kind)) link \(name)")
    }
    try append(name, try message.address(), at: offset)
  }

  private static func linkName(_ kind: Int) -> String {
    switch kind {
    case 1: "soft"
    case 64: "external"
    default: "user-defined (\(kind))"
    }
  }
}

/// The names of an old-style group.
struct HDF5LocalHeap {
  private let data: Range<Int>

  init(at address: UInt64?, in space: HDF5Space) throws(ReadError) {
    var cursor = try space.visit("local heap", at: address)
    let start = cursor.position
    try cursor.expect("HEAP", of: "local heap")
    try cursor.version(0...0, of: "local heap")
    try cursor.skip(3)
    let count = try cursor.length()
    try cursor.skip(space.widths.length)
    let offset = cursor.offset
    let first = try cursor.address()
    try space.charge(cursor.position - start, for: "local heap", at: offset)
    // Names are charged one by one, so that many entries cannot share one long name.
    guard let first, let first = Int(exactly: first), first <= space.file.byteCount,
      count <= space.file.byteCount - first
    else {
      throw ReadError(
        .hdf5OutsideFile, at: offset, expected: "at most \(space.file.byteCount) bytes",
        found: "a heap of \(count) bytes at address \(first.map(String.init) ?? "none")")
    }
    data = first..<first + count
  }

  /// The bytes from `start` up to a zero.
  ///
  /// - Throws: `hdf5Name` if the zero is outside the heap.
  func name(at start: Int, in space: HDF5Space) throws(ReadError) -> [UInt8] {
    let base = UInt64(space.file.range.lowerBound)
    guard start < data.count else {
      throw ReadError(
        .hdf5Name, at: base + UInt64(data.lowerBound), expected: "an offset below \(data.count) in the heap",
        found: "\(start)")
    }
    let offset = base + UInt64(data.lowerBound + start)
    let file = space.file
    let text = file.bytes.extracting(data.lowerBound + start..<data.upperBound)
      .withUnsafeBytes { bytes in bytes.firstIndex(of: 0).map { Array(bytes[..<$0]) } }
    guard let text else {
      throw ReadError(.hdf5Name, at: offset, expected: "a zero byte before the heap ends")
    }
    try space.charge(text.count + 1, for: "name", at: offset)
    return text
  }
}
