internal import Architecture
internal import BundleFormat
internal import Output
internal import Progress
internal import Quantization
private import TensorTypes

/// Turns one canonical tensor into its stored tensors, a few panels at a time.
///
/// Rows are processed once: hashed for the tower's identity, packed, hashed as stored, written. The working set fits
/// the cache, independent of the size of the tensor.
struct ParameterEncoder<SourceFailure: Error> {
  typealias Failure = BundleWriteError<SourceFailure>

  let parameter: Parameter
  /// With offsets in the file: the weights first, then their companion tensors.
  let stored: [StoredTensor]
  let kernels: WeightKernels
  let region: OutputFile.Region
  let progress: WorkProgress
  /// Factors of equalization for columns and rows; nil for 1.
  let columnFactors, rowFactors: [Float]?
  /// Exponents of equalization, if the parameter is a consumer.
  let exponents: [Int32]?
  /// The chosen int8 values; nil rounds to nearest.
  let rounding: RoundingPlan.Matrix?
  /// Added to the stored values of a vector.
  let correction: [Double]?

  /// Digests of the stored tensors, in their order.
  private(set) var storedDigests: [Digest] = []
  private(set) var canonical: DigestStream

  /// Values per step: panels that, together with their packed form, fit in the second-level cache.
  private static var stepElementCount: Int { 1 << 16 }

  init(
    _ parameter: Parameter, stored: [StoredTensor] = [], kernels: WeightKernels, region: OutputFile.Region,
    progress: WorkProgress, columnFactors: [Float]? = nil, rowFactors: [Float]? = nil,
    exponents: [Int32]? = nil, rounding: RoundingPlan.Matrix? = nil, correction: [Double]? = nil
  ) {
    self.parameter = parameter
    self.stored = stored
    self.kernels = kernels
    self.region = region
    self.progress = progress
    self.columnFactors = columnFactors
    self.rowFactors = rowFactors
    self.exponents = exponents
    self.rounding = rounding
    self.correction = correction
    canonical = Identity.beginTensor(parameter)
  }

  /// - Parameter values: the complete canonical tensor.
  mutating func encode(_ values: Span<Float>) throws(Failure) {
    guard values.count == parameter.elementCount else {
      throw .weights(
        .elementCount(tensor: parameter.name, expected: parameter.elementCount, found: values.count))
    }
    guard let first = stored.first else { return identify(values) }
    switch first.content {
    case .panels(let shape): try encodePanels(first, shape, values)
    case .table(_, let width): try encodeTable(first, width, values)
    case .vector: try encodeVector(first, values)
    case .scale, .sum, .exponent, .batchNormScale, .batchNormBias, .scalar, .merges, .tokenizerTable,
      .selfTest,
      .selfTestTolerance, .extra:
      identify(values)
    }
  }

  /// Hashes values for the tower's id: each passes here once.
  private mutating func identify(_ values: Span<Float>) {
    canonical.update(values.bytes)
    progress.add(4 * values.count)
  }

  private mutating func encodeVector(_ tensor: StoredTensor, _ values: Span<Float>) throws(Failure) {
    identify(values)
    guard rowFactors != nil || correction != nil else { return try append(values.bytes, as: tensor) }
    var stored = [Float](repeating: 0, count: values.count)
    for index in values.indices {
      let scaled = values[index] * (rowFactors?[index] ?? 1)
      stored[index] = correction.map { Float(Double(scaled) + $0[index]) } ?? scaled
    }
    try append(stored.span.bytes, as: tensor)
  }

  /// A small tensor, padded with zeros.
  private mutating func append(_ bytes: RawSpan, as tensor: StoredTensor) throws(Failure) {
    do {
      storedDigests.append(
        try StoredStream.write(bytes, paddedTo: tensor.byteCount, region, at: tensor.byteOffset))
    } catch { throw .output(error) }
  }

  private func append(_ bytes: RawSpan, to stream: inout StoredStream) throws(Failure) {
    do { try stream.append(bytes) } catch { throw .output(error) }
  }
}

// Matrices in panels.
extension ParameterEncoder {
  private mutating func encodePanels(
    _ tensor: StoredTensor, _ shape: MatrixShape, _ values: Span<Float>
  ) throws(Failure) {
    guard let matrix = WeightMatrix(parameter) else { return }
    if !matrix.isOutputMajor { identify(values) }
    var stream = StoredStream(region, at: tensor.byteOffset)
    var companions = Companions()
    let panelWidth = MatrixShape.panelWidth
    let panelsPerStep = max(1, Self.stepElementCount / (panelWidth * shape.paddedInputs))
    // Buffers that steps reuse: gathered or scaled rows of W, and their packed form.
    var gathered = [Float](repeating: 0, count: panelsPerStep * panelWidth * matrix.inputs)
    var packed = [UInt8](
      repeating: 0, count: panelsPerStep * panelWidth * shape.paddedInputs * tensor.dtype.byteWidth)
    for panel in stride(from: 0, to: shape.panelCount, by: panelsPerStep) {
      let panelCount = min(panelsPerStep, shape.panelCount - panel)
      let firstRow = panel * panelWidth
      let rows = firstRow..<min(firstRow + panelCount * panelWidth, shape.outputs)
      if matrix.isOutputMajor {
        let range = rows.lowerBound * matrix.inputs..<rows.upperBound * matrix.inputs
        identify(values.extracting(range))
      }
      let block = PanelBlock(
        rowCount: rows.count, inputs: matrix.inputs, paddedInputs: shape.paddedInputs, panelCount: panelCount)
      try pack(block, rows, of: values, matrix, tensor, &gathered, &packed, &companions)
      try append(
        packed.span.bytes.extracting(first: block.storedCount * tensor.dtype.byteWidth), to: &stream)
    }
    storedDigests.append(stream.finish())
    try append(companions)
  }

