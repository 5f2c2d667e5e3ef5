internal import Architecture
internal import Archives
internal import Checkpoints

extension Checkpoint {
  /// The number of heads that big_vision's attention kernels state: queries, keys and values are [width, heads, size], the
  /// output is [heads, size, width], and a bias is [heads, size]. Nil for other names.
  ///
  /// - Throws: `wrongShape` if two kernels of a tower differ.
  func kernelHeads() throws(ModelError) -> KernelHeads? {
    var found = KernelHeads()
    var witnesses: [Tower: String] = [:]
    for tensor in tensors {
      guard let tower = Self.tower(ofKernel: tensor.name), let heads = Self.heads(tensor) else { continue }
      guard let witness = witnesses[tower] else {
        witnesses[tower] = tensor.name
        found[tower] = heads
        continue
      }
      guard found[tower] == heads else {
        throw ModelError(
          .wrongShape, tensor: tensor.name,
          expected: "\(counted(found[tower] ?? 0, "head")), as \(witness) has", found: "\(tensor.shape)",
          file: tensor.file)
      }
    }
    return witnesses.isEmpty ? nil : found
  }

  private static func tower(ofKernel name: String) -> Tower? {
    guard name.contains(".MultiHeadDotProductAttention_0.") else { return nil }
    return name.hasPrefix("img.") ? .image : name.hasPrefix("txt.") ? .text : nil
  }

  /// Nil if the tensor has no axis of heads. A tensor of the wrong rank fails where its axes are used.
  private static func heads(_ tensor: CheckpointTensor) -> Int? {
    let isOutput = tensor.name.contains(".out.")
    switch (tensor.name.hasSuffix(".kernel"), tensor.shape.count) {
    case (true, 3): return tensor.shape[isOutput ? 0 : 1]
    case (false, 2): return isOutput ? nil : tensor.shape[0]
    default: return nil
    }
  }
}

extension KernelHeads {
  fileprivate subscript(tower: Tower) -> Int? {
    get {
      switch tower {
      case .image: image
      case .text: text
      }
    }
    set {
      switch tower {
      case .image: image = newValue
      case .text: text = newValue
      }
    }
  }
}

extension StatedFacts {
  /// What big_vision's files show, and what its code fixes for all of them.
  static func bigVision(_ heads: KernelHeads, sizes: CLIPArchitecture) -> StatedFacts {
    var facts = StatedFacts()
    facts.image = tower(heads.image)
    facts.text = tower(heads.text)
    if sizes.text != nil {
      facts.pooling = Stated(.last, .libraryDefault, "pool_type of big_vision's text_transformer.py")
    }
    return facts
  }

  private static func tower(_ heads: Int?) -> TowerFacts {
    TowerFacts(
      heads: heads.map { Stated($0, .tensors, "the axis of heads of big_vision's attention kernels") },
      activation: Stated(.geluTanh, .libraryDefault, "big_vision's nn.gelu, the tanh approximation"),
      epsilon: Stated(ModelFamily.sigLIP.epsilon, .libraryDefault, "nn.LayerNorm of flax"))
  }
}

extension Checkpoint {
  static let noteOnBigVisionPixels =
    "big_vision's own resize (tf.image.resize: bilinear, not antialiased, truncated to whole levels) is not one that PocketCLIP "
    + "has: vectors of images that must be resized differ from big_vision's"
}
