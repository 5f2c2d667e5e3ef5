/// Undoes a chunk's filters.
struct HDF5ChunkDecoder {
  /// In the order of encoding.
  let filters: [HDF5Filters.Filter]
  /// Bytes of the decoded chunk.
  let byteCount: Int

  /// Passes the decoded bytes of `stored` to `body`.
  ///
  /// - Throws: `hdf5ChunkDamaged`.
  func decode(_ stored: FileSlice, _ body: (RawSpan) -> Void) throws(ReadError) {
    var current = stored
    for (index, filter) in filters.enumerated().reversed() {
      switch filter {
      case .fletcher32: current = try Self.checked(current)
      case .deflate: current = try inflated(current, to: byteCount + addedBytes(before: index))
      case .shuffle(let width): current = try Self.unshuffled(current, width: width)
      }
    }
    guard current.byteCount == byteCount else {
      throw ReadError(.hdf5ChunkDamaged, expected: "\(byteCount) bytes", found: "\(current.byteCount)")
    }
    body(current.bytes)
  }

  private func addedBytes(before index: Int) -> Int { filters[..<index].reduce(0) { $0 + $1.addedBytes } }

  private static func checked(_ bytes: FileSlice) throws(ReadError) -> FileSlice {
    let count = bytes.byteCount - 4
    guard count >= 0 else { throw ReadError(.hdf5ChunkDamaged, expected: "a checksum of 4 bytes") }
    let content = FileSlice(
      file: bytes.file, range: bytes.range.lowerBound..<bytes.range.lowerBound + count)
    let stated = UInt32(
      littleEndian: bytes.bytes.unsafeLoadUnaligned(fromByteOffset: count, as: UInt32.self))
    let computed = HDF5Checksum.fletcher32(content.bytes)
    guard stated == computed else {
      throw ReadError(.hdf5ChunkDamaged, expected: "checksum \(stated)", found: "\(computed)")
    }
    return content
  }

  private func inflated(_ bytes: FileSlice, to count: Int) throws(ReadError) -> FileSlice {
    do throws(ReadError) {
      let content = try MappedFile(byteCount: count, path: bytes.file.path) { output throws(ReadError) in
        try Inflate.inflate(bytes.bytes, into: output, wrapping: .zlib)
      }
      return FileSlice(file: content, range: 0..<count)
    } catch {
      throw ReadError(.hdf5ChunkDamaged, expected: error.expected, found: error.found)
    }
  }

  /// Bytes after the last complete element are not shuffled.
  private static func unshuffled(_ bytes: FileSlice, width: Int) throws(ReadError) -> FileSlice {
    let elements = bytes.byteCount / width
    guard width > 1, elements > 1 else { return bytes }
    let content = try MappedFile(byteCount: bytes.byteCount, path: bytes.file.path) {
      output throws(ReadError) in
      bytes.bytes.withUnsafeBytes { source in
        for lane in 0..<width {
          for element in 0..<elements { output[element * width + lane] = source[lane * elements + element] }
        }
        for index in elements * width..<source.count { output[index] = source[index] }
      }
    }
    return FileSlice(file: content, range: 0..<bytes.byteCount)
  }
}
