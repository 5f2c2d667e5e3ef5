internal import Archives

extension ComputedBytes {
  /// Eight-bit floats as FP16, which has each of their values.
  ///
  /// - Throws: `numberOverflow`.
  static func halves(
    _ stored: any ByteSource, _ format: Float8
  ) throws(ReadError) -> ComputedBytes {
    let (byteCount, overflows) = stored.byteCount.multipliedReportingOverflow(by: 2)
    guard !overflows else { throw ReadError(.numberOverflow, found: "\(stored.byteCount) elements") }
    return ComputedBytes(
      byteCount: byteCount, encoding: format.safetensorsName, from: [stored]
    ) { output throws(ReadError) in
      let table = (UInt8.min...UInt8.max).map(format.half)
      let content = try stored.load()
      content.bytes.withUnsafeBytes { bytes in
        for index in bytes.indices {
          output.storeBytes(
            of: table[Int(bytes[index])].littleEndian, toByteOffset: 2 * index, as: UInt16.self)
        }
      }
    }
  }
}
