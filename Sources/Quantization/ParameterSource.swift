public import Architecture

/// Where canonical weights come from: an opened checkpoint, or arrays in memory.
///
/// Values may be fetched from several threads at once, and more than once: a source hands them out again rather than
/// keep them. They are finite: a source throws where one is not, so that nobody who takes them looks again.
public protocol ParameterSource: Sendable {
  associatedtype Failure: Error

  /// Hands `body` the values of a canonical tensor: FP32, row-major in `parameter.shape`, OpenAI's layout.
  ///
  /// The span ends with the call; a source that maps its file gives the pages back then.
  func withValues<Result>(
    of parameter: Parameter, _ body: (Span<Float>) -> Result
  ) throws(Failure) -> Result
}

/// Why weights cannot be stored as asked.
public enum QuantizationError: Error, Sendable, Equatable {
  /// NaN or an infinity among values that were computed from weights.
  case notFinite(tensor: ParameterName, element: Int)
  /// Beyond ±65504, the largest FP16 number, after rounding.
  case overflowsFloat16(tensor: ParameterName, element: Int, value: Float)
  /// The source handed out another number of values than the shape has.
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

  /// What the user can do, one sentence.
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
      // A whole block without a branch, so that it vectorizes; the search only runs when there is something to find.
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
