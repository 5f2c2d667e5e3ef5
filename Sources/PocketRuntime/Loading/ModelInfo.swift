import Architecture
import BundleFormat
import CKernels
import CPocketCLIP
import Tokenizer

extension pclip_model_info {
  init(_ model: Model) {
    self.init()
    let description = model.description
    if let tower = description.architecture.image {
      has_image = 1
      image_output = Int32(tower.outputWidth)
      image_projected = tower.outputsEmbedding ? 1 : 0
      image_size = Int32(tower.imageSize)
      embedding_dim = tower.outputsEmbedding ? image_output : 0
    }
    if let tower = description.architecture.text {
      has_text = 1
      text_output = Int32(tower.outputWidth)
      text_projected = tower.projection == nil ? 0 : 1
      context_length = Int32(tower.contextLength)
      vocabulary_size = Int32(tower.vocabularySize)
      attends_pads = tower.attendsPads ? 1 : 0
      embedding_dim = max(embedding_dim, Int32(tower.projection ?? 0))
    }
    has_tokenizer = model.tokenizer == nil ? 0 : 1
    arithmetic =
      switch model.arithmetic {
      case .fast: Int32(PCLIP_ARITHMETIC_FAST)
      case .exact: Int32(PCLIP_ARITHMETIC_EXACT)
      case .bf16: Int32(PCLIP_ARITHMETIC_BF16)
      }
    threads = Int32(clamping: model.compute.threads)
    setScore(model.score)
    file_bytes = UInt64(model.file.count)
    pad_id = model.tokenizer?.padID ?? -1
    setNames(model)
  }

  private mutating func setScore(_ score: Score?) {
    guard let score else { return }
    logit_scale = pk_expf(score.logScale)
    switch score {
    case .softmax: score_kind = Int32(PCLIP_SCORE_SOFTMAX)
    case .sigmoid(_, let bias):
      score_kind = Int32(PCLIP_SCORE_SIGMOID)
      logit_bias = bias
    }
  }

  private mutating func setNames(_ model: Model) {
    // Both buffers hold all digits; the remaining bytes are already zero.
    withUnsafeMutableBytes(of: &space_id) { target in
      var count = 0
      model.description.spaceID.write { digit in
        target[count] = digit
        count += 1
      }
    }
    withUnsafeMutableBytes(of: &bundle_id) { target in
      for index in 0..<Digest.hexCount { target[index] = model.header.bundleID.hexDigit(at: index) }
    }
    let name = model.compute.kernels.pointee.name
    withUnsafeMutableBytes(of: &isa) { target in
      for index in 0..<min(name.count, target.count - 1) { target[index] = UInt8(bitPattern: name[index]) }
    }
  }
}
