internal import Architecture

extension Topic {
  /// What to change, with the model's own settings.
  func remedy(_ subject: Subject) -> String {
    switch self {
    case .resize:
      let filter = subject.preprocessing?.interpolation == .bilinear ? "bilinear" : "bicubic"
      let library = subject.preprocessing?.backend == .pillow ? "Pillow" : "torchvision"
      return "resize with the \(filter) filter of \(library) on 8-bit pixels, with antialiasing"
    case .crop:
      return subject.preprocessing?.resize == .squash
        ? "resize both edges to the model's size, without cropping"
        : "resize the shorter edge to the model's size, then cut the centre: top = round((height − size) / 2)"
    case .orientation:
      return "do not rotate images: the model was evaluated without (or rotate them for both tools)"
    case .colour: return "decode to 8-bit RGB as Pillow's convert(\"RGB\") does"
    case .transparency:
      return subject.preprocessing?.alpha == .white
        ? "put transparent images on white before resizing"
        : "handle transparency as Pillow's convert(\"RGB\") does after resizing"
    case .values:
      guard let preprocessing = subject.preprocessing else {
        return "use the model's mean and standard deviation"
      }
      let (mean, deviation) = (preprocessing.mean, preprocessing.standardDeviation)
      return "divide by 255, subtract \(mean.text), divide by \(deviation.text)"
    case .layout: return "pass pixels as [images, 3, height, width], red first, top row first"
    case .text: return "clean texts as OpenAI's tokenizer does: ftfy, HTML entities, lower case"
    case .tokens:
      return "begin with the start token (49406), end with the end token (49407), also after cutting"
    case .activation:
      return
        "use \(subject.stack.map { "\($0.activation)" } ?? "the model's activation"), as the model was trained with"
    case .norms:
      return "apply each LayerNorm once, with epsilon \(subject.stack.map { "\($0.epsilon)" } ?? "1e-5")"
    case .attention:
      return "read in_proj_weight as queries, keys, values, in this order; divide scores by √(width / heads)"
    case .heads: return "use \(subject.stack.map { "\($0.heads)" } ?? "the model's number of") heads"
    case .mask:
      return subject.tower == .text
        ? "mask attention in the text tower: each position sees itself and earlier ones"
        : "do not mask attention in the image tower"
    case .positions: return "add the table of positions as it is stored: row 0 to the first token"
    case .depth: return "run every block"
    case .weights:
      return "compare the tensors' layouts with the checkpoint's: [outputs, inputs] for linear layers"
    case .pooling:
      return subject.tower == .image
        ? "take the class token after ln_post, times visual.proj (a vector of \(subject.architecture.image?.outputWidth ?? 0) values)"
        : "take the first end token's state after ln_final, times text_projection (a vector of \(subject.architecture.text?.outputWidth ?? 0) values)"
    case .rows: return "write rows in the order of the inputs"
    case .form: return "keep vectors as the model computes them, or divide each by its length"
    case .model: return "give the checkpoint that the vectors were computed with"
    }
  }
}

extension Preprocessing.RGB {
  fileprivate var text: String { "(\(red), \(green), \(blue))" }
}
