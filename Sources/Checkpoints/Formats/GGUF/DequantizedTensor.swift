internal import Archives
internal import Bytes
internal import Synchronization

/// A block-quantized tensor as FP32 values. It is dequantized when first loaded and kept until released.
final class DequantizedTensor: ByteSource {
  private let stored: FileSlice
  private let quantization: BlockQuantization
  private let blockCount: Int
  private let values = Mutex<MappedFile?>(nil)

  /// - Precondition: `stored` holds whole blocks; whoever checked its range knows.
  init(_ stored: FileSlice, _ quantization: BlockQuantization) {
    self.stored = stored
    self.quantization = quantization
    blockCount = stored.byteCount / quantization.blockByteCount
  }

  var encoding: String? { quantization.name }

  /// At most 13 times the bytes that are stored, which the file was proved to have.
  var byteCount: Int { blockCount * quantization.blockElementCount * MemoryLayout<Float>.size }

  var storedRange: Range<Int>? { stored.range }

  func load() throws(ReadError) -> FileSlice {
    let content = try values.withLock { cached throws(ReadError) in
      if let cached { return cached }
      let content = try MappedFile(byteCount: byteCount, path: stored.file.path) { output in
        dequantize(into: output)
      }
      cached = content
      return content
    }
    return FileSlice(file: content, range: 0..<byteCount)
  }

  func release() {
    values.withLock { $0 = nil }
    stored.release()
  }

  private func dequantize(into output: UnsafeMutableRawBufferPointer) {
    let stored = stored
    let bytes = stored.bytes
    var values = MutableSpan(_unsafeElements: output.bindMemory(to: Float.self))
    for block in 0..<blockCount {
      let start = block * quantization.blockByteCount
      quantization.dequantize(
        QuantizedBlock(bytes.extracting(start..<start + quantization.blockByteCount)), into: &values,
        from: block * quantization.blockElementCount)
    }
  }
}
