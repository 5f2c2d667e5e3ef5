/// Memory for one tensor at a time. It grows to the largest request and is not initialized again.
public struct FloatScratch: ~Copyable {
  private var storage: UnsafeMutableBufferPointer<Float> = .init(start: nil, count: 0)

  public init() {}

  deinit { storage.deallocate() }

  /// Memory for `count` values, aligned to 64 bytes, with undefined content.
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
