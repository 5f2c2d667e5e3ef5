internal import CZlib

extension ZipArchive {
  /// The first `count` bytes of a member, or all if it has fewer, without inflating the rest.
  ///
  /// - Throws: `zipInflateFailed`.
  public func prefix(of entry: ZipEntry, count: Int) throws(ReadError) -> [UInt8] {
    let count = min(count, entry.byteCount)
    let source = FileSlice(file: file, range: entry.dataRange)
    switch entry.method {
    case .stored: return source.bytes.withUnsafeBytes { Array($0.prefix(count)) }
    case .deflated:
      do throws(ReadError) {
        return try Inflate.prefix(source.bytes, count: count)
      } catch {
        throw error.inside(.archiveMember(entry.name)).inFile(file.path)
      }
    }
  }
}

extension Inflate {
  /// The first `count` bytes that a raw deflate stream inflates to.
  fileprivate static func prefix(_ input: RawSpan, count: Int) throws(ReadError) -> [UInt8] {
    guard count > 0 else { return [] }
    var stream = z_stream()
    guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw ReadError(.zipInflateFailed, found: "no memory for the inflater")
    }
    defer { inflateEnd(&stream) }
    let output = [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
      input.withUnsafeBytes { source in
        stream.next_in = source.baseAddress.map {
          UnsafeMutablePointer(mutating: $0.assumingMemoryBound(to: UInt8.self))
        }
        stream.avail_in = UInt32(clamping: source.count)
        stream.next_out = buffer.baseAddress
        stream.avail_out = UInt32(clamping: count)
        _ = CZlib.inflate(&stream, Z_SYNC_FLUSH)
        written = count - Int(stream.avail_out)
      }
    }
    guard output.count == count else {
      throw ReadError(.zipInflateFailed, expected: "\(count) bytes", found: "\(output.count)")
    }
    return output
  }
}
