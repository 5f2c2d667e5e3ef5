package import Architecture
internal import Archives
internal import BundleFormat
internal import TensorTypes

/// The distance between neighbouring values of an int8 tensor, for each value in canonical order: its scale, with
/// equalization undone.
package struct RoundingSteps: Sendable {
  /// One step for `width` values that follow each other.
  private let values: [Float]
  private let width: Int

  package init(values: [Float], width: Int) {
    self.values = values
    self.width = width
  }

  package subscript(index: Int) -> Float { values[index / width] }
}

extension CLIPModel {
  /// Nil if the model is no bundle, or stores the parameter in another type than int8.
  package func roundingSteps(of parameter: Parameter) throws(ModelError) -> RoundingSteps? {
    guard let weights = (store as? BundleStore)?.weights, weights.storedType(of: parameter) == .i8 else {
      return nil
    }
    do throws(ReadError) {
      switch parameter.role {
      case .linear, .projection, .convolution: return try RestoredMatrix(weights, parameter).steps
      case .tokenTable, .positions: return try RestoredTable(weights, parameter).steps
      case .vector, .batchNorm, .logitScale, .logitBias: return nil
      }
    } catch {
      throw ModelError(error)
    }
  }
}
