internal import Archives

/// A file during detection: properties of the content that the table's rows use, computed once.
final class FileProbe {
  let file: MappedFile
  let limits: Limits
  /// Nil until computed. Then the zip's directory, or an inner nil if the file is not a zip.
  private var zipOutcome: ZipArchive??

  init(_ file: MappedFile, limits: Limits) {
    self.file = file
    self.limits = limits
  }

  func byte(_ index: Int) -> UInt8? {
    let file = file
    return index < file.byteCount ? file.bytes.unsafeLoad(fromByteOffset: index, as: UInt8.self) : nil
  }

  func starts(with magic: [UInt8], at offset: Int = 0) -> Bool {
    guard offset + magic.count <= file.byteCount else { return false }
    return magic.indices.allSatisfy { byte(offset + $0) == magic[$0] }
  }

  /// Little-endian; nil beyond the end.
  func integer32(at offset: Int) -> UInt32? {
    let file = file
    guard offset >= 0, offset <= file.byteCount - 4 else { return nil }
    return UInt32(littleEndian: file.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
  }

  /// The first bytes, as text.
  func text(upTo count: Int) -> String {
    let file = file
    return file.bytes.withUnsafeBytes { String(decoding: $0.prefix(count), as: UTF8.self) }
  }

  /// Whether the first bytes are UTF-8 text without control characters.
  var isText: Bool {
    let file = file
    let start = file.bytes.withUnsafeBytes { Array($0.prefix(512)) }
    guard start.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || (0x09...0x0D).contains($0) }) else { return false }
    // The last character can be cut off.
    return (0...3).contains { String(validating: start.dropLast($0), as: UTF8.self) != nil }
  }

  /// Whether the file contains these bytes anywhere.
  func contains(_ text: StaticString) -> Bool {
    let file = file
    return file.bytes.withUnsafeBytes { bytes in
      text.withUTF8Buffer { wanted in
        guard let first = wanted.first, bytes.count >= wanted.count else { return false }
        return (0...bytes.count - wanted.count).contains { start in
          bytes[start] == first && bytes[start..<start + wanted.count].elementsEqual(wanted)
        }
      }
    }
  }

  /// The archive, if the file begins like a zip.
  ///
  /// - Throws: errors of a damaged zip. A file that begins like a zip counts as one.
  func zip() throws(ReadError) -> ZipArchive? {
    if let zipOutcome { return zipOutcome }
    let outcome = startsWithZipHeader ? try ZipArchive(file: file, limits: limits) : nil
    zipOutcome = .some(outcome)
    return outcome
  }

  /// Treats the file as a zip with other bytes before it. Called last, because any format can end in such bytes.
  ///
  /// - Returns: whether the file ends like a zip.
  func takeForZipWithPrefix() throws(ReadError) -> Bool {
    let file = file
    guard ZipArchive.hasEndRecord(file.bytes) else { return false }
    zipOutcome = .some(try ZipArchive(file: file, limits: limits))
    return true
  }

  /// Whether the file begins with a local header, or with the end record of a zip without members.
  private var startsWithZipHeader: Bool {
    starts(with: [0x50, 0x4B, 0x03, 0x04]) || starts(with: [0x50, 0x4B, 0x05, 0x06])
  }
}
