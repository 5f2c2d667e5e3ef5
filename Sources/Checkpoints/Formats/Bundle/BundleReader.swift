internal import Archives

/// A PocketCLIP bundle as a container of tensors. `Models` interprets them.
enum BundleReader {
  /// Whether a file claims to be a bundle, valid or not.
  static func recognises(_ file: MappedFile) -> Bool {
    let start = HeaderMark.byteOffset
    guard file.byteCount >= start + HeaderMark.text.utf8CodeUnitCount else { return false }
    let bytes = file.bytes
    return HeaderMark.text.withUTF8Buffer { mark in
      mark.indices.allSatisfy { index in
        bytes.unsafeLoad(fromByteOffset: start + index, as: UInt8.self) == mark[index]
      }
    }
  }

  /// An invalid container has no tensors here. The code that opens the bundle reports the broken rule.
  static func read(_ file: MappedFile, limits: Limits) -> Checkpoint {
    var checkpoint = Checkpoint(
      format: .bundle, files: [SourceFile(path: file.path, byteCount: file.byteCount)],
      tensors: (try? SafetensorsReader.tensors(of: SafetensorsFile(file: file, limits: limits))) ?? [])
    checkpoint.bundle = file
    return checkpoint
  }
}

/// The beginning of every bundle, after the header's length.
private enum HeaderMark {
  static let byteOffset = 8
  static let text: StaticString = "{\"__metadata__\":{\"pclip.version\":"
}
