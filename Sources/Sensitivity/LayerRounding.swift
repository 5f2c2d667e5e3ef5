internal import Architecture
package import BundleFormat
package import Models
internal import Parallel
package import Quantization
internal import ReferenceForward

/// A matrix as an int8 bundle rounds it, and its inputs as `fast` rounds them.
package struct LayerRounding {
  let model: CLIPModel
  let plan: RoundingPlan
  let equalization: Equalization
  private let kernels = WeightKernels()

  package init(model: CLIPModel, plan: RoundingPlan, equalization: Equalization) {
    self.model = model
    self.plan = plan
    self.equalization = equalization
  }

  /// Rounded weights; then rounded inputs, except of the token table.
  ///
  /// - Parameter index: of a matrix in the schema.
  func changes(of index: Int) throws(ModelError) -> [LayerChange] {
    let parameter = model.schema.parameters[index]
    guard let matrix = WeightMatrix(parameter) else { return [] }
    if parameter.role == .tokenTable { return [.inputs(roundedRows)] }
    let factors = equalization.columnFactors(of: index)
    let unit = InputUnit(of: model.architecture, parameter)
    return [
      .weights(try roundedWeights(of: index, matrix), addedToOutputs: addition(of: index)),
      .inputs { inputs in inputs.rounded(unit, dividedBy: factors) },
    ]
  }

  /// Rows of the token table, each to nearest with its own scale.
  private func roundedRows(_ table: Tensor) -> Tensor {
    let rows = (0..<table.rowCount).flatMap { row in
      let values = Array(table.row(row))
      return nearest(values, scale: scales(values, rowCount: 1)[0])
    }
    return Tensor(table.shape, rows)
  }

  /// The weights that a bundle restores, in canonical order.
  package func roundedWeights(of index: Int, _ matrix: WeightMatrix) throws(ModelError) -> [Float] {
    var rows = try roundedRows(index, matrix)
    Equalization.scale(
      0..<matrix.outputs, inputs: matrix.inputs,
      rowFactors: equalization.rowFactors(of: index, rowCount: matrix.outputs).map { $0.map { 1 / $0 } },
      columnFactors: equalization.columnFactors(of: index).map { $0.map { 1 / $0 } }, &rows)
    guard !matrix.hasCanonicalRows else { return rows }
    var values = [Float](repeating: 0, count: rows.count)
    var target = values.mutableSpan
    matrix.restoreRows(0..<matrix.outputs, from: rows.span, into: &target)
    return values
  }

  /// As they are stored.
  private func roundedRows(_ index: Int, _ matrix: WeightMatrix) throws(ModelError) -> [Float] {
    guard let planned = plan.matrices[model.schema.parameters[index].name] else {
      return nearest(try model.storedRows(of: index, matrix, equalization), matrix)
    }
    return planned.values.indices.map { Float(planned.values[$0]) * planned.scales[$0 / matrix.inputs] }
  }

  private func nearest(_ rows: [Float], _ matrix: WeightMatrix) -> [Float] {
    let scales = scales(rows, rowCount: matrix.outputs)
    return (0..<matrix.outputs).flatMap { row in
      nearest(Array(rows[row * matrix.inputs..<(row + 1) * matrix.inputs]), scale: scales[row])
    }
  }

  private func scales(_ rows: [Float], rowCount: Int) -> [Float] {
    kernels.scales(ofLargest: kernels.largestMagnitudes(of: rows.span, rowCount: rowCount))
  }

  private func nearest(_ row: [Float], scale: Float) -> [Float] {
    var bytes = [Int8](repeating: 0, count: row.count)
    var span = bytes.mutableSpan
    var raw = span.mutableBytes
    kernels.quantize(row.span, scale: scale, into: &raw, at: 0)
    return bytes.map { Float($0) * scale }
  }

  /// What the corrected bias adds to each output. A BatchNorm's correction is in units of the convolution's outputs.
  package func addition(of index: Int) -> [Float]? {
    let parameters = model.schema.parameters
    guard let bias = RoundingPlan.biasIndex(of: index, in: parameters),
      let correction = plan.corrections[parameters[bias].name]
    else { return nil }
    let factors = equalization.rowFactors(of: bias, rowCount: correction.count)
    return correction.indices.map { Float(correction[$0] / Double(factors?[$0] ?? 1)) }
  }
}

/// The values of a layer's inputs that have one scale.
enum InputUnit {
  /// `token_u8`: a row.
  case row
  /// `image_u8`: all inputs of an item.
  case item

  init(of architecture: CLIPArchitecture, _ parameter: Parameter) {
    guard parameter.tower == .image, let tower = architecture.image else {
      self = .row
      return
    }
    switch tower.trunk.activationScaling {
    case .perToken: self = .row
    case .perMap: self = .item
    }
  }
}

extension Tensor {
  /// As 8 bits represent them.
  ///
  /// - Parameter factors: of each channel; the bundle's inputs are divided by them. Powers of two. Nil for 1.
  fileprivate func rounded(_ unit: InputUnit, dividedBy factors: [Float]?) -> Tensor {
    let kernels = ActivationKernels()
    var result = self
    let length =
      switch unit {
      case .row: width
      case .item: values.count / shape[0]
      }
    result.values.withUnsafeMutableBufferPointer { values in
      parallelFor(values.count / length) { index in
        let part = UnsafeMutableBufferPointer(rebasing: values[index * length..<(index + 1) * length])
        if let factors { for index in 0..<length { part[index] /= factors[index % factors.count] } }
        kernels.round(part)
        if let factors { for index in 0..<length { part[index] *= factors[index % factors.count] } }
      }
    }
    return result
  }
}
