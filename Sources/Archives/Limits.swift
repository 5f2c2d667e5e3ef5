/// Upper bounds that a reader checks before it allocates or loops. All parsers receive the same value.
///
/// Each bound is far above any published checkpoint. Counts are also compared with the bytes that remain, so memory
/// stays in proportion to the actual file.
public struct Limits: Sendable, Equatable {
  /// Bytes of a safetensors header; the limit of the format.
  public var safetensorsHeaderBytes = 100_000_000
  /// Tensors of one checkpoint.
  public var tensors = 200_000
  /// Elements of a tensor that has more elements than its storage, through strides of zero.
  public var expandedElements = 1 << 22
  /// Keyed values in a file, in addition to its tensors.
  public var metadataEntries = 100_000
  /// Bytes of one such key or text.
  public var metadataTextBytes = 1 << 20
  /// Bytes of a tensor's name; those of published models have fewer than 200.
  public var tensorNameBytes = 1024
  /// Texts in one array, such as a vocabulary. The largest published vocabularies have half a million.
  public var metadataTexts = 1 << 22
  /// Combining marks on one letter of a name or text.
  public var combiningMarks = 30
  /// Axes of one tensor.
  public var tensorRank = 16

  /// Bytes of a configuration, index or tokenizer file (the largest published tokenizers have 35 MB).
  public var jsonBytes = 100_000_000
  /// Nesting depth of arrays and objects.
  public var jsonDepth = 64
  /// Values of one JSON text, keys not counted: ten for each of 200,000 tensors.
  public var jsonValues = 2_000_000

  /// Nesting depth of MessagePack's maps and lists.
  public var messagePackDepth = 32
  /// Total bytes of the nested keys that form a tensor's name.
  public var nestedNameBytes = 512

  /// Members of one zip archive.
  public var zipMembers = 200_000
  /// Bytes of one inflated zip member.
  public var inflatedMemberBytes: UInt64 = 8 << 30
  /// Inflated bytes per compressed byte, after `inflationAllowance` is used up. Deflate can reach 1032; float weights
  /// with mostly zero rows stay below 100.
  public var inflationRatio: UInt64 = 256
  /// Total bytes that a file's compressed parts may always inflate to.
  public var inflationAllowance: UInt64 = 1 << 20

  /// Bytes of one pickle.
  public var pickleBytes = 256 << 20
  /// Values on the unpickler's stack.
  public var pickleStack = 1_000_000
  /// Values in the unpickler's memo.
  public var pickleMemo = 2_000_000
  /// Nesting depth of containers when a pickled structure is walked.
  public var pickleDepth = 200
  /// Bytes of the names of an HDF5 dataset and its parent groups, which also bounds the depth of groups.
  public var datasetPathBytes = 1024

  /// Files in a model's folder.
  public var folderEntries = 10_000

  /// The budget for opening the checkpoint; nil until a checkpoint is opened (`withBudget`).
  public internal(set) var budget: Budget?

  public init() {}

  /// For the user's own texts, which are not checked for combining marks.
  public static let ownTexts: Limits = {
    var limits = Limits()
    limits.combiningMarks = .max
    return limits
  }()

  /// The default bounds of every reader.
  public static let standard = Limits()
}
