import Architecture
import BundleFormat
import BundleWriter
import Models
import Verification

extension BundleDescription {
  /// The bundle's description without ids and the source's digest, which the writer computes while it reads the
  /// weights.
  init(_ request: ConversionRequest) {
    self.init()
    let model = request.model
    architecture = request.architecture
    self.model = Array(model.name.utf8)
    score = model.scoreKind
    imagePrecision = request.precision
    textPrecision = request.precision
    if architecture.image != nil, let preprocessing = model.preprocessing {
      self.preprocessing = preprocessing
    }
    if architecture.text != nil {
      tokenizer = model.tokenizer.kind
      switch model.tokenizer {
      case .openAI: tokenizerID = OpenAIVocabulary.id
      case .table(let table):
        tokenizerID = Identity.tokenizer(table: table.span.bytes)
        tokenizerTableBytes = table.count
      case .none: break
      }
    }
    if let fidelity = request.fidelity {
      self.fidelity = fidelity.recorded(architecture, probes: ProbeSet.standard.id)
    }
    provenance.format = Array(model.source.format.utf8)
    provenance.file = Array(model.source.fileName.utf8)
    provenance.tool = Array(request.tool.utf8)
    provenance.license = Array((model.source.licence ?? "").utf8)
    provenance.attribution = Array((model.source.attribution ?? "").utf8)
  }
}
