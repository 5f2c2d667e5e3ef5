import Architecture
import BundleFormat
import BundleWriter
import PocketCLIP
import Progress
import Verification

extension OpenBundle {
  /// Opens a bundle with the arithmetic that is equal on every machine: `exact`, with the bits of the scalar kernels.
  ///
  /// SSE4.1 has no fused multiply-add, so its kernels give these bits, in a third of the time. A machine without it runs
  /// the scalar ones.
  static func forSelfTest(path: String) throws(PocketCLIPError) -> OpenBundle {
    var options = Model.Options()
    options.arithmetic = .exact
    options.instructionSet = "sse41"
    do throws(PocketCLIPError) {
      return try OpenBundle(path: path, options: options)
    } catch {
      guard error.code == .unsupported else { throw error }
      options.instructionSet = "scalar"
      return try OpenBundle(path: path, options: options)
    }
  }
}

extension UnfinishedBundle.SelfTest {
  /// Computes the embeddings of the generated inputs.
  ///
  /// - Parameter bundle: opened `forSelfTest`.
  init(_ bundle: OpenBundle, _ progress: WorkProgress) throws(PocketCLIPError) {
    let description = bundle.description
    var limits = Session.Limits()
    limits.batch = 1
    limits.width = 1
    limits.height = 1
    let session = try Session(bundle.model, limits: limits)
    progress.begin("computing the self-test", .operations, of: description.architecture.countedMultiplyAdds)
    var imageVector: [Float]?
    var textVector: [Float]?
    if let image = description.architecture.image {
      let pixels = (0..<3 * image.imageSize * image.imageSize).map { SelfTestInput.pixel($0) }
      imageVector = try session.countingLayers(of: description.architecture, progress) {
        () throws(PocketCLIPError) in
        try session.encode(pixels: [pixels])[0]
      }
    }
    if let text = description.architecture.text {
      var ids = SelfTestInput.ids(text)
      ids += [Int32](repeating: 0, count: max(0, text.contextLength - ids.count))
      textVector = try session.countingLayers(of: description.architecture, progress) {
        () throws(PocketCLIPError) in
        try session.encode(ids: [ids])[0]
      }
    }
    self.init(
      image: imageVector, text: textVector,
      imageTolerance: SelfTestTolerance.of(description.imagePrecision, description.architecture.image),
      textTolerance: SelfTestTolerance.of(description.textPrecision, nil))
  }
}

/// The largest deviation of a value of a unit vector on another machine. A unit vector of 512 values has values near
/// 0.04; on a machine that computes wrongly, the deviation is about as large.
enum SelfTestTolerance {
  /// Float arithmetic only differs by rounding, about 1e-6.
  static let float: Float = 1e-4
  /// `fast` rounds activations to 8 bits: a cosine of 0.9998 is a distance of 0.02 over all values together.
  static let int8Transformer: Float = 0.01
  /// Errors accumulate over a ResNet's depth: a cosine of 0.998 is a distance of 0.063.
  static let int8ResNet: Float = 0.03

  static func of(_ precision: Precision, _ tower: ImageTower?) -> Float {
    switch (precision, tower?.trunk.activationScaling ?? .perToken) {
    case (.fp32, _), (.fp16, _): float
    case (.int8, .perMap): int8ResNet
    case (.int8, .perToken): int8Transformer
    }
  }
}
