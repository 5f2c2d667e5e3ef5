public import Models
public import Output
public import Quantization

/// Why nothing was written.
public enum ExportError: Error {
  case model(ModelError)
  /// The weights cannot be stored at this precision.
  case weights(QuantizationError)
  case output(OutputError)
  /// `ExportRequest.isCancelled` returned true.
  case cancelled
  /// The target cannot represent this model.
  case refused(ExportRefusal)
}

/// What a target cannot represent, and what it can.
public struct ExportRefusal: Error, Sendable, Equatable {
  public enum Code: Sendable, Equatable, CaseIterable {
    case precision
    case resNet
    case sigLIP
    case halfModel
    case projections
    case activations
    case pooling
    case score
    case resizeEdge
    case resizeBackend
    case alpha
  }

  public var code: Code
  public var target: ExportTarget
  /// The model's value.
  public var found: String

  init(_ code: Code, _ target: ExportTarget, found: String) {
    self.code = code
    self.target = target
    self.found = found
  }
}

extension ExportRefusal: CustomStringConvertible {
  /// One line: expected and found.
  public var description: String {
    switch code {
    case .precision: "\(target.identifier): expected weights in fp32 or fp16, found \(found)"
    case .resNet: "\(target.identifier): transformers has no ResNet CLIP, and the image tower is \(found)"
    case .sigLIP: "\(target.identifier): expected CLIP's towers, found SigLIP's \(found)"
    case .halfModel: "\(target.identifier): expected both towers, found \(found)"
    case .projections:
      "\(target.identifier): expected both towers to project to one dimension, found \(found)"
    case .activations: "\(target.identifier): expected one activation for both towers, found \(found)"
    case .pooling:
      "\(target.identifier): transformers cannot pool at \(found), which means the highest id to it"
    case .score:
      "\(target.identifier): expected a softmax as score, which transformers' CLIPModel computes, found \(found)"
    case .resizeEdge: "\(target.identifier): its preprocess_cfg cannot state \(found) before the crop"
    case .resizeBackend: "\(target.identifier): its reader has no setting that resizes images with \(found)"
    case .alpha:
      "\(target.identifier): its reader drops the alpha channel, and the model lays images on \(found)"
    }
  }

  /// What to do, one sentence.
  public var hint: String {
    switch code {
    case .precision: "use --precision fp16, or --to onnx for int8"
    case .resNet:
      "use --to open-clip, --to onnx or --to safetensors; or --tower text for the text tower alone"
    case .sigLIP: "use --to onnx or --to safetensors"
    case .halfModel:
      "use --to huggingface, --to onnx or --to safetensors, or give the other tower as a second input"
    case .projections: "use --to onnx or --to safetensors, or one tower of it with --tower"
    case .activations: "use --to huggingface or --to onnx, which name one for each tower"
    case .pooling: "use --to open-clip, --to onnx or --to safetensors"
    case .score: "use --to open-clip or --to safetensors, which carry the bias; or one tower with --tower"
    case .resizeEdge: "use --to huggingface or --to safetensors, or --tower text"
    case .resizeBackend:
      "use --to safetensors, or --tower text, or --resize-backend "
        + (target == .huggingFace ? "torchvision" : "pillow")
        + " with the checkpoint, which changes pixels slightly"
    case .alpha:
      "use --to huggingface or --to safetensors, or --tower text, or --alpha drop with the checkpoint, which changes "
        + "transparent images"
    }
  }
}
