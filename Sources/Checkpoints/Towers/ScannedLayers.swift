internal import Archives

/// Layers that flax's `nn.scan` stores as one tensor, with the axis of layers first: big_vision's `scan=True`, as SigLIP 2 is
/// published. They become the tensors that big_vision has without it: `encoderblock/….kernel` [L, …] is read as
/// `encoderblock_0/….kernel` [...] and so on.
struct ScannedLayers {
  private(set) var tensors: [CheckpointTensor] = []
  /// The number of tensors in the file that hold several layers.
  private(set) var stackCount = 0

  private static let stack: Substring = "encoderblock"
  /// The two components before it: the encoders of the two towers.
  private static let encoders: [[Substring]] = [["img", "Transformer"], ["txt", "Encoder_0"]]
  /// The most layers that bundles allow. Such a tensor with more stays as it is, and belongs to no architecture.
  private static let mostLayers = 256

  /// - Throws: `limitExceeded`.
  init(_ stored: [CheckpointTensor], limits: Limits) throws(ReadError) {
    for tensor in stored {
      guard let layers = Self.layers(of: tensor) else {
        tensors.append(tensor)
        continue
      }
      stackCount += 1
      tensors += layers
      guard tensors.count <= limits.tensors else {
        throw ReadError(
          .limitExceeded, expected: "at most \(limits.tensors) tensors", found: "more, one for each layer",
          path: [.tensor(tensor.name)])
      }
    }
  }

  var note: String? {
    stackCount == 0
      ? nil
      : "\(counted(stackCount, "tensor")) of the file \(stackCount == 1 ? "holds" : "hold") all layers of an encoder "
        + "(flax's scan) and \(stackCount == 1 ? "is" : "are") read as one tensor for each layer"
  }

  /// A view of each layer; nil if the tensor does not hold layers. The state of an optimizer is not a weight and stays.
  private static func layers(of tensor: CheckpointTensor) -> [CheckpointTensor]? {
    guard let end = nameBeforeLayer(tensor.name), tensor.shape.count > 1,
      (1...mostLayers).contains(tensor.shape[0])
    else { return nil }
    let (start, rest) = (tensor.name[..<end], tensor.name[end...])
    var layers: [CheckpointTensor] = []
    for index in 0..<tensor.shape[0] {
      guard let layer = tensor.rowBlock(index, of: tensor.shape[0])?.merging(0...1) else { return nil }
      layers.append(CheckpointTensor(renaming: layer, to: "\(start)_\(index)\(rest)"))
    }
    return layers
  }

  /// The end of the component `encoderblock` in a name of a weight.
  private static func nameBeforeLayer(_ name: String) -> String.Index? {
    let components = name.split(omittingEmptySubsequences: false) { $0 == "." || $0 == "/" }
    guard let index = components.firstIndex(of: stack), index >= 2, index + 1 < components.count,
      encoders.contains(Array(components[index - 2..<index])),
      OtherValues.meaning(of: components[..<index]) == nil
    else { return nil }
    return components[index].endIndex
  }
}
