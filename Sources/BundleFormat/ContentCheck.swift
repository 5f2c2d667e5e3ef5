import Architecture
import TensorTypes

extension BundleHeader {
  /// Checks the values of vectors, which are small. One bad value in a vector affects every embedding.
  ///
  /// - Throws: the first broken rule, at the offset of the value.
  func checkVectors(_ file: RawSpan) throws(BundleFault) {
    for tensor in tensors where tensor.isVector && tensor.byteCount <= BundleHeader.vectorByteCount {
      try content(of: tensor, file).checkValues()
    }
  }

  /// `checkContent` checks larger vectors.
  private static let vectorByteCount = 64 << 10

  /// Checks the rules about contents: digests, padding, finite values, sums. (Opening a bundle checks vectors only.)
  ///
  /// Reads the complete file once. Kernels are memory-safe with any content; these rules check that the numbers are
  /// the ones that the writer wrote.
  ///
  /// - Throws: the first broken rule, at the offset of the value or of the tensor.
  public func checkContent(of file: RawSpan) throws(BundleFault) {
    for index in tensors.indices {
      let tensor = tensors[index]
      let content = try content(of: tensor, file)
      try content.checkValues()
      try content.checkPadding(outputWidths)
      if case .sum(let count) = tensor.content { try checkSums(tensor, count, after: index, file) }
      try checkDigest(of: content.bytes, index)
    }
  }

  @_lifetime(copy file)
  private func content(of tensor: StoredTensor, _ file: RawSpan) throws(BundleFault) -> TensorContent {
    guard tensor.byteOffset + tensor.byteCount <= file.byteCount else {
      throw BundleFault(.fileCovered, at: file.byteCount)
    }
    return TensorContent(
      tensor: tensor, bytes: file.extracting(tensor.byteOffset..<tensor.byteOffset + tensor.byteCount))
  }

  private var outputWidths: (image: Int, text: Int) {
    (description.architecture.image?.outputWidth ?? 0, description.architecture.text?.outputWidth ?? 0)
  }

  /// The last check of a tensor, so that a more specific rule is reported first.
  private func checkDigest(of bytes: RawSpan, _ index: Int) throws(BundleFault) {
    var stream = DigestStream()
    stream.update(bytes)
    guard stream.finish() == digests[index] else {
      throw BundleFault(.digestMatches, at: tensors[index].byteOffset)
    }
  }

  /// The stored order is weights, scale, sum: the weights are two tensors before their sums.
  private func checkSums(_ sums: StoredTensor, _ count: Int, after index: Int, _ file: RawSpan)
    throws(BundleFault)
  {
    guard index >= 2, case .panels(let matrix) = tensors[index - 2].content else { return }
    let weights = tensors[index - 2]
    let bytes = file.extracting(weights.byteOffset..<weights.byteOffset + weights.byteCount)
    let stored = file.extracting(sums.byteOffset..<sums.byteOffset + sums.byteCount)
    let group = MatrixShape.inputGroup
    for output in 0..<count {
      let (panel, lane) = output.quotientAndRemainder(dividingBy: MatrixShape.panelWidth)
      var total: Int32 = 0
      for input in 0..<matrix.paddedInputs {
        let block = panel * (matrix.paddedInputs / group) + input / group
        let position = (block * MatrixShape.panelWidth + lane) * group + input % group
        total += Int32(unsafe bytes.unsafeLoad(fromByteOffset: position, as: Int8.self))
      }
      let expected = unsafe stored.unsafeLoadUnaligned(fromByteOffset: 4 * output, as: Int32.self)
      guard total == expected else {
        throw BundleFault(.sumsMatch, at: sums.byteOffset + 4 * output)
      }
    }
  }
}

extension StoredTensor {
  fileprivate var isVector: Bool {
    switch content {
    case .vector, .scale, .exponent, .batchNormScale, .batchNormBias, .selfTest, .selfTestTolerance: true
    case .panels, .table, .sum, .scalar, .merges, .tokenizerTable, .extra: false
    }
  }
}

/// Checks the values of one tensor against the rules for its kind.
private struct TensorContent: ~Escapable {
  let tensor: StoredTensor
  let bytes: RawSpan

  @_lifetime(copy bytes)
  init(tensor: StoredTensor, bytes: RawSpan) {
    self.tensor = tensor
    self.bytes = bytes
  }

