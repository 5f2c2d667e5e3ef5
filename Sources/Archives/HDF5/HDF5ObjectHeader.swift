/// The messages of a group, dataset or named type.
struct HDF5ObjectHeader {
  struct Message {
    var type: Kind
    /// Bit 1: the content is stored elsewhere and shared.
    var isShared: Bool
    var body: HDF5Cursor
  }

  /// The relevant messages. All others are ignored.
  enum Kind: Int {
    case dataspace = 0x01
    case linkInfo, dataType
    case link = 0x06
    case externalFiles, layout
    case filters = 0x0B
    case attribute
    case continuation = 0x10
    case symbolTable
  }

  private(set) var messages: [Message] = []
  /// Absolute in the file, for errors.
  let offset: UInt64
  private var continuations: [(address: UInt64?, count: Int)] = []
  private let space: HDF5Space

  /// - Throws: any structural `hdf5…` code.
  init(at address: UInt64?, in space: HDF5Space) throws(ReadError) {
    self.space = space
    var cursor = try space.visit("header", at: address)
    offset = cursor.offset
    let isNew = try cursor.peekIsNewHeader()
    if isNew { try readNew(&cursor) } else { try readClassic(&cursor) }
  }

  func first(_ kind: Kind) -> Message? { messages.first { $0.type == kind } }

  func all(_ kind: Kind) -> [Message] { messages.filter { $0.type == kind } }

  // MARK: Version 1

  private mutating func readClassic(_ cursor: inout HDF5Cursor) throws(ReadError) {
    let start = cursor.position
    try cursor.version(1...1, of: "header")
    try cursor.skip(7)
    let count = try cursor.small(4)
    try cursor.skip(4)
    try space.charge(cursor.position - start + count, for: "header", at: cursor.offset)
    try readClassicMessages(try cursor.part(count))
    while let next = continuations.popLast() {
      try readClassicMessages(
        try space.claim("header continuation", at: next.address, count: next.count))
    }
  }

  /// A block can end with a gap that is too small for a message.
  private mutating func readClassicMessages(_ block: HDF5Cursor) throws(ReadError) {
    var cursor = block
    while cursor.remaining >= 8 {
      let (type, count, flags) = (try cursor.small(2), try cursor.small(2), try cursor.small(1))
      try cursor.skip(3)
      try add(type, flags: flags, try cursor.part(count))
    }
  }

  // MARK: Version 2

  private mutating func readNew(_ cursor: inout HDF5Cursor) throws(ReadError) {
    let start = cursor.position
    try cursor.expect("OHDR", of: "header")
    try cursor.version(2...2, of: "header")
    let flags = try cursor.small(1)
    try cursor.skip((flags & 0x20 != 0 ? 16 : 0) + (flags & 0x10 != 0 ? 4 : 0))
    let count = try cursor.count(1 << (flags & 3))
    try space.charge(count, for: "header", at: cursor.offset)
    let block = try cursor.part(count)
    try cursor.checkSum(from: start, of: "header")
    try readNewMessages(block, flags)
    while let next = continuations.popLast() {
      var block = try space.claim("header continuation", at: next.address, count: next.count)
      let start = block.position
      try block.expect("OCHK", of: "header continuation")
      let messages = try block.part(block.remaining - 4)
      try block.checkSum(from: start, of: "header continuation")
      try readNewMessages(messages, flags)
    }
  }

  private mutating func readNewMessages(_ block: HDF5Cursor, _ headerFlags: Int) throws(ReadError) {
    var cursor = block
    let hasOrder = headerFlags & 0x04 != 0
    while cursor.remaining >= (hasOrder ? 6 : 4) {
      let (type, count, flags) = (try cursor.small(1), try cursor.small(2), try cursor.small(1))
      if hasOrder { try cursor.skip(2) }
      try add(type, flags: flags, try cursor.part(count))
    }
  }

  private mutating func add(_ type: Int, flags: Int, _ body: HDF5Cursor) throws(ReadError) {
    guard let kind = Kind(rawValue: type) else {
      // Bit 7: a reader that does not know the message must not read the object.
      guard type <= 0x17 || flags & 0x80 == 0 else {
        throw ReadError(.hdf5Version, at: body.offset, found: "message \(type), which must be understood")
      }
      return
    }
    if kind == .continuation {
      var body = body
      continuations.append((try body.address(), try body.length()))
    } else {
      messages.append(Message(type: kind, isShared: flags & 0x02 != 0, body: body))
    }
  }
}

extension HDF5Cursor {
  /// Headers of version 2 begin with a signature, those of version 1 with their version.
  fileprivate func peekIsNewHeader() throws(ReadError) -> Bool {
    var copy = self
    return try copy.small(1) == Int(UInt8(ascii: "O"))
  }
}
