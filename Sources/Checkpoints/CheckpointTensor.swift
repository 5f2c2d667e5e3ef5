public import Archives
public import TensorTypes

/// A named tensor whose values are read on demand.
///
/// Its elements can be strided or byte-swapped in the file. `readFloats` rearranges them; `withRawBytes` only serves
/// tensors that need no rearrangement.
public struct CheckpointTensor: Sendable {
  public let name: String
  public let dtype: DType
  /// Slowest axis first; empty for a scalar.
  public let shape: [Int]
  /// The file that holds the values, for messages.
  public let file: String
  /// Elements between neighbours along each axis, within the storage.
  package let strides: [Int]
  /// Elements from the start of the storage to the first value.
  package let storageOffset: Int
  package let isBigEndian: Bool
  package let storage: any ByteSource
  /// The product of `shape`.
  public let elementCount: Int

  /// The type of the values in the file: `F16`, or `Q8_0` if they are dequantized when read.
  public var storedType: String { storage.encoding ?? dtype.safetensorsName.description }

  /// Bytes of the values in their stored type.
  public var byteCount: Int { elementCount * dtype.byteWidth }

  /// Bytes that reading all values needs: their own, or those of the complete storage if it is inflated or computed.
  package var readingByteCount: Int { elementCount == 0 ? 0 : max(byteCount, storage.computedByteCount) }

  /// The range of storage elements from the tensor's first to its last.
  var reach: Range<Int> {
    let layout = StridedLayout(shape: shape, strides: strides, offset: storageOffset)
    guard elementCount > 0, let last = layout.lastElement() else { return 0..<0 }
    return storageOffset..<last + 1
  }

  /// Whether the values are contiguous and little-endian, so that `withRawBytes` can serve them.
  public var isContiguous: Bool {
    guard !isBigEndian || dtype.byteWidth == 1 else { return false }
    return hasRowMajorStrides
  }

  /// Creates a view of a storage.
  ///
  /// - Throws: `tensorRecordInvalid`, `numberOverflow` or `tensorOutsideStorage`.
  package init(
    name: String, dtype: DType, shape: [Int], strides: [Int], storageOffset: Int, isBigEndian: Bool = false,
    storage: any ByteSource, file: String
  ) throws(ReadError) {
    let layout = StridedLayout(shape: shape, strides: strides, offset: storageOffset)
    self.elementCount = try layout.validatedElementCount(
      storageElements: storage.byteCount / dtype.byteWidth, dtype: dtype)
    self.name = name
    self.dtype = dtype
    self.shape = shape
    self.strides = strides
    self.storageOffset = storageOffset
    self.isBigEndian = isBigEndian
    self.storage = storage
    self.file = file
  }

  /// The same values under another name.
  package init(renaming other: CheckpointTensor, to name: String) {
    self.init(viewing: other, name: name, shape: other.shape, strides: other.strides)
  }

  /// A view of the same storage.
  ///
  /// - Precondition: `shape` and `strides` reach exactly the elements that `other` reaches.
  init(viewing other: CheckpointTensor, name: String, shape: [Int], strides: [Int]) {
    self.name = name
    self.dtype = other.dtype
    self.shape = shape
    self.strides = strides
    self.storageOffset = other.storageOffset
    self.isBigEndian = other.isBigEndian
    self.storage = other.storage
    self.file = other.file
    self.elementCount = other.elementCount
  }

  /// One of equal blocks of the first axis; nil if it cannot be divided so.
  package func rowBlock(_ index: Int, of count: Int) -> CheckpointTensor? {
    guard let rows = shape.first, count > 0, rows > 0, rows.isMultiple(of: count), index < count else {
      return nil
    }
    // Within the storage, because the complete tensor is.
    let offset = storageOffset + index * (rows / count) * strides[0]
    return try? CheckpointTensor(
      name: name, dtype: dtype, shape: [rows / count] + shape.dropFirst(), strides: strides,
      storageOffset: offset,
      isBigEndian: isBigEndian, storage: storage, file: file)
  }

  /// Releases the memory that reading this tensor used. Values can still be read.
  public func releasePages() { storage.release() }

