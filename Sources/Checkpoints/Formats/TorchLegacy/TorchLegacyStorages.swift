internal import Archives
internal import Bytes

/// The storages after the pickles, in the order of the list of keys: an element count, then the elements.
///
/// Only the tensors that use a storage state the size of its elements.
struct TorchLegacyStorages: TorchStorages {
  private let file: MappedFile
  private let ranges: [String: Range<Int>]

  var path: String { file.path }
  /// PyTorch writes little-endian values on every machine, regardless of the byte order in the header.
  let isBigEndian = false

  /// Finds the range of each storage.
  ///
  /// - Parameters:
  ///   - keys: the list in the fifth pickle, which begins at `keysOffset`.
  ///   - cited: the references to each storage in the object's pickle.
  ///   - sequence: positioned after the fifth pickle.
  ///   - mayHaveBigEndianCounts: old versions wrote counts, but not values, in the machine's byte order.
  /// - Throws: `torchLegacyKeys`, `storageSizeMismatch`, `unsupportedDType`, `numberOverflow`, `truncatedFile` or
  ///   `torchLegacyTrailingData`.
  init(
    keys: [String], at keysOffset: UInt64, cited: [String: StorageReference], in file: MappedFile,
    _ sequence: inout PickleSequence, mayHaveBigEndianCounts: Bool
  ) throws(ReadError) {
    var ranges: [String: Range<Int>] = [:]
    for key in keys {
      guard let reference = cited[key] else {
        throw ReadError(.torchLegacyKeys, at: keysOffset, found: "\(key), which no tensor uses")
      }
      guard ranges[key] == nil else {
        throw ReadError(.torchLegacyKeys, at: keysOffset, found: "\(key) twice")
      }
      do throws(ReadError) {
        ranges[key] = try Self.range(of: reference, &sequence, mayHaveBigEndianCounts)
      } catch {
        throw error.inside(.key(key))
      }
    }
    guard sequence.remaining == 0 else {
      throw ReadError(
        .torchLegacyTrailingData, at: UInt64(sequence.position), found: "\(sequence.remaining) bytes")
    }
    self.file = file
    self.ranges = ranges
  }

  func source(of reference: StorageReference) throws(ReadError) -> any ByteSource {
    guard let range = ranges[reference.key], let width = reference.byteWidth else {
      throw ReadError(.storageMissing, found: reference.key)
    }
    guard let view = reference.view else { return FileSlice(file: file, range: range) }
    guard let end = checkedSum(view.offset, view.elementCount), end <= reference.elementCount else {
      throw ReadError(
        .torchLegacyView, expected: "at most \(reference.elementCount) elements",
        found: "\(view.elementCount) from \(view.offset) on", path: [.key(reference.key)])
    }
    let start = range.lowerBound
    return FileSlice(file: file, range: start + view.offset * width..<start + end * width)
  }

  private static func range(
    of reference: StorageReference, _ sequence: inout PickleSequence, _ mayHaveBigEndianCounts: Bool
  ) throws(ReadError) -> Range<Int> {
    let offset = UInt64(sequence.position)
    guard let width = reference.byteWidth else {
      throw ReadError(.unsupportedDType, at: offset, found: "complex elements")
    }
    let count = try sequence.int64()
    let expected = Int64(reference.elementCount)
    guard count == expected || (mayHaveBigEndianCounts && count.byteSwapped == expected) else {
      throw ReadError(
        .storageSizeMismatch, at: offset, expected: "\(expected) elements", found: "\(count)")
    }
    guard let byteCount = checkedProduct(reference.elementCount, width) else {
      throw ReadError(.numberOverflow, at: offset, found: "\(expected) elements of \(width) bytes")
    }
    return try sequence.skip(byteCount)
  }
}
