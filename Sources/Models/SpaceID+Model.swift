internal import Architecture
public import BundleFormat
internal import Parallel
public import Progress
internal import Synchronization

extension SpaceID {
  /// The ids of a model's towers, computed from their weights as `BundleFormat.Identity` defines them.
  ///
  /// Reads every weight of both towers once, tensors in parallel.
  ///
  /// A model restored from a bundle keeps the bundle's ids, because rounding weights does not change the space.
  ///
  /// - Parameter progress: receives one phase.
  public init(of model: CLIPModel, _ progress: WorkProgress = .unwatched) throws(ModelError) {
    if let inherited = model.inheritedSpace {
      self = inherited
      return
    }
    let digests = try TensorDigests(of: model, progress)
    self.init()
    if model.architecture.image != nil { image = digests.tower(.image, of: model.architecture) }
    if model.architecture.text != nil { text = digests.tower(.text, of: model.architecture) }
  }
}

/// SHA-256 of every canonical tensor of the towers, in schema order.
struct TensorDigests {
  private var digests: [(tower: Tower, digest: Digest)]

  init(of model: CLIPModel, _ progress: WorkProgress) throws(ModelError) {
    let parameters = model.schema.parameters.filter { $0.tower != nil }
    progress.begin("hashing weights", .bytes, of: parameters.reduce(0) { $0 + 4 * $1.elementCount })
    let results = Mutex([Int: Result<Digest, ModelError>]())
    parallelFor(parameters.count) { index in
      let result = Self.digest(of: parameters[index], in: model)
      results.withLock { $0[index] = result }
      progress.add(4 * parameters[index].elementCount)
    }
    digests = []
    let finished = results.withLock { $0 }
    for (index, parameter) in parameters.enumerated() {
      guard let tower = parameter.tower, let result = finished[index] else { continue }
      digests.append((tower, try result.get()))
    }
  }

  /// The id of a tower.
  func tower(_ tower: Tower, of architecture: CLIPArchitecture) -> Digest {
    Identity.tower(
      tower, of: architecture, tensorDigests: digests.filter { $0.tower == tower }.map(\.digest))
  }

  private static func digest(
    of parameter: Parameter, in model: CLIPModel
  ) -> Result<Digest, ModelError> {
    do throws(ModelError) {
      var scratch = FloatScratch()
      let digest = try model.withValues(of: parameter, scratch: &scratch) { values in
        var stream = Identity.beginTensor(parameter)
        stream.update(values.span.bytes)
        return stream.finish()
      }
      model.release(parameter)
      return .success(digest)
    } catch {
      return .failure(error)
    }
  }
}
