internal import Checkpoints

/// Configurations beside a single file that are of another library than the names of its tensors: each library writes its
/// own names, so they were left there with another model.
struct ForeignNeighbours {
  /// Without them.
  private(set) var evidence: Evidence
  /// Which were left out; nil for none.
  private(set) var names: String?

  /// A folder is one model's, whatever lies in it; a graph has no library's names.
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
