internal import CKernels
private import CPlatform

/// The kernels that turn weights into stored bytes. Every instruction set gives the same bytes.
public struct WeightKernels: Sendable {
  private nonisolated(unsafe) let table: UnsafePointer<pk_kernels>
  private var writing: UnsafePointer<pk_writing_kernels> { unsafe pk_writing_for(table.pointee.isa) }

  /// The table named `isa`, or nil if it is unknown or not supported by this machine.
  public init?(isa: String) {
    let name = Array(isa.utf8CString)
    guard let table = unsafe pk_kernels_named(name, name.count - 1) else { return nil }
    self.table = table
  }

  /// The table that `PCLIP_ISA` names, or else the fastest of this machine.
  public init() {
    if let name = unsafe pf_environment("PCLIP_ISA"),
      let named = WeightKernels(isa: unsafe String(cString: name))
    {
      self = named
    } else {
      table = unsafe pk_kernels_detect()
    }
  }

  public var isa: String { unsafe String(cString: table.pointee.name) }

  /// max|w| of each of `rowCount` contiguous rows.
  public func largestMagnitudes(of rows: Span<Float>, rowCount: Int) -> [Float] {
    var largest = [Float](repeating: 0, count: rowCount)
    guard rowCount > 0 else { return largest }
    let width = rows.count / rowCount
    unsafe rows.withUnsafeBufferPointer { source in
      unsafe largest.withUnsafeMutableBufferPointer { target in
        guard let x = source.baseAddress, let y = target.baseAddress else { return }
        unsafe writing.pointee.absmax_rows_f32(rowCount, width, x, width, y)
      }
    }
    return largest
  }

  /// F32(max|w| / 127) of each.
  public func scales(ofLargest magnitudes: [Float]) -> [Float] { magnitudes.map { pk_s8_scale($0) } }
}

/// Rows of a matrix to pack into panels of 16 outputs.
public struct PanelBlock: Sendable {
  /// Existing rows of W; fewer than `16 · panelCount` in the last panel.
  public var rowCount: Int
  /// K, and K rounded up to the stored size.
  public var inputs, paddedInputs: Int
  public var panelCount: Int

  public init(rowCount: Int, inputs: Int, paddedInputs: Int, panelCount: Int) {
    self.rowCount = rowCount
    self.inputs = inputs
    self.paddedInputs = paddedInputs
    self.panelCount = panelCount
  }

  /// Values stored, padding included.
  public var storedCount: Int { panelCount * Int(PK_PANEL) * paddedInputs }
}

extension WeightKernels {
  /// `[N/16, K, 16]`.
  public func packFloat32(_ block: PanelBlock, rows: Span<Float>, into stored: inout MutableRawSpan) {
    checkSizes(block, rows.count, stored.byteCount, elementWidth: 4)
    unsafe rows.withUnsafeBufferPointer { source in
      unsafe stored.withUnsafeMutableBytes { target in
        guard let w = source.baseAddress, let panels = target.baseAddress else { return }
        unsafe table.pointee.pack_f32(
          block.rowCount, block.inputs, block.paddedInputs, 0, block.panelCount, w, block.inputs,
          panels.assumingMemoryBound(to: Float.self))
      }
    }
  }

  /// `[N/16, K, 16]`, rounded half to even.
  ///
  /// - Returns: the index into `rows` of a value that does not fit, or nil.
  public func packFloat16(_ block: PanelBlock, rows: Span<Float>, into stored: inout MutableRawSpan) -> Int? {
    checkSizes(block, rows.count, stored.byteCount, elementWidth: 2)
    let overflow = unsafe rows.withUnsafeBufferPointer { source in
      unsafe stored.withUnsafeMutableBytes { target -> Int in
        guard let w = source.baseAddress, let panels = target.baseAddress else { return source.count }
        return unsafe writing.pointee.pack_f16(
          block.rowCount, block.inputs, block.paddedInputs, 0, block.panelCount, w, block.inputs,
          panels.assumingMemoryBound(to: UInt16.self))
      }
    }
    return overflow < block.rowCount * block.inputs ? overflow : nil
  }

  /// `[N/16, K/4, 16, 4]`, q = round-half-even(w / scale) within ±127.
  ///
  /// - Returns: Σ q of each row.
  public func packInt8(
    _ block: PanelBlock, rows: Span<Float>, scales: [Float], into stored: inout MutableRawSpan
  ) -> [Int32] {
    checkSizes(block, rows.count, stored.byteCount, elementWidth: 1)
    precondition(scales.count >= block.rowCount)
    var sums = [Int32](repeating: 0, count: block.panelCount * Int(PK_PANEL))
    unsafe rows.withUnsafeBufferPointer { source in
      unsafe stored.withUnsafeMutableBytes { target in
        guard let w = source.baseAddress, let panels = target.baseAddress else { return }
        unsafe writing.pointee.pack_s8(
          block.rowCount, block.inputs, block.paddedInputs, 0, block.panelCount, w, block.inputs, scales,
          panels.assumingMemoryBound(to: Int8.self), &sums)
      }
    }
    return Array(sums[..<block.rowCount])
  }

  private func checkSizes(_ block: PanelBlock, _ rowValues: Int, _ storedBytes: Int, elementWidth: Int) {
    precondition(rowValues >= block.rowCount * block.inputs && block.paddedInputs >= block.inputs)
    precondition(storedBytes >= block.storedCount * elementWidth)
  }
}

// Rows of tables.
extension WeightKernels {
  /// FP16 bits at `byteOffset`, rounded half to even.
  ///
  /// - Returns: the index of a value that does not fit, or nil.
  public func narrow(_ values: Span<Float>, into stored: inout MutableRawSpan, at byteOffset: Int) -> Int? {
    let overflow = unsafe withRow(values, &stored, byteOffset, UInt16.self) { count, x, y in
      unsafe writing.pointee.f32_to_f16(count, x, y)
    }
    return overflow.flatMap { $0 < values.count ? $0 : nil }
  }

  /// q = round-half-even(w / scale) within ±127 at `byteOffset`.
  public func quantize(
    _ values: Span<Float>, scale: Float, into stored: inout MutableRawSpan, at byteOffset: Int
  ) {
    _ = unsafe withRow(values, &stored, byteOffset, Int8.self) { count, w, q in
      unsafe writing.pointee.quantize_weights_s8(count, w, scale, q)
    }
  }

  /// FP32 unchanged, at `byteOffset`.
  public func copy(_ values: Span<Float>, into stored: inout MutableRawSpan, at byteOffset: Int) {
    _ = unsafe withRow(values, &stored, byteOffset, Float.self) { count, x, y in
      unsafe y.update(from: x, count: count)
    }
  }

  /// Pointers to a row and to its destination, after checking that it fits; nil for an empty row.
  private func withRow<Stored, Result>(
    _ values: Span<Float>, _ stored: inout MutableRawSpan, _ byteOffset: Int, _ type: Stored.Type,
    _ body: (Int, UnsafePointer<Float>, UnsafeMutablePointer<Stored>) -> Result
  ) -> Result? {
    let byteCount = values.count * MemoryLayout<Stored>.size
    precondition(byteOffset >= 0 && stored.byteCount - byteOffset >= byteCount, "row outside the buffer")
    return unsafe values.withUnsafeBufferPointer { source in
      unsafe stored.withUnsafeMutableBytes { target in
        guard let x = source.baseAddress, let y = target.baseAddress else { return nil }
        return unsafe body(source.count, x, (y + byteOffset).assumingMemoryBound(to: Stored.self))
      }
    }
  }
}
