import Architecture
import BundleFormat

extension Session {
  /// Computes the generated inputs that travel in the bundle and compares with the stored unit vectors.
  ///
  /// - Throws: `selfTest`, naming the tower, when a value differs by more than the stored tolerance.
  func selfTest() throws(RuntimeFault) {
    guard let tolerances = model.floats(.selfTestTolerance) else {
      throw RuntimeFault.inconsistent(byteOffset: 0)
    }
    let architecture = model.description.architecture
    if let image = architecture.image {
      let computed = try selfTestVector(of: image)
      try compare(computed, .image, tolerance: tolerance(tolerances[0]))
    }
    if let text = architecture.text {
      let computed = try selfTestVector(of: text)
      try compare(computed, .text, tolerance: tolerance(tolerances[1]))
    }
  }

  /// Of a stored one, which is for FP32 where the weights are FP16: a cosine of 0.9998 is a distance of 0.02 over all
  /// values together.
  private func tolerance(_ stored: Float) -> Float {
    if model.arithmetic == .bf16 { return max(stored, 0.01) }
    return stored
  }

  private func selfTestVector(of tower: ImageTower) throws(RuntimeFault) -> [Float] {
    let pixels = (0..<3 * tower.imageSize * tower.imageSize).map { SelfTestInput.pixel($0) }
    return try vector(width: tower.outputWidth) { (output) throws(RuntimeFault) in
      try pixels.withUnsafeBufferPointer { (buffer) throws(RuntimeFault) in
        try self.encode(.pixels(try required(buffer.baseAddress, "pixels")), count: 1, &output)
      }
    }
  }

  private func selfTestVector(of tower: TextTower) throws(RuntimeFault) -> [Float] {
    var ids = SelfTestInput.ids(tower)
    ids.append(contentsOf: repeatElement(0, count: max(0, tower.contextLength - ids.count)))
    return try vector(width: tower.outputWidth) { (output) throws(RuntimeFault) in
      try ids.withUnsafeBufferPointer { (buffer) throws(RuntimeFault) in
        try self.encode(.ids(try required(buffer.baseAddress, "ids")), count: 1, &output)
      }
    }
  }

  private func vector(
    width: Int, _ encode: (inout BatchOutput) throws(RuntimeFault) -> Void
  ) throws(RuntimeFault) -> [Float] {
    var vector = [Float](repeating: 0, count: width)
    try vector.withUnsafeMutableBufferPointer { (buffer) throws(RuntimeFault) in
      var output = BatchOutput(
        vectors: try required(buffer.baseAddress, "vector"), width: width, isNormalized: true, statuses: nil,
        compute: model.compute)
      try encode(&output)
      if let first = output.firstFault { throw first.fault }
    }
    return vector
  }

  private func compare(_ computed: [Float], _ tower: Tower, tolerance: Float) throws(RuntimeFault) {
    guard let stored = model.floats(.selfTest(tower)) else {
      throw RuntimeFault.inconsistent(byteOffset: 0)
    }
    for index in computed.indices {
      // Written so that a value that is not a number fails too.
      guard (computed[index] - stored[index]).magnitude <= tolerance else {
        throw RuntimeFault.selfTest(tower, index: index)
      }
    }
  }
}
