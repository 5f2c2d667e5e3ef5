public import Architecture
public import BundleFormat
public import Progress
public import Quantization

/// What to write.
public struct BundleRequest<Source: ParameterSource>: Sendable {
  public var source: Source
  /// All towers of the source, including towers that are not written, because the bundle stores their ids too.
  public var sourceArchitecture: CLIPArchitecture
  /// The bundle's description. `architecture` holds the towers to write. The writer fills in ids and the source's
  /// digest, except as stated below.
  public var description: BundleDescription
  /// The bytes of the tokenizer's table; empty without one.
  public var tokenizerTable: [UInt8] = []
  public var identity = IdentityOrigin.computed
  /// Rounding of int8 matrices; it changes the stored weights, and no id.
  public var rounding = RoundingPlan.nearest
  /// Computes the SHA-256 of the source's files while the tensors are written; nil keeps the value in `description`.
  public var sourceDigest: (@Sendable () throws(Source.Failure) -> Digest)?
  /// Bytes that `sourceDigest` adds to the options' progress.
  public var sourceByteCount = 0

  public init(source: Source, sourceArchitecture: CLIPArchitecture, description: BundleDescription) {
    self.source = source
    self.sourceArchitecture = sourceArchitecture
    self.description = description
  }
}

/// How the tower ids are determined.
public enum IdentityOrigin: Sendable, Equatable {
  /// From the source's values.
  case computed
  /// The source is a bundle: `description` has its ids, which are those of its source checkpoint.
  case inherited
}

/// Where to write, and with which resources. No option changes the bytes.
public struct WriteOptions: Sendable {
  public var path: String
  public var replacesExisting: Bool
  /// Files that are being read and must not be replaced.
  public var sources: [String] = []
  /// The most threads; 0 for all that this process may use.
  public var threads = 0
  public var kernels = WeightKernels()
  /// Counts the bytes that were read; weights count as FP32.
  public var progress = WorkProgress.unwatched
  /// False uses the method for file systems without unnamed files.
  public var usesUnnamedFile = true

  public init(path: String, replacesExisting: Bool = false) {
    self.path = path
    self.replacesExisting = replacesExisting
  }
}
