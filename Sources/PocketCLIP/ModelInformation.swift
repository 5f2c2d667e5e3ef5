internal import CPocketCLIP

/// The contents of a bundle and how it was opened.
public struct ModelInformation: Sendable, Equatable {
  public var hasImage, hasText, hasTokenizer: Bool
  /// 0 if no tower present has a projection.
  public var embeddingDimension: Int
  /// Values per image and per text; the width of the hidden state if the tower has no projection.
  public var imageOutput, textOutput: Int
  public var imageIsProjected, textIsProjected: Bool
  /// Pixels along each side of the preprocessed square.
  public var imageSize: Int
  public var contextLength: Int
  public var vocabularySize: Int
  public var arithmetic: Model.Arithmetic
  public var threads: Int
  /// exp of the stored logarithm; nil if the source has none.
  public var logitScale: Float?
  /// Nil for a softmax.
  public var logitBias: Float?
  public var scoreKind: ScoreKind
  /// The id that fills the positions after a text's end; nil without a tokenizer.
  public var padID: Int?
  /// Whether embeddings depend on the ids after the end of a text. Always false for causal text towers.
  public var attendsPads: Bool
  public var instructionSet: String
  /// `IMAGE.TEXT` in hex, `-` where unknown.
  public var spaceID: String
  /// SHA-256 of the header.
  public var bundleID: String
  public var fileByteCount: UInt64

  init(_ handle: OpaquePointer) throws(PocketCLIPError) {
    var info = pclip_model_info()
    info.size = MemoryLayout<pclip_model_info>.size
    try check { pclip_get_info(handle, &info, $0) }
    hasImage = info.has_image != 0
    hasText = info.has_text != 0
    hasTokenizer = info.has_tokenizer != 0
    embeddingDimension = Int(info.embedding_dim)
    imageOutput = Int(info.image_output)
    textOutput = Int(info.text_output)
    imageIsProjected = info.image_projected != 0
    textIsProjected = info.text_projected != 0
    imageSize = Int(info.image_size)
    contextLength = Int(info.context_length)
    vocabularySize = Int(info.vocabulary_size)
    guard let arithmetic = Model.Arithmetic(rawValue: info.arithmetic) else {
      throw PocketCLIPError(.unsupported, message: "arithmetic: expected 1 to 3, found \(info.arithmetic)")
    }
    self.arithmetic = arithmetic
    threads = Int(info.threads)
    logitScale = info.logit_scale == 0 ? nil : info.logit_scale
    scoreKind = info.score_kind == PCLIP_SCORE_SIGMOID ? .sigmoid : .softmax
    logitBias = scoreKind == .sigmoid ? info.logit_bias : nil
    padID = info.pad_id < 0 ? nil : Int(info.pad_id)
    attendsPads = info.attends_pads != 0
    instructionSet = string(info.isa)
    spaceID = string(info.space_id)
    bundleID = string(info.bundle_id)
    fileByteCount = info.file_bytes
  }
}

/// How similarities become probabilities.
public enum ScoreKind: String, Sendable, Equatable {
  /// Over the texts of an image: they sum to 1.
  case softmax
  /// Of each image–text pair separately.
  case sigmoid
}

/// Whether embeddings of two bundles may be compared: any id known on both sides must be equal.
///
/// Repeats the host's `SpaceID`, because this module uses the C interface only.
public enum SpaceComparison: Sendable, Equatable {
  case same
  case different
  /// No id is known on both sides.
  case unknown

  /// - Parameters: two space ids, `IMAGE.TEXT`.
  public init(_ first: String, _ second: String) {
    let pairs = zip(first.split(separator: "."), second.split(separator: "."))
    let known = pairs.filter { $0 != "-" && $1 != "-" }
    self = known.isEmpty ? .unknown : known.allSatisfy { $0 == $1 } ? .same : .different
  }
}
