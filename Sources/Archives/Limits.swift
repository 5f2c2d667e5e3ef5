/// Upper bounds for what a reader accepts before it allocates or loops; one value threaded through every parser.
///
/// Each is far above any published checkpoint. Counts are also compared with the bytes that remain, so memory stays
/// in proportion to the real file whatever the file claims.
public struct Limits: Sendable, Equatable {
  /// Bytes of a safetensors header; the format's own cap.
  public var safetensorsHeaderBytes = 100_000_000
  /// Tensors of one checkpoint.
  public var tensors = 200_000
  /// Elements of a tensor that has more of them than its storage, by strides of zero.
  public var expandedElements = 1 << 22
  /// Keyed values that a file states about itself beside its tensors.
  public var metadataEntries = 100_000
  /// Bytes of one such key or text.
  public var metadataTextBytes = 1 << 20
  /// Bytes of a tensor's name; those of published models have fewer than 200.
  public var tensorNameBytes = 1024
  /// Texts in one array of them, as a vocabulary; the largest published have half a million.
  public var metadataTexts = 1 << 22
  /// Combining marks on one letter of a name or text.
  public var combiningMarks = 30
  /// Axes of one tensor.
  public var tensorRank = 16

  /// Bytes of a configuration, index or tokenizer file (the largest published tokenizers have 35 MB).
  public var jsonBytes = 100_000_000
  /// Arrays and objects inside one another.
  public var jsonDepth = 64
  /// Values of one JSON text, keys not counted: ten for each of 200,000 tensors.
  public var jsonValues = 2_000_000

  /// Maps and lists of MessagePack inside one another.
  public var messagePackDepth = 32
  /// Bytes of a tensor's name that nested keys make up together.
  public var nestedNameBytes = 512

  /// Members of one zip archive.
  public var zipMembers = 200_000
  /// Bytes of one inflated zip member.
  public var inflatedMemberBytes: UInt64 = 8 << 30
  /// Inflated bytes per compressed byte, once `inflationAllowance` is used up. Deflate can reach 1032; float weights
  /// with most rows zero stay below 100.
  public var inflationRatio: UInt64 = 256
  /// Bytes that a file's compressed parts may always inflate to, together.
  public var inflationAllowance: UInt64 = 1 << 20

  /// Bytes of one pickle.
  public var pickleBytes = 256 << 20
  /// Values on the unpickler's stack.
  public var pickleStack = 1_000_000
  /// Values in the unpickler's memo.
  public var pickleMemo = 2_000_000
  /// Containers inside one another, when a pickled structure is walked.
  public var pickleDepth = 200
  /// Bytes of the names of an HDF5 dataset and the groups above it, which also bounds how deep groups lie.
  public var datasetPathBytes = 1024

  /// Files in a model's folder.
  public var folderEntries = 10_000

  /// What opening the checkpoint may take in total; nil where nothing is opened yet (`withBudget`).
  public internal(set) var budget: Budget?

  public init() {}

  /// For texts of the user's own, which are kept as they are.
  public static let ownTexts: Limits = {
    var limits = Limits()
    limits.combiningMarks = .max
    return limits
  }()

  /// The bounds every reader uses unless a caller or a test gives others.
  public static let standard = Limits()
}
