private import CPlatform
private import SystemPath

#if canImport(Glibc)
  internal import Glibc
#else
  internal import Darwin
#endif

/// A regular file mapped read-only, or bytes in memory instead of one.
///
/// Pages are read when they are touched and can be released (`release`), so memory holds one tensor instead of the
/// file. If another process truncates the file while it is mapped, touching the missing pages ends this process
/// (SIGBUS). Replacing the file by renaming another over it is safe.
public final class MappedFile: Sendable {
  /// The path as given, for errors.
  public let path: String
  public let byteCount: Int
  private nonisolated(unsafe) let base: UnsafeRawPointer?
  private let isMapped: Bool

  /// Maps `path`, following links.
  ///
  /// - Throws: `fileNotFound`, `permissionDenied`, `notARegularFile`, `noAddressSpace` or `ioFailure`.
  public init(path: String) throws(ReadError) {
    var mapping = pf_mapping()
    let status = path.withSystemPath { pf_map_file($0, &mapping) }
    guard status != Int32(PF_NO_MEMORY) else {
      throw ReadError(.noAddressSpace, found: "a file of \(mapping.byte_count) bytes", file: path)
    }
    guard status == 0 else { throw ReadError.mappingFailed(path: path, status: status) }
    self.path = path
    self.byteCount = mapping.byte_count
    self.base = mapping.bytes
    self.isMapped = true
  }

  /// A private copy of `bytes`, named `path` in errors.
  public init(copying bytes: RawSpan, path: String) {
    self.path = path
    self.byteCount = bytes.byteCount
    self.isMapped = false
    let copy = UnsafeMutableRawPointer.allocate(byteCount: max(byteCount, 1), alignment: 64)
    bytes.withUnsafeBytes { source in
      if let start = source.baseAddress { copy.copyMemory(from: start, byteCount: source.count) }
    }
    self.base = UnsafeRawPointer(copy)
  }

  /// Memory that `fill` writes completely, named `path` in errors.
  package init(
    byteCount: Int, path: String, fill: (UnsafeMutableRawBufferPointer) throws(ReadError) -> Void
  ) throws(ReadError) {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(byteCount, 1), alignment: 64)
    self.path = path
    self.byteCount = byteCount
    self.isMapped = false
    self.base = UnsafeRawPointer(memory.baseAddress)
    try fill(UnsafeMutableRawBufferPointer(rebasing: memory[..<byteCount]))
  }

  deinit {
    if isMapped {
      pf_unmap(pf_mapping(bytes: base, byte_count: byteCount))
    } else {
      base?.deallocate()
    }
  }

  /// The complete content.
  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get {
      guard let base else { return RawSpan() }
      return _overrideLifetime(RawSpan(_unsafeStart: base, byteCount: byteCount), borrowing: self)
    }
  }

  /// Asks the system for large pages, because the content will be read repeatedly.
  public func adviseLargePages() {
    guard isMapped else { return }
    pf_advise_large_pages(pf_mapping(bytes: base, byte_count: byteCount))
  }

  /// Tells the system that the pages completely inside `range` are not needed soon. They are read again when touched.
  public func release(_ range: Range<Int>) {
    guard isMapped, let base else { return }
    let range = range.clamped(to: 0..<byteCount)
    pf_advise_dontneed(base + range.lowerBound, range.count)
  }
}

func fileKind(mode: mode_t) -> String {
  switch mode & S_IFMT {
  case S_IFDIR: "a folder"
  case S_IFIFO: "a pipe"
  case S_IFSOCK: "a socket"
  case S_IFCHR, S_IFBLK: "a device"
  default: "something else"
  }
}

extension ReadError {
  /// The error for the C library's `errno` after a failed call on `path`.
  static func lastSystemError(path: String) -> ReadError { systemError(errno, path: path) }

  static func mappingFailed(path: String, status: Int32) -> ReadError {
    guard status < 0 else { return systemError(status, path: path) }
    var details = stat()
    let kind = SystemPath.stat(path, &details) == 0 ? fileKind(mode: details.st_mode) : "something else"
    return ReadError(.notARegularFile, expected: "a regular file", found: kind, file: path)
  }

  private static func systemError(_ code: Int32, path: String) -> ReadError {
    switch code {
    case ENOENT, ENOTDIR: ReadError(.fileNotFound, file: path)
    case EACCES, EPERM: ReadError(.permissionDenied, file: path)
    default: ReadError(.ioFailure, found: String(cString: strerror(code)), file: path)
    }
  }
}
