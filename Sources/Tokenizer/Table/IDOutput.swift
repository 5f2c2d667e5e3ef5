/// The ids of a text that were written so far.
struct IDOutput {
  /// The most ids before the end of text.
  let room: Int
  private(set) var count = 0
  /// Byte offset of the first part that did not fit.
  var cutOffset: Int?
  /// Whether the last id stands for unknown characters, which further ones join.
  var followsUnknown = false

  init(room: Int) { self.room = room }

  /// Appends an id of the text at `offset`, or notes that it did not fit.
  mutating func append(_ id: UInt32, at offset: Int, to ids: inout MutableSpan<Int32>) {
    guard count < room else {
      cutOffset = offset
      return
    }
    ids[count] = Int32(bitPattern: id)
    count += 1
    followsUnknown = false
  }
}
