private import Architecture
public import BundleFormat
public import Output

/// A bundle that is complete except for the self-test's values, and has no name yet.
///
/// It can be opened from `path` like any bundle, to compute the self-test and to measure the fidelity. If it is
/// dropped without `finish`, nothing remains.
public struct UnfinishedBundle: ~Copyable {
  private let file: OutputFile
  private let layout: BundleLayout
  private var digests: [Digest]
  /// As stated in the header, including ids.
  public let description: BundleDescription
  /// Bytes of the complete file.
  public let byteCount: Int

  init(
    file: consuming OutputFile, description: BundleDescription, layout: BundleLayout, digests: [Digest],
    byteCount: Int
  ) {
    self.file = file
    self.description = description
    self.layout = layout
    self.digests = digests
    self.byteCount = byteCount
  }

  /// A path that opens the file from within this process.
  public var path: String { file.readablePath }

  /// The expected embeddings of the generated inputs (`SelfTestInput`), and the tolerance for other machines.
  public struct SelfTest: Sendable, Equatable {
    /// One value per element of the tower's output; nil for a tower that the bundle does not have.
    public var image, text: [Float]?
    /// The largest allowed absolute difference from each tower's values.
    public var imageTolerance, textTolerance: Float

    public init(image: [Float]?, text: [Float]?, imageTolerance: Float, textTolerance: Float) {
      self.image = image
      self.text = text
      self.imageTolerance = imageTolerance
      self.textTolerance = textTolerance
    }

    /// The values of a tensor of the self-test; nil for other tensors.
    fileprivate func values(of content: StoredTensor.Content) -> [Float]? {
      switch content {
      case .selfTest(.image): image ?? []
      case .selfTest(.text): text ?? []
      case .selfTestTolerance: [imageTolerance, textTolerance]
      case .panels, .table, .vector, .scale, .sum, .exponent, .batchNormScale, .batchNormBias, .scalar,
        .merges, .tokenizerTable, .extra:
        nil
      }
    }
  }

  /// Stores the self-test, writes the final header and publishes the file in one step.
  ///
  /// - Returns: the bundle id.
  public consuming func finish(_ selfTest: SelfTest) throws(OutputError) -> Digest {
    var digests = self.digests
    for (index, tensor) in layout.tensors.enumerated() {
      guard let values = selfTest.values(of: tensor.content) else { continue }
      precondition(values.count <= tensor.byteCount / 4, "more values than the tower puts out")
      let offset = byteCount - layout.byteCount + tensor.byteOffset
      digests[index] = try StoredStream.write(
        values.span.bytes, paddedTo: tensor.byteCount, file.region, at: offset)
    }
    let header: [UInt8]
    do {
      header = try HeaderEncoder.encode(description, layout, digests: digests)
    } catch {
      // Cannot fail: the same description was encoded when the data was written.
      preconditionFailure("the header no longer encodes: \(error)")
    }
    try file.region.write(header.span.bytes, at: 0)
    try file.publish()
    var stream = DigestStream()
    stream.update(header)
    return stream.finish()
  }
}
