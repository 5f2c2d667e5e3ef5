internal import Bytes

/// The members of a tar archive of few plain files. Nothing is unpacked: a member is a range of the file.
package struct TarArchive {
  package struct Member {
    package var name: String
    package var kind: TarHeader.Kind
    package var content: FileSlice
    package var headerOffset: Int
  }

  package private(set) var members: [Member] = []

  /// Zero blocks after the last member; tar pads to a multiple of twenty blocks.
  private static let leastEndBlocks = 2
  private static let mostEndBytes = 1 << 20

  /// Reads headers until the end, or until there are more than `most` members.
  ///
  /// - Throws: any `tar…` code, `truncatedFile` or `limitExceeded`.
  package init(_ file: MappedFile, most: Int, limits: Limits) throws(ReadError) {
    var position = 0
    var extended: TarExtendedHeader?
    while members.count <= most {
      guard let block = try Self.block(of: file, at: position) else {
        try Self.requireEnd(of: file, at: position, isExpected: extended == nil)
        return
      }
      let header = try TarHeader(block, at: position)
      let content = try Self.content(header, size: extended?.size, at: position, in: file)
      if header.kind == .extended {
        guard extended == nil, content.byteCount <= limits.metadataTextBytes else {
          throw ReadError(
            .tarExtendedHeader, at: UInt64(position),
            expected: "one of at most \(limits.metadataTextBytes) bytes")
        }
        let records = content.bytes.withUnsafeBytes { Array($0) }
        extended = try TarExtendedHeader(records, at: content.range.lowerBound)
      } else {
        try append(header, renamed: extended?.name, content, at: position)
        extended = nil
      }
      // Cannot overflow, because the content ends at or near the end of the file.
      let blocks = (content.byteCount + TarHeader.byteCount - 1) / TarHeader.byteCount
      position = content.range.lowerBound + blocks * TarHeader.byteCount
    }
  }

  package subscript(name: String) -> Member? { members.first { $0.name == name } }

  private mutating func append(
    _ header: TarHeader, renamed: String?, _ content: FileSlice, at offset: Int
  ) throws(ReadError) {
    let name = renamed ?? header.name
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard !name.isEmpty, !name.hasPrefix("/"), !parts.contains(".."), !name.contains("\\") else {
      throw ReadError(.tarUnsafeName, at: UInt64(offset), found: name)
    }
    guard self[name] == nil else { throw ReadError(.tarDuplicateName, at: UInt64(offset), found: name) }
    members.append(Member(name: name, kind: header.kind, content: content, headerOffset: offset))
  }

  /// The block at `position`; nil if it contains only zeros, which ends the archive.
  private static func block(of file: MappedFile, at position: Int) throws(ReadError) -> [UInt8]? {
    guard position <= file.byteCount - TarHeader.byteCount else {
      throw ReadError(
        .truncatedFile, at: UInt64(min(position, file.byteCount)), expected: "another block of 512 bytes",
        found: "\(max(file.byteCount - position, 0))")
    }
    let span = file.bytes.extracting(position..<position + TarHeader.byteCount)
    let block = span.withUnsafeBytes { Array($0) }
    return block.contains { $0 != 0 } ? block : nil
  }

  private static func content(
    _ header: TarHeader, size stated: Int?, at position: Int, in file: MappedFile
  ) throws(ReadError) -> FileSlice {
    let start = position + TarHeader.byteCount
    let size = header.kind == .extended ? header.size : stated ?? header.size
    guard let end = checkedSum(start, size), end <= file.byteCount else {
      throw ReadError(
        .truncatedFile, at: UInt64(start), expected: "\(size) bytes", found: "\(file.byteCount - start)",
        path: [.archiveMember(header.name)])
    }
    return FileSlice(file: file, range: start..<end)
  }

  private static func requireEnd(
    of file: MappedFile, at position: Int, isExpected: Bool
  ) throws(ReadError) {
    guard isExpected else {
      throw ReadError(.tarExtendedHeader, at: UInt64(position), expected: "a member behind it")
    }
    let rest = file.byteCount - position
    guard rest >= leastEndBlocks * TarHeader.byteCount else {
      throw ReadError(
        .truncatedFile, at: UInt64(position), expected: "two empty blocks at the end", found: "\(rest) bytes")
    }
    let bytes = file.bytes.extracting(position..<position + min(rest, mostEndBytes))
    let other = bytes.withUnsafeBytes { $0.firstIndex { $0 != 0 } }
    guard other == nil, rest <= mostEndBytes else {
      throw ReadError(.tarTrailingData, at: UInt64(position + (other ?? mostEndBytes)))
    }
  }
}
