/// A range of another source's bytes, as the values of an array behind its header.
public struct PartialSource: ByteSource {
  private let whole: any ByteSource
  private let range: Range<Int>

  /// - Precondition: `range` lies inside the source; callers hold ranges that a parser has checked.
  public init(_ whole: any ByteSource, range: Range<Int>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= whole.byteCount, "range outside its source")
    self.whole = whole
    self.range = range
  }

  public var byteCount: Int { range.count }

  public var storedRange: Range<Int>? {
    guard let slice = whole as? FileSlice else { return nil }
    let start = slice.range.lowerBound + range.lowerBound
    return start..<start + range.count
  }

  public func load() throws(ReadError) -> FileSlice {
    let slice = try whole.load()
    let start = slice.range.lowerBound + range.lowerBound
    return FileSlice(file: slice.file, range: start..<start + range.count)
  }

  public func release() { whole.release() }
}
