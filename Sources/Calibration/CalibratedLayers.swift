internal import Architecture
internal import BundleFormat
internal import Models
internal import Progress
internal import Quantization
internal import ReferenceForward

/// Receives the inputs of one layer after another and chooses the rounding of its weights.
final class CalibratedLayers {
  /// The rows to count in the tower that runs.
  var rows = CalibratedRows.all
  private let model: CLIPModel
  private let parameters: [Parameter]
  private let indices: [String: Int]
  private let equalization: Equalization
  private let progress: WorkProgress
  private var plan = RoundingPlan()
  private var failure: ModelError?

  /// Added to the moments, as a fraction of their mean.
  private static let damping = 0.01
  /// Values of the rows that are gathered at once.
  private static let gatheredValues = 1 << 22

  init(
    _ model: CLIPModel, _ towers: CLIPArchitecture, threads: Int, _ progress: WorkProgress
  ) throws(ModelError) {
    self.model = model
    self.progress = progress
    parameters = model.schema.parameters
    indices = Dictionary(
      uniqueKeysWithValues: parameters.enumerated().map { ($0.element.name.description, $0.offset) })
    equalization = try Equalization(of: model, parameters, threads: threads) { towers.has($0) }
  }

  func observe(_ weights: String, _ inputs: LayerInputs) {
    guard failure == nil, let index = indices[weights] else { return }
    do throws(ModelError) { try choose(index, inputs) } catch { failure = error }
  }

  /// - Throws: what reading weights threw.
  func finish() throws(ModelError) -> RoundingPlan {
    if let failure { throw failure }
    return plan
  }

  private func choose(_ index: Int, _ inputs: LayerInputs) throws(ModelError) {
    let parameter = parameters[index]
    defer { progress.add(parameter.roundingOperations) }
    guard let matrix = WeightMatrix(parameter), matrix.inputs == inputs.width else { return }
    let bias = RoundingPlan.biasIndex(of: index, in: parameters)
    guard let feedback = feedback(inputs, isCentred: bias != nil, equalization.consumers[index]) else {
      return  // Inputs of zeros choose nothing: to nearest.
    }
    let rows = try model.storedRows(of: index, matrix, equalization)
    let kernels = WeightKernels()
    let scales = kernels.scales(
      ofLargest: kernels.largestMagnitudes(of: rows.span, rowCount: matrix.outputs))
    let values = feedback.round(rows, scales: scales)
    plan.matrices[parameter.name] = RoundingPlan.Matrix(values: values, scales: scales)
    if let bias {
      plan.corrections[parameters[bias].name] = feedback.meanErrors(rows, scales: scales, values)
    }
  }

  /// Nil if the inputs are zero or not finite.
  private func feedback(_ inputs: LayerInputs, isCentred: Bool, _ exponents: [Int32]?) -> ErrorFeedback? {
    let largest = inputs.largest
    guard largest.isFinite else { return nil }
    var moments = SecondMoments(width: inputs.width, largest: largest)
    var gathered: [Float] = []
    var rowCount = 0
    for range in rows.ranges(of: inputs, limit: max(1, Self.gatheredValues / inputs.width)) {
      rowCount += range.count
      // Sums of more rows may not be exact. Only narrow layers on many images have as many.
      guard rowCount <= SecondMoments.mostRows else { break }
      gathered += inputs.rows(range)
      guard gathered.count >= Self.gatheredValues else { continue }
      moments.add(gathered)
      gathered = []
    }
    moments.add(gathered)
    return moments.factored(exponents: exponents, isCentred: isCentred, damping: Self.damping)
  }

  static func operationCount(_ parameters: [Parameter], _ towers: CLIPArchitecture) -> Int {
    parameters.filter { towers.has($0.tower) }.reduce(0) { $0 + $1.roundingOperations }
  }
}

extension Parameter {
  /// Multiply-adds of factoring K × K moments and of feeding N rows' errors forward.
  fileprivate var roundingOperations: Int {
    switch role {
    case .linear, .projection, .convolution:
      guard let matrix = WeightMatrix(self) else { return 0 }
      return matrix.inputs * matrix.inputs * (matrix.inputs / 6 + matrix.outputs / 2)
    case .tokenTable, .positions, .vector, .batchNorm, .logitScale, .logitBias: return 0
    }
  }
}
