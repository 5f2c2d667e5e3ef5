/// A zip archive: the central directory is trusted for what is there, the local headers for where it lies, and both
/// must agree.
///
/// Opening validates names, methods, sizes, and that members neither overlap nor leave the file. Bytes before the
/// archive are allowed, as the format allows them; bytes after it are not.
public struct ZipArchive: Sendable {
  public let file: MappedFile
  /// In the order of the central directory.
  public let entries: [ZipEntry]
  private let indices: [String: Int]

  /// Whether the file ends as a zip does, whatever it begins with.
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

  /// The member called `name`.
  public subscript(name: String) -> ZipEntry? { indices[name].map { entries[$0] } }

  /// The bytes of a member, inflated when they are first asked for.
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

  /// Whether the bytes of `entry` have the checksum that the directory states. PyTorch can be told not to compute
  /// checksums and then writes zero, which is taken as "not stated".
  public func checksumMatches(_ entry: ZipEntry) throws(ReadError) -> Bool {
    guard entry.crc32 != 0 else { return true }
    let content = try source(of: entry).load()
    return content.crc32 == entry.crc32
  }

  /// Compares every member with its checksum, one after another, giving the memory back.
  ///
  /// - Throws: `zipChecksumMismatch` for the first that is damaged, `zipInflateFailed`.
  public func checkChecksums() throws(ReadError) {
    for entry in entries {
      defer { source(of: entry).release() }
      guard try checksumMatches(entry) else {
        throw ReadError(.zipChecksumMismatch, path: [.archiveMember(entry.name)], file: file.path)
      }
    }
  }
}

/// A member of a zip archive, as the central directory describes it and the local header confirms it.
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
  /// Where the stored or compressed data lie in the file.
  public var dataRange: Range<Int>

  public var isFolder: Bool { name.utf8.last == UInt8(ascii: "/") }
}
