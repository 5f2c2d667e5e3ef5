import TensorTypes

extension BundleHeader {
  /// Checks the rules about contents, which opening leaves out: digests, padding, finite values, sums.
  ///
  /// Reads the whole file once. Any content whatever is memory-safe in every kernel; these rules tell whether the
  /// numbers are those that the writer wrote.
  ///
  /// - Throws: the first broken rule, at the offset of the value or of the tensor.
  public func checkContent(of file: RawSpan) throws(BundleFault) {
    for index in tensors.indices {
      let tensor = tensors[index]
      guard tensor.byteOffset + tensor.byteCount <= file.byteCount else {
        throw BundleFault(.fileCovered, at: file.byteCount)
      }
      let bytes = file.extracting(tensor.byteOffset..<tensor.byteOffset + tensor.byteCount)
      try checkDigest(of: bytes, index)
      try TensorContent(tensor: tensor, bytes: bytes).check()
      if case .sum(let count) = tensor.content { try checkSums(tensor, count, after: index, file) }
    }
  }

  private func checkDigest(of bytes: RawSpan, _ index: Int) throws(BundleFault) {
    var stream = DigestStream()
    stream.update(bytes)
    guard stream.finish() == digests[index] else {
      throw BundleFault(.digestMatches, at: tensors[index].byteOffset)
    }
  }

  /// The weights lie two tensors before their sums: weights, scale, sum.
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

/// The values of one tensor against the rules for its kind.
private struct TensorContent: ~Escapable {
  let tensor: StoredTensor
  let bytes: RawSpan

  @_lifetime(copy bytes)
  init(tensor: StoredTensor, bytes: RawSpan) {
    self.tensor = tensor
    self.bytes = bytes
  }

  func check() throws(BundleFault) {
    switch tensor.content {
    case .panels(let matrix): try checkPanels(matrix)
    case .table(_, let width): try checkValues { $0 % tensor.shape[1] < width }
    case .vector(let count), .sum(let count), .batchNormScale(let count), .batchNormBias(let count):
      try checkValues { $0 < count }
    case .scale(let count):
      try checkValues { $0 < count }
      for index in 0..<count where float(index) < 0 { throw fault(.scaleValue, index) }
    case .exponent(let count):
      try checkValues { $0 < count }
      for index in 0..<count where !(-64...64).contains(integer(index)) { throw fault(.exponentRange, index) }
    case .scalar(let scalar):
      let count = scalar == .mean || scalar == .standardDeviation ? 3 : 1
      try checkValues { $0 < count }
    case .selfTest, .selfTestTolerance, .merges, .extra: break
    }
  }

  private func checkPanels(_ matrix: MatrixShape) throws(BundleFault) {
    let width = MatrixShape.panelWidth
    let inputs = matrix.paddedInputs
    if tensor.dtype == .i8 {
      let group = MatrixShape.inputGroup
      try checkValues { position in
        let output = position / (inputs * width) * width + position / group % width
        let input = position / (width * group) % (inputs / group) * group + position % group
        return output < matrix.outputs && input < matrix.inputs
      }
    } else {
      try checkValues { position in
        let output = position / (inputs * width) * width + position % width
        return output < matrix.outputs && position / width % inputs < matrix.inputs
      }
    }
  }

  /// Every value is allowed by its type, and zero where `isLogical` says that it is padding.
  private func checkValues(_ isLogical: (Int) -> Bool) throws(BundleFault) {
    for index in 0..<bytes.byteCount / tensor.dtype.byteWidth {
      let isZero: Bool
      switch tensor.dtype {
      case .i8:
        let value = unsafe bytes.unsafeLoad(fromByteOffset: index, as: Int8.self)
        guard value != -128 else { throw fault(.noMinus128, index) }
        isZero = value == 0
      case .f16:
        let bits = unsafe bytes.unsafeLoadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)
        guard bits & 0x7C00 != 0x7C00 else { throw fault(.valuesFinite, index) }
        isZero = bits == 0
      case .f32:
        guard float(index).isFinite else { throw fault(.valuesFinite, index) }
        isZero = integer(index) == 0
      default: isZero = integer(index) == 0
      }
      guard isZero || isLogical(index) else { throw fault(.paddingZero, index) }
    }
  }

  private func float(_ index: Int) -> Float { Float(bitPattern: UInt32(bitPattern: integer(index))) }

  private func integer(_ index: Int) -> Int32 {
    unsafe bytes.unsafeLoadUnaligned(fromByteOffset: 4 * index, as: Int32.self)
  }

  private func fault(_ rule: BundleRule, _ index: Int) -> BundleFault {
    BundleFault(rule, at: tensor.byteOffset + index * tensor.dtype.byteWidth)
  }
}
