import Architecture
import BundleFormat

extension Session {
  /// Encodes the generated inputs and compares the results with the unit vectors stored in the bundle.
  ///
  /// - Throws: `selfTest` with the tower, if a value differs by more than the stored tolerance.
  func selfTest() throws(RuntimeFault) {
    guard let tolerances = model.floats(.selfTestTolerance) else {
      throw RuntimeFault.inconsistent(byteOffset: 0)
    }
    let architecture = model.description.architecture
    if let image = architecture.image {
      try computeSelfTest(of: image)
      try compare(.image, width: image.outputWidth, tolerance: tolerance(tolerances[0]))
    }
    if let text = architecture.text {
      try computeSelfTest(of: text)
      try compare(.text, width: text.outputWidth, tolerance: tolerance(tolerances[1]))
    }
  }

  /// The tolerance in `bf16` arithmetic; the stored one is for FP32 activations. A cosine of 0.9998 is a distance of
  /// 0.02 over all values together.
  private func tolerance(_ stored: Float) -> Float {
    if model.arithmetic == .bf16 { return max(stored, 0.01) }
    return stored
  }

  private func computeSelfTest(of tower: ImageTower) throws(RuntimeFault) {
    guard let pixels = scratch.image?.pixels[0] else { throw RuntimeFault.missing(.imageTower) }
    for index in 0..<3 * tower.imageSize * tower.imageSize { pixels[index] = SelfTestInput.pixel(index) }
    var output = selfTestOutput(width: tower.outputWidth)
    try encode(.pixels(pixels), count: 1, &output)
    if let first = output.firstFault { throw first.fault }
  }

  private func computeSelfTest(of tower: TextTower) throws(RuntimeFault) {
    guard let ids = scratch.text?.context else { throw RuntimeFault.missing(.textTower) }
    let count = SelfTestInput.idCount(tower)
    for position in 0..<count { ids[position] = SelfTestInput.id(position, tower) }
    (ids + count).update(repeating: 0, count: tower.contextLength - count)
    var output = selfTestOutput(width: tower.outputWidth)
    try encode(.ids(ids), count: 1, &output)
    if let first = output.firstFault { throw first.fault }
  }

  private func selfTestOutput(width: Int) -> BatchOutput {
    BatchOutput(
      vectors: scratch.selfTestVector, width: width, isNormalized: true, statuses: nil, compute: model.compute
    )
  }

  private func compare(_ tower: Tower, width: Int, tolerance: Float) throws(RuntimeFault) {
    guard let stored = model.floats(.selfTest(tower)) else {
      throw RuntimeFault.inconsistent(byteOffset: 0)
    }
    let computed = scratch.selfTestVector
    for index in 0..<width {
      // The negated form also rejects NaN.
      guard (computed[index] - stored[index]).magnitude <= tolerance else {
        throw RuntimeFault.selfTest(tower, index: index)
      }
    }
  }
}
