public import Architecture
public import BundleFormat
public import Quantization

/// What to write.
public struct BundleRequest<Source: ParameterSource>: Sendable {
  public var source: Source
  /// Every tower of the source, also those that the bundle leaves out: their ids are carried all the same.
  public var sourceArchitecture: CLIPArchitecture
  /// What the bundle says about itself. `architecture` holds the towers to write; ids and the source's digest are
  /// filled in by the writer, except as said below.
  public var description: BundleDescription
  public var identity = IdentityOrigin.computed
  /// Computes the SHA-256 of the source's files while the tensors are written; nil keeps what `description` states.
  public var sourceDigest: (@Sendable () throws(Source.Failure) -> Digest)?

  public init(source: Source, sourceArchitecture: CLIPArchitecture, description: BundleDescription) {
    self.source = source
    self.sourceArchitecture = sourceArchitecture
    self.description = description
  }
}

/// Where the tower ids come from.
public enum IdentityOrigin: Sendable, Equatable {
  /// From the source's values.
  case computed
  /// The source is a bundle: `description` has its ids, which are those of the checkpoint it was made from.
  case inherited
}

/// Where to write, and with what means; none of it changes a byte.
public struct WriteOptions: Sendable {
  public var path: String
  public var replacesExisting: Bool
  /// Files that are being read, and so never replaced.
  public var sources: [String] = []
  /// At most so many threads; 0 for all that this process may use.
  public var threads = 0
  public var kernels = WeightKernels()
  /// Told how many of how many elements are done, now and then and from any thread.
  public var onProgress: (@Sendable (_ done: Int, _ total: Int) -> Void)?
  /// False forces the way of file systems that know no unnamed files.
  public var usesUnnamedFile = true

  public init(path: String, replacesExisting: Bool = false) {
    self.path = path
    self.replacesExisting = replacesExisting
  }
}
