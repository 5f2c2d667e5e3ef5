internal import Foundation

/// Memory that grows while a file is read into it. Unlike an array, it reports a failed allocation.
struct InputBuffer: ~Copyable {
  private var memory: UnsafeMutableRawPointer?
  private var capacity = 0
  private var count = 0

  private static let firstByteCount = 1 << 16

  private init() {}

  deinit { free(memory) }

  static func reading(
    _ descriptor: Int32, limit: Int, isWanted: (Data) -> Bool
  ) throws(InputError) -> Data {
    var buffer = InputBuffer()
    try buffer.reserve(size(of: descriptor, limit: limit) ?? firstByteCount)
    var isChecked = false
    while try buffer.readMore(descriptor) {
      guard buffer.count <= limit else {
        throw InputError(.tooLarge, reason: "more than \(limit) bytes")
      }
      // A pipe can deliver its first bytes one by one.
      if !isChecked, buffer.count >= 64 {
        isChecked = true
        guard isWanted(buffer.beginning) else { break }
      }
    }
    return buffer.take()
  }

  /// The size of a regular file, plus one byte to detect its end.
  private static func size(of descriptor: Int32, limit: Int) -> Int? {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return min(max(Int(status.st_size), 0), limit) + 1
  }

  private var beginning: Data {
    memory.map { Data(bytes: $0, count: min(count, 64)) } ?? Data()
  }

  private mutating func reserve(_ byteCount: Int) throws(InputError) {
    guard let larger = realloc(memory, byteCount) else {
      throw InputError(.noMemory, reason: "no memory for its \(byteCount) bytes")
    }
    memory = larger
    capacity = byteCount
  }

  /// - Returns: false at the end of the file.
  private mutating func readMore(_ descriptor: Int32) throws(InputError) -> Bool {
    if count == capacity { try reserve(2 * capacity) }
    guard let memory else { return false }
    while true {
      // The first piece is small, so that an unwanted file of gigabytes is not read.
      let room = count == 0 ? min(capacity, Self.firstByteCount) : capacity - count
      let found = read(descriptor, memory + count, room)
      if found < 0, errno == EINTR { continue }
      guard found >= 0 else { throw InputError(errno: errno) }
      count += found
      return found > 0
    }
  }

  private consuming func take() -> Data {
    guard let bytes = memory, count > 0 else { return Data() }
    memory = nil
    return Data(bytesNoCopy: bytes, count: count, deallocator: .free)
  }
}
