import Archives
import Foundation
import Synchronization
import SystemPath

/// The vectors of a run that has not ended, and the lock on the output: `.NAME.pclip-partial`.
///
/// A header of fixed size, then one record per vector, appended when the vector is computed: the number of its row, a
/// space, the row's line, the vector's bytes. Complete records remain after any end of the process; the hash of the vector
/// shows that a record is complete. The system's lock (flock) ends with its process.
final class VectorJournal: Sendable {
  struct Header: Equatable {
    /// SHA-256 of the published rows to which the records' numbers refer; nil if there are none.
    var base: ContentHash?
    /// Whether the output is written from the beginning, without published vectors.
    var replaces: Bool
    /// Values per vector.
    var width: Int
  }

  struct Record {
    /// The row of the vector: a published one, or the next new one.
    var index: Int
    var row: VectorRow
    var settings: VectorSettings
    /// The offset of the vector's bytes.
    var offset: Int
  }

  static let headerByteCount = 512

  let path: String
  /// The open file, which holds the lock.
  let descriptor: Int32
  /// Whether the file was empty when it was locked.
  let isNew: Bool
  private let isRemoved = Atomic(false)

  /// Creates the file, or opens the one that an ended process left.
  ///
  /// - Throws: `output`, naming the process that holds the lock.
  init(_ paths: VectorPaths) throws(Failure) {
    path = paths.journal
    while true {
      let descriptor = SystemPath.open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o666)
      guard descriptor >= 0 else { throw .writing(paths.vectors, errno: errno) }
      guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
        let number = errno
        defer { close(descriptor) }
        guard number == EWOULDBLOCK else { throw .writing(paths.vectors, errno: number) }
        throw Self.isHeld(paths, Self.head(of: descriptor))
      }
      // Another process may have removed the file between opening and locking.
      var (opened, named) = (stat(), stat())
      if fstat(descriptor, &opened) == 0, SystemPath.lstat(path, &named) == 0, opened.st_ino == named.st_ino,
        opened.st_dev == named.st_dev
      {
        self.descriptor = descriptor
        isNew = opened.st_size == 0
        return
      }
      close(descriptor)
    }
  }

  deinit { close(descriptor) }

  private static func isHeld(_ paths: VectorPaths, _ head: JSONObject?) -> Failure {
    guard let process = head?["pid"]?.integerValue else {
      return Failure(
        .output, "output \(paths.vectors): another process is writing it",
        hint: "wait for it to finish")
    }
    let host = head?["host"]?.stringValue ?? "this machine"
    return Failure(
      .output, "output \(paths.vectors): process \(process) on \(host) is writing it",
      hint: "wait for it to finish, or stop it there: kill -INT \(process)")
  }
}

// MARK: Header

extension VectorJournal {
  /// Nil for a new file, and for a file that is not a journal.
  var header: Header? {
    guard let head = Self.head(of: descriptor), head["journal"]?.integerValue == 1,
      let replaces = head["replaces"]?.boolValue, let width = head["width"]?.integerValue,
      (1...1 << 20).contains(width), let base = head["base"]?.stringValue
    else { return nil }
    return Header(base: ContentHash(hex: base), replaces: replaces, width: width)
  }

  private static func head(of descriptor: Int32) -> JSONObject? {
    var bytes = [UInt8](repeating: 0, count: headerByteCount)
    let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
    guard count == headerByteCount else { return nil }
    return (try? JSONParser.parse(bytes.span.bytes, limits: .ownTexts))?.objectValue
  }

