internal import Architecture
internal import BundleFormat
internal import Output
public import Quantization

/// Writes a model as one file, tensor by tensor.
///
/// Every tensor's offset is known before the first is read, so tensors are converted in parallel and in any order.
/// Memory holds only the tensors in progress. The bytes depend on source and description only.
public enum BundleWriter {
  public static func write<Source: ParameterSource>(
    _ request: BundleRequest<Source>, options: WriteOptions
  ) throws(BundleWriteError<Source.Failure>) -> UnfinishedBundle {
    let plan = try WritePlan(request)
    let file: OutputFile
    do throws(OutputError) {
      file = try OutputFile(
        path: options.path, replacesExisting: options.replacesExisting, sources: options.sources,
        usesUnnamedFile: options.usesUnnamedFile)
    } catch { throw .output(error) }
    do throws(OutputError) { try file.region.layOut(byteCount: plan.byteCount) } catch {
      throw .output(error)
    }
    let run = WriteRun(plan: plan, request: request, options: options, region: file.region)
    let (description, digests) = try run.writeTensors()
    try run.writeHeader(description, digests)
    return UnfinishedBundle(
      file: file, description: description, layout: plan.layout, digests: digests, byteCount: plan.byteCount)
  }
}

/// The position of everything in the file.
struct WritePlan: Sendable {
  let layout: BundleLayout
  /// 8 + header length. Digests have a fixed length, so it is known before their values.
  let headerByteCount: Int
  /// Parameters of the source's schema, including towers that are not written.
  let parameters: [Parameter]
  /// For each parameter of the source: indices of its stored tensors in the layout.
  let storedByParameter: [[Int]]

  var byteCount: Int { headerByteCount + layout.byteCount }

  init<Source: ParameterSource>(
    _ request: BundleRequest<Source>
  ) throws(BundleWriteError<Source.Failure>) {
    layout = BundleLayout(request.description)
    let zeros = [Digest](repeating: .zero, count: layout.tensors.count)
    do throws(BundleFault) {
      headerByteCount = try HeaderEncoder.encode(
        request.withPlaceholders, layout, digests: zeros
      ).count
    } catch { throw .description(error) }
    parameters = ParameterSchema(request.sourceArchitecture, score: request.description.score).parameters
    let kept = ParameterSchema(request.description.architecture).parameters
    var indices: [ParameterName: Int] = [:]
    for (index, parameter) in parameters.enumerated() { indices[parameter.name] = index }
    var stored = [[Int]](repeating: [], count: parameters.count)
    for (index, tensor) in layout.tensors.enumerated() {
      guard let parameter = tensor.parameter, let source = indices[kept[parameter].name] else { continue }
      stored[source].append(index)
    }
    storedByParameter = stored
  }

  /// A tensor of the layout with its offset in the file.
  func placed(_ index: Int) -> StoredTensor {
    var tensor = layout.tensors[index]
    tensor.byteOffset += headerByteCount
    return tensor
  }
}

extension BundleRequest {
  /// The description with zeros for digests that are computed later.
  fileprivate var withPlaceholders: BundleDescription {
    var copy = description
    if identity == .computed {
      copy.imageID = sourceArchitecture.image.map { _ in .zero }
      copy.textID = sourceArchitecture.text.map { _ in .zero }
    }
    if sourceDigest != nil { copy.provenance.sha256 = .zero }
    return copy
  }
}
