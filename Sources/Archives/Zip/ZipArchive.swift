/// A zip archive. The central directory determines the members, the local headers determine their positions, and both
/// must agree.
///
/// Opening validates names, methods and sizes, and that members do not overlap and are inside the file. Bytes before
/// the archive are allowed, as in the format; bytes after it are not.
public struct ZipArchive: Sendable {
  public let file: MappedFile
  /// In the order of the central directory.
  public let entries: [ZipEntry]
  private let indices: [String: Int]

  /// Whether the file ends like a zip, regardless of its beginning.
  public static func hasEndRecord(_ bytes: RawSpan) -> Bool { ZipEndRecord.find(in: bytes) != nil }

  /// - Throws: any `zip…` code, `truncatedFile` or `limitExceeded`.
  public init(file: MappedFile, limits: Limits) throws(ReadError) {
    guard let position = ZipEndRecord.find(in: file.bytes) else {
      throw ReadError(
        .truncatedFile, at: UInt64(file.byteCount), expected: "a zip end record in the last bytes",
        found: "none")
    }
    let end = try ZipEndRecord(at: position, in: file.bytes)
    let (headers, directoryStart) = try ZipDirectoryReader(end: end, limits: limits).read(file.bytes)
    let located = try ZipLocalHeaders.locate(headers, directoryStart: directoryStart, in: file.bytes)
    self.file = file
    self.entries = located
    self.indices = Dictionary(uniqueKeysWithValues: located.enumerated().map { ($1.name, $0) })
  }

  /// The member with this name.
  public subscript(name: String) -> ZipEntry? { indices[name].map { entries[$0] } }

  /// The bytes of a member, inflated on demand.
  ///
  /// - Throws: `zipMissingMember`.
  public func source(named name: String) throws(ReadError) -> any ByteSource {
    guard let entry = self[name] else { throw ReadError(.zipMissingMember, found: name) }
    return source(of: entry)
  }

  public func source(of entry: ZipEntry) -> any ByteSource {
    switch entry.method {
    case .stored: FileSlice(file: file, range: entry.dataRange)
    case .deflated: InflatedMember(file: file, entry: entry)
    }
  }

  /// Whether the bytes of `entry` match the directory's checksum. PyTorch has an option not to compute checksums and
  /// then writes zero, which counts as "not stated".
  public func checksumMatches(_ entry: ZipEntry) throws(ReadError) -> Bool {
    guard entry.crc32 != 0 else { return true }
    let content = try source(of: entry).load()
    return content.crc32 == entry.crc32
  }

  /// Bytes of all members.
  public var checkedByteCount: Int {
    entries.reduce(0) { sum, entry in
      let (total, overflow) = sum.addingReportingOverflow(entry.byteCount)
      return overflow ? sum : total
    }
  }

  /// Compares every member with its checksum, one after another, and releases its memory.
  ///
  /// - Parameter onRead: called with the number of bytes of each member.
  /// - Throws: `zipChecksumMismatch` for the first damaged member, `zipInflateFailed`.
  public func checkChecksums(onRead: (Int) -> Void = { _ in }) throws(ReadError) {
    for entry in entries {
      defer {
        source(of: entry).release()
        onRead(entry.byteCount)
      }
      guard try checksumMatches(entry) else {
        throw ReadError(.zipChecksumMismatch, path: [.archiveMember(entry.name)], file: file.path)
      }
    }
  }
}

/// A member of a zip archive, as stated by the central directory and confirmed by the local header.
public struct ZipEntry: Sendable, Equatable {
  public enum Method: Sendable, Equatable {
    case stored
    case deflated
  }

  public var name: String
  public var method: Method
  public var compressedByteCount: Int
  public var byteCount: Int
  public var crc32: UInt32
  /// The range of the stored or compressed data in the file.
  public var dataRange: Range<Int>

  public var isFolder: Bool { name.utf8.last == UInt8(ascii: "/") }
}
