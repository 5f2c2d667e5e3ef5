public import Architecture

/// A source of canonical weights: an opened checkpoint, or arrays in memory.
///
/// Values can be read from several threads at once, and more than once: a source provides them again instead of
/// keeping them. All values are finite. A source throws otherwise, so callers need not check.
public protocol ParameterSource: Sendable {
  associatedtype Failure: Error

  /// Passes the values of a canonical tensor to `body`: FP32, row-major in `parameter.shape`, OpenAI's layout.
  ///
  /// The span is valid during the call. A source that maps its file then releases the pages.
  func withValues<Result>(
    of parameter: Parameter, _ body: (Span<Float>) -> Result
  ) throws(Failure) -> Result
}

/// Why weights cannot be stored at the requested precision.
public enum QuantizationError: Error, Sendable, Equatable {
  /// NaN or an infinity among values that were computed from weights.
  case notFinite(tensor: ParameterName, element: Int)
  /// Beyond ±65504, the largest FP16 number, after rounding.
  case overflowsFloat16(tensor: ParameterName, element: Int, value: Float)
  /// The source returned another number of values than the shape has.
  case elementCount(tensor: ParameterName, expected: Int, found: Int)
}

extension QuantizationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notFinite(let tensor, let element):
      "tensor \(tensor), element \(element): expected a finite number, found NaN or infinity"
    case .overflowsFloat16(let tensor, let element, let value):
      "tensor \(tensor), element \(element): expected at most ±65504 for FP16, found \(value)"
    case .elementCount(let tensor, let expected, let found):
      "tensor \(tensor): expected \(expected) values, found \(found)"
    }
  }

  /// What to do, one sentence.
  public var hint: String {
    switch self {
    case .notFinite: "the weights are damaged or diverged in training: take another checkpoint"
    case .overflowsFloat16: "convert with --precision fp32 or int8"
    case .elementCount: "report this: the reader and the schema disagree"
    }
  }
}

extension Span where Element == Float {
  /// The index of the first NaN or infinity, or nil.
  public var firstNonFinite: Int? {
    let exponentMask: UInt32 = 0x7F80_0000
    return withUnsafeBufferPointer { values -> Int? in
      // Checks a complete block without a branch, so that it vectorizes; the search only runs if there is something
      // to find.
      var start = 0
      while start < values.count {
        let end = Swift.min(start + 4096, values.count)
        var found: UInt32 = 0
        for index in start..<end {
          found |= values[index].bitPattern & exponentMask == exponentMask ? 1 : 0
        }
        if found != 0 {
          for index in start..<end where !values[index].isFinite { return index }
        }
        start = end
      }
      return nil
    }
  }
}