  /// Packs some rows of W.
  private func pack(
    _ block: PanelBlock, _ rows: Range<Int>, of values: Span<Float>, _ matrix: WeightMatrix,
    _ tensor: StoredTensor, _ gathered: inout [Float], _ packed: inout [UInt8],
    _ companions: inout Companions
  ) throws(Failure) {
    if matrix.hasCanonicalRows, columnFactors == nil, rowFactors == nil {
      let range = rows.lowerBound * matrix.inputs..<rows.upperBound * matrix.inputs
      try pack(block, values.extracting(range), firstRow: rows.lowerBound, tensor, &packed, &companions)
    } else {
      var target = gathered.mutableSpan
      matrix.copyRows(rows, of: values, into: &target)
      Equalization.scale(
        rows, inputs: matrix.inputs, rowFactors: rowFactors, columnFactors: columnFactors, &gathered)
      try pack(block, gathered.span, firstRow: rows.lowerBound, tensor, &packed, &companions)
    }
  }

  private func pack(
    _ block: PanelBlock, _ rows: Span<Float>, firstRow: Int, _ tensor: StoredTensor, _ stored: inout [UInt8],
    _ companions: inout Companions
  ) throws(Failure) {
    var target = stored.mutableSpan
    var bytes = target.mutableBytes
    switch tensor.precision {
    case .fp32: kernels.packFloat32(block, rows: rows, into: &bytes)
    case .fp16:
      if let index = kernels.packFloat16(block, rows: rows, into: &bytes) {
        throw overflow(rows[index], row: firstRow + index / block.inputs, input: index % block.inputs)
      }
    case .int8:
      if let rounding {
        packRounded(block, rounding, firstRow: firstRow, into: &bytes, &companions)
      } else {
        let present = rows.extracting(first: block.rowCount * block.inputs)
        let scales = kernels.scales(
          ofLargest: kernels.largestMagnitudes(of: present, rowCount: block.rowCount))
        companions.sums += kernels.packInt8(block, rows: rows, scales: scales, into: &bytes)
        companions.scales += scales
      }
    }
  }

  /// Values that are chosen already: rounding them with scale 1 changes nothing.
  private func packRounded(
    _ block: PanelBlock, _ rounding: RoundingPlan.Matrix, firstRow: Int, into bytes: inout MutableRawSpan,
    _ companions: inout Companions
  ) {
    let start = firstRow * block.inputs
    let values = rounding.values[start..<start + block.rowCount * block.inputs].map { Float($0) }
    let ones = [Float](repeating: 1, count: block.rowCount)
    companions.sums += kernels.packInt8(block, rows: values.span, scales: ones, into: &bytes)
    companions.scales += rounding.scales[firstRow..<firstRow + block.rowCount]
  }

  private func overflow(_ value: Float, row: Int, input: Int) -> Failure {
    let element = WeightMatrix(parameter)?.canonicalIndex(row: row, input: input) ?? input
    return .weights(.overflowsFloat16(tensor: parameter.name, element: element, value: value))
  }

  private mutating func append(_ companions: Companions) throws(Failure) {
    for tensor in stored.dropFirst() {
      switch tensor.content {
      case .scale: try append(companions.scales.span.bytes, as: tensor)
      case .sum: try append(companions.sums.span.bytes, as: tensor)
      case .exponent:
        let exponents = exponents ?? []
        try append(exponents.span.bytes, as: tensor)
      case .panels, .table, .vector, .batchNormScale, .batchNormBias, .scalar, .merges, .tokenizerTable,
        .selfTest,
        .selfTestTolerance, .extra:
        break
      }
    }
  }
}

// Row-major tables.
extension ParameterEncoder {
  private mutating func encodeTable(
    _ tensor: StoredTensor, _ width: Int, _ values: Span<Float>
  ) throws(Failure) {
    var stream = StoredStream(region, at: tensor.byteOffset)
    var companions = Companions()
    let rowCount = tensor.shape[0]
    let storedRowBytes = tensor.shape[1] * tensor.dtype.byteWidth
    let rowsPerStep = max(1, Self.stepElementCount / tensor.shape[1])
    // Padding columns are never written, so they stay zero.
    var stored = [UInt8](repeating: 0, count: rowsPerStep * storedRowBytes)
    for firstRow in stride(from: 0, to: rowCount, by: rowsPerStep) {
      let count = min(rowsPerStep, rowCount - firstRow)
      let step = values.extracting(firstRow * width..<(firstRow + count) * width)
      identify(step)
      let magnitudes = tensor.precision == .int8 ? kernels.largestMagnitudes(of: step, rowCount: count) : []
      let scales = kernels.scales(ofLargest: magnitudes)
      var target = stored.mutableSpan
      var bytes = target.mutableBytes
      for row in 0..<count {
        let source = step.extracting(row * width..<(row + 1) * width)
        let offset = row * storedRowBytes
        switch tensor.precision {
        case .fp32: kernels.copy(source, into: &bytes, at: offset)
        case .fp16:
          if let index = kernels.narrow(source, into: &bytes, at: offset) {
            throw overflow(source[index], row: firstRow + row, input: index)
          }
        case .int8: kernels.quantize(source, scale: scales[row], into: &bytes, at: offset)
        }
      }
      companions.scales += scales
      try append(stored.span.bytes.extracting(first: count * storedRowBytes), to: &stream)
    }
    storedDigests.append(stream.finish())
    try append(companions)
  }
}

/// Per-row results that are collected while rows are processed.
private struct Companions {
  var scales: [Float] = []
  var sums: [Int32] = []
}
