import Architecture

extension BundleHeader {
  /// Sets the description's floats, which are stored as tensors.
  mutating func readScalars(_ file: RawSpan) throws(BundleFault) {
    for tensor in tensors {
      guard case .scalar(let scalar) = tensor.content else { continue }
      let first = try value(0, of: tensor, file)
      switch scalar {
      case .logitScale: try require(first <= Score.largestLogScale, tensor)
      case .logitBias: break
      case .imageEpsilon: try setImageEpsilon(first, tensor)
      case .textEpsilon: try setTextEpsilon(first, tensor)
      case .mean: description.preprocessing.mean = try rgb(tensor, file)
      case .standardDeviation:
        let deviation = try rgb(tensor, file)
        try require(deviation.red > 0 && deviation.green > 0 && deviation.blue > 0, tensor)
        description.preprocessing.standardDeviation = deviation
      }
    }
  }

  private mutating func setImageEpsilon(_ epsilon: Float, _ tensor: StoredTensor) throws(BundleFault) {
    try require(epsilon.isFinite && epsilon > 0, tensor)
    description.architecture.image?.epsilon = epsilon
  }

  private mutating func setTextEpsilon(_ epsilon: Float, _ tensor: StoredTensor) throws(BundleFault) {
    try require(epsilon.isFinite && epsilon > 0, tensor)
    description.architecture.text?.stack.epsilon = epsilon
  }

  private func rgb(_ tensor: StoredTensor, _ file: RawSpan) throws(BundleFault) -> Preprocessing.RGB {
    Preprocessing.RGB(
      try value(0, of: tensor, file), try value(1, of: tensor, file), try value(2, of: tensor, file))
  }

  /// A finite value of an F32 tensor whose range was validated against the file.
  private func value(_ index: Int, of tensor: StoredTensor, _ file: RawSpan) throws(BundleFault) -> Float {
    let offset = tensor.byteOffset + 4 * index
    guard offset + 4 <= file.byteCount else { throw BundleFault(.fileCovered, at: offset) }
    let bits = unsafe file.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self)
    let value = Float(bitPattern: UInt32(littleEndian: bits))
    guard value.isFinite else { throw BundleFault(.scalarValue, at: offset) }
    return value
  }

  private func require(_ holds: Bool, _ tensor: StoredTensor) throws(BundleFault) {
    guard holds else { throw BundleFault(.scalarValue, at: tensor.byteOffset) }
  }
}
