internal import Checkpoints

/// Excludes configurations next to a single file that belong to another library than its tensor names. Each library
/// writes its own names, so these configurations belong to another model.
struct ForeignNeighbours {
  /// The evidence without them.
  private(set) var evidence: Evidence
  /// Names of the excluded files; nil if there are none.
  private(set) var names: String?

  /// Does nothing for folders, which belong to one model, and for graphs, whose names belong to no library.
  init(_ evidence: Evidence, _ library: NamingConvention.Library) {
    self.evidence = evidence
    guard evidence.isSingleFile, evidence.graph == nil else { return }
    let foreign: [WritableKeyPath<Evidence, ConfigFile?>] =
      switch library {
      case .openAI: [\.huggingFaceConfig, \.preprocessorConfig, \.processorConfig]
      case .huggingFace: [\.openCLIPConfig, \.openCLIPPreprocessing]
      case .kerasHub: []
      }
    let origins = foreign.compactMap { evidence[keyPath: $0]?.origin }
    for path in foreign { self.evidence[keyPath: path] = nil }
    if !origins.isEmpty { names = origins.joined(separator: ", ") }
  }
}
