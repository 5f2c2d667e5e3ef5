public import Architecture
public import TensorTypes

/// One tensor of a bundle: its position in the file and its content.
public struct StoredTensor: Sendable, Equatable {
  public var name: ParameterName
  public var dtype: DType
  /// The padded shape in the file.
  public var shape: [Int]
  public var content: Content
  /// Index into the schema's parameters; nil for tensors that checkpoints do not hold (scalars, tokenizer,
  /// self-test).
  public var parameter: Int?
  /// Counted from the start of the file.
  public var byteOffset: Int
  public var byteCount: Int
  /// Whether the inputs of an int8 matrix have 16 bits in `fast` arithmetic too.
  public var hasWideInputs = false

  /// The type and layout of the elements.
  public enum Content: Sendable, Equatable {
    /// Panels of weights.
    case panels(MatrixShape)
    /// Row-major `[rows, width]`, each row padded to 64 bytes.
    case table(rows: Int, width: Int)
    /// A vector of `count` values, padded to a multiple of 16.
    case vector(count: Int)
    /// F32 per output channel or row of the int8 tensor before it.
    case scale(count: Int)
    /// I32 Σq per output channel of the int8 tensor before it.
    case sum(count: Int)
    /// I32 per input channel: the weights were multiplied by 2^e, the input divided by it.
    case exponent(count: Int)
    /// F32 γ / √(σ² + ε).
    case batchNormScale(count: Int)
    /// F32 β − μ · γ / √(σ² + ε).
    case batchNormBias(count: Int)
    /// F32 `[16]`: the values, then padding.
    case scalar(Scalar)
    /// U16 `[48896, 2]`.
    case merges
    /// U8: a table of pieces and text rules (docs/TOKENIZER.md), padded to 64 bytes.
    case tokenizerTable(byteCount: Int)
    /// F32, the expected embedding.
    case selfTest(Tower)
    /// F32 `[16]`: image, text.
    case selfTestTolerance
    /// Optional and ignored: a tensor whose name begins with `x.`.
    case extra
  }

  public enum Scalar: Sendable, Equatable {
    case logitScale, logitBias, imageEpsilon, textEpsilon, mean, standardDeviation
  }
}

/// A matrix y = W·x as panels of 16 outputs.
public struct MatrixShape: Sendable, Equatable {
  /// N, K without padding.
  public var outputs, inputs: Int

  public init(outputs: Int, inputs: Int) {
    self.outputs = outputs
    self.inputs = inputs
  }

  /// N rounded up to complete panels.
  public var paddedOutputs: Int { roundUp(outputs, to: MatrixShape.panelWidth) }
  /// K rounded up to groups of four.
  public var paddedInputs: Int { roundUp(inputs, to: MatrixShape.inputGroup) }
  public var panelCount: Int { paddedOutputs / MatrixShape.panelWidth }

  public static let panelWidth = 16
  public static let inputGroup = 4
}

/// Rounds a non-negative count up to a multiple.
public func roundUp(_ count: Int, to multiple: Int) -> Int {
  (count + multiple - 1) / multiple * multiple
}
