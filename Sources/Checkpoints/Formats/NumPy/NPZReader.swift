internal import Archives
internal import TensorTypes

/// Reads a zip of npy arrays: one tensor per member, named like the member without `.npy`. Slashes in names, as in
/// flattened trees, become dots.
enum NPZReader {
  static let suffix = ".npy"

  static func read(_ zip: ZipArchive, limits: Limits) throws(ReadError) -> Checkpoint {
    var tensors: [CheckpointTensor] = []
    for entry in zip.entries where !entry.isFolder {
      tensors.append(try tensor(entry, of: zip, limits: limits))
    }
    guard !tensors.isEmpty else { throw ReadError(.noStateDict, found: "no arrays") }
    var checkpoint = Checkpoint(
      format: .npz, files: [SourceFile(path: zip.file.path, byteCount: zip.file.byteCount)],
      tensors: tensors)
    checkpoint.archives = [zip]
    return checkpoint
  }

  private static func tensor(
    _ entry: ZipEntry, of zip: ZipArchive, limits: Limits
  ) throws(ReadError) -> CheckpointTensor {
    do throws(ReadError) {
      guard entry.name.hasSuffix(suffix) else {
        throw ReadError(.npyMagic, expected: "members whose names end in .npy")
      }
      let header = try header(of: entry, in: zip, limits: limits)
      let name = String(entry.name.dropLast(suffix.count).map { $0 == "/" ? "." : $0 })
      let values = PartialSource(zip.source(of: entry), range: header.dataOffset..<entry.byteCount)
      return try CheckpointTensor(
        name: name, dtype: header.dtype, shape: header.shape, strides: try header.strides(), storageOffset: 0,
        isBigEndian: header.isBigEndian, storage: values, file: zip.file.path)
    } catch {
      throw error.inside(.archiveMember(entry.name))
    }
  }

  private static func header(
    of entry: ZipEntry, in zip: ZipArchive, limits: Limits
  ) throws(ReadError) -> NPYHeader {
    let start = try zip.prefix(of: entry, count: NPYHeader.maximumByteCount)
    do throws(ReadError) {
      return try NPYHeader(
        start.span.bytes, byteCount: entry.byteCount, baseOffset: UInt64(entry.dataRange.lowerBound),
        limits: limits)
    } catch {
      var error = error
      // Offsets count inflated bytes, which are not offsets in the file.
      if entry.method == .deflated { error.byteOffset = nil }
      throw error
    }
  }
}

extension NPYHeader {
  /// Elements between neighbours along each axis.
  func strides() throws(ReadError) -> [Int] {
    let slowestFirst = isFortranOrder ? shape.reversed() : shape
    guard let strides = StridedLayout.rowMajorStrides(of: slowestFirst) else {
      throw ReadError(.numberOverflow, found: "shape \(shape)")
    }
    return isFortranOrder ? strides.reversed() : strides
  }
}
