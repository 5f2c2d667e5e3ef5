internal import Architecture
internal import BundleFormat
internal import Models

extension ExportTarget {
  public static let safetensors = ExportTarget(
    "safetensors", name: "safetensors", summary: "one file with OpenAI's tensor names",
    plan: { request, spaceID in ExportPlan(safetensors: request, spaceID: spaceID) })
}

extension ExportPlan {
  fileprivate init(safetensors request: ExportRequest, spaceID: SpaceID) {
    let metadata = request.metadata(spaceID: spaceID)
    files = [PlannedFile(safetensors: "", request.tensors(.openAI), metadata: metadata)]
    notes = [
      "the file does not record these settings: state them when you load it: \(request.model.architecture.unrecorded)"
    ]
  }
}

extension CLIPArchitecture {
  /// The settings that tensor shapes do not determine, in the spelling of PocketCLIP's options.
  fileprivate var unrecorded: String {
    let heads = [image?.heads, text?.stack.heads].compactMap(\.self)
    let activations = activations.map(\.optionName)
    // Readers know the pooling of a model with OpenAI's vocabulary.
    let pooling =
      text.map {
        $0.vocabularySize == OpenAIConvention.vocabularySize ? "" : ", --pooling \($0.pooling.optionText)"
      } ?? ""
    let preprocessing = image == nil ? "" : ", and the preprocessing of images"
    return "--activation \(Self.brief(activations)), --heads \(heads.map(String.init).joined(separator: ","))"
      + pooling + preprocessing
  }

  /// A single value if both towers have the same.
  private static func brief(_ values: [String]) -> String {
    Set(values).count == 1 ? values[0] : values.joined(separator: ",")
  }
}

extension Activation {
  fileprivate var optionName: String {
    switch self {
    case .quickGELU: "quickgelu"
    case .gelu: "gelu"
    case .geluTanh: "gelu_tanh"
    }
  }
}