  /// Every value is allowed by its type and kind.
  func checkValues() throws(BundleFault) {
    if tensor.content == .extra { return }
    let count = bytes.byteCount / tensor.dtype.byteWidth
    switch tensor.dtype {
    case .i8: for index in 0..<count where byte(index) == -128 { throw fault(.noMinus128, index) }
    case .f16:
      for index in 0..<count where half(index) & 0x7C00 == 0x7C00 { throw fault(.valuesFinite, index) }
    case .f32: for index in 0..<count where !float(index).isFinite { throw fault(.valuesFinite, index) }
    // All values of these types are allowed; a bundle stores no other floating-point types.
    case .f64, .bf16, .i64, .i32, .i16, .u64, .u32, .u16, .u8, .bool: break
    }
    switch tensor.content {
    case .scale: for index in 0..<count where float(index) < 0 { throw fault(.scaleValue, index) }
    case .exponent:
      let limit = EqualizedPair.exponentLimit.magnitude
      for index in 0..<count where integer(index).magnitude > limit {
        throw fault(.exponentRange, index)
      }
    case .panels, .table, .vector, .sum, .batchNormScale, .batchNormBias, .scalar, .merges, .tokenizerTable,
      .selfTest, .selfTestTolerance, .extra:
      break
    }
  }

  /// Everything beyond the logical sizes is zero.
  func checkPadding(_ outputWidths: (image: Int, text: Int)) throws(BundleFault) {
    switch tensor.content {
    case .panels(let matrix): try checkPadding(of: matrix)
    case .table(let rows, let width):
      let stored = tensor.shape[1]
      for row in 0..<rows { try requireZeros(row * stored + width..<(row + 1) * stored) }
    case .vector(let count), .sum(let count), .scale(let count), .exponent(let count),
      .batchNormScale(let count), .batchNormBias(let count), .tokenizerTable(let count):
      try requireZeros(count..<tensor.shape[0])
    case .scalar(let scalar):
      let count = scalar == .mean || scalar == .standardDeviation ? 3 : 1
      try requireZeros(count..<tensor.shape[0])
    case .selfTest(.image): try requireZeros(outputWidths.image..<tensor.shape[0])
    case .selfTest(.text): try requireZeros(outputWidths.text..<tensor.shape[0])
    case .selfTestTolerance: try requireZeros(2..<tensor.shape[0])
    case .merges, .extra: break
    }
  }

  /// Inputs beyond K in every panel, and outputs beyond N in the last panel, are zero.
  private func checkPadding(of matrix: MatrixShape) throws(BundleFault) {
    for panel in 0..<matrix.panelCount {
      for lane in 0..<MatrixShape.panelWidth {
        let isOutput = panel * MatrixShape.panelWidth + lane < matrix.outputs
        for input in (isOutput ? matrix.inputs : 0)..<matrix.paddedInputs {
          let index = position(of: input, lane: lane, panel: panel, matrix)
          try requireZeros(index..<index + 1)
        }
      }
    }
  }

  private func position(of input: Int, lane: Int, panel: Int, _ matrix: MatrixShape) -> Int {
    let width = MatrixShape.panelWidth
    let group = tensor.dtype == .i8 ? MatrixShape.inputGroup : 1
    let block = panel * (matrix.paddedInputs / group) + input / group
    return (block * width + lane) * group + input % group
  }

  private func requireZeros(_ range: Range<Int>) throws(BundleFault) {
    let byteWidth = tensor.dtype.byteWidth
    for offset in range.lowerBound * byteWidth..<range.upperBound * byteWidth {
      guard unsafe bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self) == 0 else {
        throw fault(.paddingZero, offset / byteWidth)
      }
    }
  }

  private func byte(_ index: Int) -> Int8 {
    unsafe bytes.unsafeLoad(fromByteOffset: index, as: Int8.self)
  }

  private func half(_ index: Int) -> UInt16 {
    unsafe bytes.unsafeLoadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
  }

  private func integer(_ index: Int) -> Int32 {
    unsafe bytes.unsafeLoadUnaligned(fromByteOffset: 4 * index, as: Int32.self)
  }

  private func float(_ index: Int) -> Float { Float(bitPattern: UInt32(bitPattern: integer(index))) }

  private func fault(_ rule: BundleRule, _ index: Int) -> BundleFault {
    BundleFault(rule, at: tensor.byteOffset + index * tensor.dtype.byteWidth)
  }
}
