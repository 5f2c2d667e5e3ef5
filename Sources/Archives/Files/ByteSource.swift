/// Bytes of a file, or of an inflated archive member, that are loaded on demand.
public protocol ByteSource: Sendable {
  /// Number of bytes that `load` returns.
  var byteCount: Int { get }
  /// The stored type of the values, if it differs from the type that is returned: `Q8_0`.
  var encoding: String? { get }
  /// Bytes that `load` inflates or computes if they are not kept, including intermediate bytes; 0 for mapped ones.
  var computedByteCount: Int { get }
  /// The bytes, mapped or inflated.
  func load() throws(ReadError) -> FileSlice
  /// The range in the file, possibly encoded; nil if the bytes are not contiguous.
  var storedRange: Range<Int>? { get }
  /// Releases the memory of `load` and of its result. A later `load` loads the bytes again.
  func release()
}

extension ByteSource {
  public var encoding: String? { nil }
  public var storedRange: Range<Int>? { nil }
}

/// A range of a mapped file; the simplest byte source.
public struct FileSlice: ByteSource {
  public let file: MappedFile
  public let range: Range<Int>

  /// - Precondition: `range` is inside the file. Callers have ranges that a parser has checked.
  public init(file: MappedFile, range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= file.byteCount, "range outside \(file.path)")
    self.file = file
    self.range = range
  }

  public var byteCount: Int { range.count }

  public var bytes: RawSpan {
    @_lifetime(borrow self)
    get { _overrideLifetime(file.bytes.extracting(range), borrowing: self) }
  }

  public var storedRange: Range<Int>? { range }

  public var computedByteCount: Int { 0 }

  public func load() throws(ReadError) -> FileSlice { self }

  public func release() { file.release(range) }
}

/// A range of another source's bytes, such as the values of an array after its header.
public struct PartialSource: ByteSource {
  private let source: any ByteSource
  private let range: Range<Int>

  /// - Precondition: `range` is inside the source. Callers have ranges that a parser has checked.
  public init(_ source: any ByteSource, range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= source.byteCount, "range outside its source")
    self.source = source
    self.range = range
  }

  public var byteCount: Int { range.count }

  public var computedByteCount: Int { source.computedByteCount }

  public var storedRange: Range<Int>? {
    guard let slice = source as? FileSlice else { return nil }
    let start = slice.range.lowerBound + range.lowerBound
    return start..<start + range.count
  }

  public func load() throws(ReadError) -> FileSlice {
    let slice = try source.load()
    let start = slice.range.lowerBound + range.lowerBound
    return FileSlice(file: slice.file, range: start..<start + range.count)
  }

  public func release() { source.release() }
}