  /// Calls `body` with the stored bytes, or with nil if the tensor is not contiguous and little-endian. The bytes
  /// have no particular alignment.
  ///
  /// - Throws: errors from inflating a compressed member.
  public func withRawBytes<Result: ~Copyable>(
    _ body: (RawSpan?) -> Result
  ) throws(ReadError) -> Result {
    guard isContiguous else { return body(nil) }
    // The offset of an empty tensor is not checked, so it can be outside the storage.
    guard elementCount > 0 else { return body(RawSpan()) }
    let slice = try loadStorage()
    let start = storageOffset * dtype.byteWidth
    return body(slice.bytes.extracting(start..<start + byteCount))
  }

  func loadStorage() throws(ReadError) -> FileSlice {
    do throws(ReadError) {
      return try storage.load()
    } catch {
      throw error.inside(.tensor(name)).inFile(file)
    }
  }

  var hasRowMajorStrides: Bool {
    var expected = 1
    for (extent, stride) in zip(shape, strides).reversed() where extent != 1 {
      if extent == 0 { return true }
      if stride != expected { return false }
      expected *= extent
    }
    return true
  }
}

/// The positions of a view's elements in its storage.
struct StridedLayout {
  var shape: [Int]
  var strides: [Int]
  var offset: Int

  /// Strides of a tensor whose last axis is fastest.
  static func rowMajorStrides(of shape: [Int]) -> [Int]? {
    var strides = [Int](repeating: 1, count: shape.count)
    var next = 1
    for axis in shape.indices.reversed() {
      strides[axis] = next
      let (product, overflow) = next.multipliedReportingOverflow(by: max(shape[axis], 1))
      if overflow { return nil }
      next = product
    }
    return strides
  }

  /// The number of elements of the view. Checks that each is inside a storage of `storageElements`.
  func validatedElementCount(storageElements: Int, dtype: DType) throws(ReadError) -> Int {
    guard shape.count == strides.count, offset >= 0, strides.allSatisfy({ $0 >= 0 }),
      shape.allSatisfy({ $0 >= 0 })
    else {
      throw ReadError(
        .tensorRecordInvalid, expected: "as many strides as sizes, none negative",
        found: "sizes \(shape), strides \(strides), offset \(offset)")
    }
    guard let count = TensorTypes.elementCount(of: shape), !count.multipliedReportingOverflow(by: 8).overflow,
      let last = lastElement()
    else { throw ReadError(.numberOverflow, found: "shape \(shape), strides \(strides)") }
    guard count == 0 || last < storageElements else {
      throw ReadError(
        .tensorOutsideStorage, expected: "at most \(storageElements) elements of \(dtype.safetensorsName)",
        found: "element \(last) used by shape \(shape), strides \(strides), offset \(offset)")
    }
    return count
  }

  /// The largest element index of the view; nil on overflow.
  func lastElement() -> Int? {
    var last = offset
    for (extent, stride) in zip(shape, strides) {
      let (reach, overflowed) = max(extent - 1, 0).multipliedReportingOverflow(by: stride)
      let (sum, alsoOverflowed) = last.addingReportingOverflow(reach)
      if overflowed || alsoOverflowed { return nil }
      last = sum
    }
    return last
  }
}

extension CheckpointTensor {
  /// The same values with the axes in another order, as NumPy's `transpose(axes)`.
  ///
  /// - Precondition: `axes` is a permutation of the tensor's axes.
  package func permuted(_ axes: [Int]) -> CheckpointTensor {
    precondition(axes.sorted() == Array(shape.indices), "no permutation of the axes of \(name)")
    return CheckpointTensor(
      viewing: self, name: name, shape: axes.map { shape[$0] }, strides: axes.map { strides[$0] })
  }

  /// The same values with adjacent axes merged into one, the first of them slowest.
  ///
  /// - Returns: nil if the axes are not contiguous in the storage, or the shape has no such axes.
  package func merging(_ axes: ClosedRange<Int>) -> CheckpointTensor? {
    guard shape.indices.contains(axes.lowerBound), shape.indices.contains(axes.upperBound) else { return nil }
    for axis in axes.dropLast() where shape[axis] != 1 {
      guard strides[axis] == strides[axis + 1] * shape[axis + 1] else { return nil }
    }
    var (shape, strides) = (shape, strides)
    shape.replaceSubrange(axes, with: [shape[axes].reduce(1, *)])
    strides.replaceSubrange(axes, with: [strides[axes.upperBound]])
    return CheckpointTensor(viewing: self, name: name, shape: shape, strides: strides)
  }
}