  /// Removes all records after `byteCount` and writes the header with this process's id.
  ///
  /// Empties a journal without records first. If the process ends here, the file is empty or has a header; it never
  /// consists of zeros, which the next run would treat as another program's file.
  func begin(_ header: Header, keeping byteCount: Int) throws(Failure) {
    let isEmpty = byteCount == Self.headerByteCount
    guard ftruncate(descriptor, off_t(isEmpty ? 0 : byteCount)) == 0 else {
      throw .writing(path, errno: errno)
    }
    let host = Self.hostName
    let text =
      "{\"journal\":1,\"pid\":\(getpid()),\"host\":\"\(host.prefix(128))\",\"base\":\"\(header.base?.hex ?? "")\","
      + "\"replaces\":\(header.replaces),\"width\":\(header.width)}"
    let padding = max(0, Self.headerByteCount - 1 - text.utf8.count)
    let bytes = Array(text.utf8) + [UInt8](repeating: 0x20, count: padding) + [0x0A]
    try write(bytes.span.bytes, at: 0)
  }

  /// Not Foundation's host name, because that may query a name server.
  private static var hostName: String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "this machine" }
    let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return text.filter { $0.isLetter || $0.isNumber || ".-_".contains($0) }
  }
}

// MARK: Records

extension VectorJournal {
  func write(_ bytes: RawSpan, at offset: Int) throws(Failure) {
    let number = bytes.withUnsafeBytes { buffer -> Int32 in
      var written = 0
      while written < buffer.count {
        guard let base = buffer.baseAddress else { break }
        let count = pwrite(descriptor, base + written, buffer.count - written, off_t(offset + written))
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return errno }
        written += count
      }
      return 0
    }
    guard number == 0 else { throw .writing(path, errno: number) }
  }

  /// Waits until the records are on the disk, so that they survive a power cut.
  func save() throws(Failure) {
    guard fdatasync(descriptor) == 0 else { throw .writing(path, errno: errno) }
  }

  /// Removes the file once. Afterwards another process may have a file of this name.
  func remove() {
    guard !isRemoved.exchange(true, ordering: .relaxed) else { return }
    SystemPath.unlink(path)
  }

  /// Passes every complete record to `body`, in order.
  ///
  /// - Returns: the offset of their end. Bytes after it are an incomplete record.
  func readRecords(width: Int, _ body: (Record) throws(Failure) -> Void) throws(Failure) -> Int {
    let file: MappedFile
    do throws(ReadError) { file = try MappedFile(path: path) } catch { throw Failure(describing: error) }
    let releasedByteCount = 1 << 24
    var position = min(Self.headerByteCount, file.byteCount)
    while let record = Self.record(in: file.bytes, at: position, width: width) {
      try body(record)
      // Releases pages, so that memory holds rows, not the file.
      if (record.offset + 4 * width) / releasedByteCount > position / releasedByteCount {
        file.release(0..<position)
      }
      position = record.offset + 4 * width
    }
    return position
  }

  private static func record(in bytes: RawSpan, at start: Int, width: Int) -> Record? {
    let (index, digitCount) = bytes.number(at: start)
    let position = start + digitCount + 1
    guard digitCount > 0, let end = bytes.nextLineEnd(from: position),
      bytes.byteCount - end - 1 >= 4 * width,
      let (row, settings) = try? RowCodec.parse(bytes.extracting(position..<end)),
      ContentHash(of: bytes.extracting(end + 1..<end + 1 + 4 * width)) == row.vectorHash
    else { return nil }
    return Record(index: index, row: row, settings: settings, offset: end + 1)
  }
}

extension RawSpan {
  /// The decimal number of at most 12 digits at this offset.
  fileprivate func number(at start: Int) -> (value: Int, digitCount: Int) {
    extracting(min(start, byteCount)..<min(start + 12, byteCount)).withUnsafeBytes { bytes in
      let digits = bytes.prefix { (0x30...0x39).contains($0) }
      return (digits.reduce(0) { 10 * $0 + Int($1 - 0x30) }, digits.count)
    }
  }

  /// The position of the next line break, or nil.
  func nextLineEnd(from start: Int) -> Int? {
    guard start < byteCount else { return nil }
    return extracting(start..<byteCount).withUnsafeBytes { rest in
      guard let base = rest.baseAddress, let found = memchr(base, 0x0A, rest.count) else { return nil }
      return start + (UnsafeRawPointer(found) - base)
    }
  }
}
