/// Memory for one tensor at a time, grown to the largest that was asked for and never initialized twice.
public struct FloatScratch: ~Copyable {
  private var storage: UnsafeMutableBufferPointer<Float> = .init(start: nil, count: 0)

  public init() {}

  deinit { storage.deallocate() }

  /// Room for `count` values on a 64-byte boundary; their content is undefined.
  mutating func reserve(_ count: Int) -> UnsafeMutableBufferPointer<Float> {
    if storage.count < count {
      storage.deallocate()
      let bytes = UnsafeMutableRawBufferPointer.allocate(
        byteCount: count * MemoryLayout<Float>.stride, alignment: 64)
      storage = bytes.bindMemory(to: Float.self)
    }
    return UnsafeMutableBufferPointer(rebasing: storage[..<count])
  }
}
