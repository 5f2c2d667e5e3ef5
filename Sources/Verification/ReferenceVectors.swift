package import Architecture
internal import Models
package import ReferenceForward

extension ReferencePath {
  /// Embeddings of one tower, not normalized, without a record of the stages.
  ///
  /// - Returns: nil if there are no inputs, or no such tower.
  /// - Throws: errors from reading weights.
  package func vectors(
    of tower: Tower, _ inputs: Inputs, by product: MatrixProduct
  ) throws(VerificationError) -> Vectors? {
    let forward = ReferenceForward(model, product: product)
    do throws(ModelError) {
      return switch tower {
      case .image: try imageVectors(inputs.pixels, forward)
      case .text: try textVectors(inputs.ids, forward)
      }
    } catch {
      throw .model(error)
    }
  }

  private func imageVectors(
    _ pixels: [[Float]], _ forward: ReferenceForward
  ) throws(ModelError) -> Vectors? {
    guard let tower = model.architecture.image, !pixels.isEmpty else { return nil }
    let size = groupSize(tower)
    var values: [Double] = []
    for start in stride(from: 0, to: pixels.count, by: size) {
      let group = pixels[start..<min(start + size, pixels.count)]
      let batch = Tensor([group.count, 3, tower.imageSize, tower.imageSize], group.flatMap { $0 })
      values += Vectors(try forward.encodeImages(batch)).values
    }
    return Vectors(count: pixels.count, width: values.count / pixels.count, values: values)
  }

  /// Positions after the last pooled one affect nothing and are not computed.
  private func textVectors(
    _ ids: [[Int32]], _ forward: ReferenceForward
  ) throws(ModelError) -> Vectors? {
    guard let tower = model.architecture.text, !ids.isEmpty else { return nil }
    let longest = ids.map { tower.pooledPosition(of: $0) + 1 }.reduce(1, max)
    return Vectors(try forward.encodeTexts(cut: ids.map { Array($0[..<longest]) }))
  }
}
