internal import CZlib
internal import Synchronization

/// A compressed zip member. It is inflated on first load and kept until released.
final class InflatedMember: ByteSource {
  private let file: MappedFile
  private let entry: ZipEntry
  private let inflated = Mutex<MappedFile?>(nil)

  init(file: MappedFile, entry: ZipEntry) {
    self.file = file
    self.entry = entry
  }

  var byteCount: Int { entry.byteCount }

  var storedRange: Range<Int>? { entry.dataRange }

  var computedByteCount: Int { byteCount }

  func load() throws(ReadError) -> FileSlice {
    let content = try inflated.withLock { cached throws(ReadError) in
      if let cached { return cached }
      let content = try inflate()
      cached = content
      return content
    }
    return FileSlice(file: content, range: 0..<entry.byteCount)
  }

  func release() {
    inflated.withLock { $0 = nil }
    file.release(entry.dataRange)
  }

  private func inflate() throws(ReadError) -> MappedFile {
    let source = FileSlice(file: file, range: entry.dataRange)
    do throws(ReadError) {
      let content = try MappedFile(byteCount: entry.byteCount, path: file.path) { output throws(ReadError) in
        try Inflate.inflate(source.bytes, into: output)
      }
      guard entry.crc32 == 0 || content.bytes.crc32 == entry.crc32 else {
        throw ReadError(.zipInflateFailed, found: "a checksum that differs")
      }
      return content
    } catch {
      throw error.inside(.archiveMember(entry.name)).inFile(file.path)
    }
  }
}

package enum Inflate {
  /// The data around a deflate stream.
  package enum Wrapping {
    /// Nothing, as in zips.
    case none
    /// zlib's two bytes before it and its checksum after it, as in HDF5.
    case zlib
  }

  /// Inflates a deflate stream that must fill `output` exactly and end with `input`.
  ///
  /// - Throws: `zipInflateFailed`.
  package static func inflate(
    _ input: RawSpan, into output: UnsafeMutableRawBufferPointer, wrapping: Wrapping = .none
  ) throws(ReadError) {
    var stream = z_stream()
    let streamSize = Int32(MemoryLayout<z_stream>.size)
    // Negative window bits select a bare stream.
    let windowBits = wrapping == .none ? -MAX_WBITS : MAX_WBITS
    guard inflateInit2_(&stream, windowBits, ZLIB_VERSION, streamSize) == Z_OK else {
      throw ReadError(.zipInflateFailed, found: "no memory for the inflater")
    }
    defer { inflateEnd(&stream) }
    let outcome = input.withUnsafeBytes { source in run(&stream, source, output) }
    guard outcome.status == Z_STREAM_END, outcome.read == input.byteCount, outcome.written == output.count
    else {
      throw ReadError(
        .zipInflateFailed, expected: "\(output.count) bytes from \(input.byteCount)",
        found: "\(outcome.written) from \(outcome.read)")
    }
  }

  /// The first bytes that a gzip file inflates to; fewer than `count` if it is shorter or damaged.
  package static func beginning(ofGzip input: RawSpan, count: Int) -> [UInt8] {
    var stream = z_stream()
    // Adding 16 selects gzip's header and trailer.
    guard
      inflateInit2_(&stream, MAX_WBITS + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return [] }
    defer { inflateEnd(&stream) }
    return [UInt8](unsafeUninitializedCapacity: count) { output, written in
      input.extracting(first: 1 << 16).withUnsafeBytes { source in
        stream.next_in = source.baseAddress.map {
          UnsafeMutablePointer(mutating: $0.assumingMemoryBound(to: UInt8.self))
        }
        stream.avail_in = UInt32(clamping: source.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(clamping: count)
        _ = CZlib.inflate(&stream, Z_NO_FLUSH)
        written = count - Int(stream.avail_out)
      }
    }
  }

  /// Passes the data to zlib in pieces, because zlib counts in 32 bits. One spare byte of output detects a stream
  /// that is too long.
  private static func run(
    _ stream: inout z_stream, _ input: UnsafeRawBufferPointer, _ output: UnsafeMutableRawBufferPointer
  ) -> (status: Int32, read: Int, written: Int) {
    let piece = 1 << 30
    var read = 0
    var written = 0
    var spare: UInt8 = 0
    while true {
      let offered = min(piece, input.count - read)
      let room = min(piece, output.count - written)
      let status = withUnsafeMutablePointer(to: &spare) { spare in
        stream.next_in = input.baseAddress.map {
          UnsafeMutablePointer(mutating: ($0 + read).assumingMemoryBound(to: UInt8.self))
        }
        stream.avail_in = UInt32(offered)
        let target =
          room > 0 ? output.baseAddress.map { ($0 + written).assumingMemoryBound(to: UInt8.self) } : spare
        stream.next_out = target
        stream.avail_out = UInt32(max(room, 1))
        return CZlib.inflate(&stream, Z_NO_FLUSH)
      }
      let taken = offered - Int(stream.avail_in)
      let made = max(room, 1) - Int(stream.avail_out)
      read += taken
      written += made
      if status != Z_OK || written > output.count || (taken == 0 && made == 0) {
        return (status, read, written)
      }
    }
  }
}

extension RawSpan {
  /// The CRC-32 of zip and gzip.
  var crc32: UInt32 {
    withUnsafeBytes { bytes in
      UInt32(
        truncatingIfNeeded: crc32_z(0, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count))
    }
  }
}

extension FileSlice {
  var crc32: UInt32 { bytes.crc32 }
}
