internal import Foundation

/// Reads consecutive numbers and runs of bytes; nil at the end of the file.
struct ChunkReader {
  private var rest: Data.SubSequence

  init(_ bytes: Data, at offset: Int) { rest = bytes.dropFirst(offset) }

  mutating func byte() -> UInt8? { rest.popFirst() }

  mutating func take(_ count: Int) -> Data.SubSequence? {
    guard count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func bigEndian(byteCount: Int) -> Int? { take(byteCount)?.reduce(0) { $0 << 8 | Int($1) } }

  mutating func littleEndian(byteCount: Int) -> Int? {
    take(byteCount)?.reversed().reduce(0) { $0 << 8 | Int($1) }
  }
}
