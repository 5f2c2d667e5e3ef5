internal import Models
internal import Parallel

/// The core of multi-head attention: softmax(scale · q·kᵀ)·v, separately for every head of every item.
struct Attention {
  /// Items of the batch.
  var batch: Int
  /// Queries per item.
  var queries: Int
  /// Keys and values per item.
  var keys: Int
  var heads: Int
  var headSize: Int
  /// Token i attends only to tokens 0…i.
  var isCausal: Bool
  /// Multiplies q·kᵀ; 1 / √d in CLIP.
  var scale: Float
  var product: MatrixProduct

  /// Rows of q, k and v: `[batch · tokens, …]` with head h in columns h·d ..< (h+1)·d from `base` on.
  struct Operands {
    var q, k, v: MatrixProduct.View
  }

  /// → `[batch, queries, heads · d]`
  func callAsFunction(_ operands: Operands) -> Tensor {
    let width = heads * headSize
    return Tensor([batch, queries, width]) { output in
      guard let out = output.baseAddress else { return }
      parallelFor(batch * heads) { index in
        let (item, head) = index.quotientAndRemainder(dividingBy: heads)
        let target = MatrixProduct.MutableView(
          base: out + item * queries * width + head * headSize, stride: width)
        attend(operands.head(head, size: headSize, item: item, queries: queries, keys: keys), into: target)
      }
    }
  }

  private func attend(_ head: Operands, into target: MatrixProduct.MutableView) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: queries * keys) { scores in  // [queries, keys]
      guard let base = scores.baseAddress else { return }
      product(
        head.q, head.k, .transposed, into: .init(base: base, stride: keys),
        .init(m: queries, n: keys, k: headSize), scale: scale)
      for query in 0..<queries {
        let row = UnsafeMutableBufferPointer(rebasing: scores[query * keys..<(query + 1) * keys])
        softmax(row, count: isCausal ? query + 1 : keys)
      }
      product(
        .init(base: base, stride: keys), head.v, .plain, into: target,
        .init(m: queries, n: headSize, k: keys))
    }
  }
}

extension Attention.Operands {
  /// The rows of one item and the columns of one head.
  fileprivate func head(_ head: Int, size: Int, item: Int, queries: Int, keys: Int) -> Attention.Operands {
    .init(
      q: .init(base: q.base + item * queries * q.stride + head * size, stride: q.stride),
      k: .init(base: k.base + item * keys * k.stride + head * size, stride: k.stride),
      v: .init(base: v.base + item * keys * v.stride + head * size, stride: v.stride))
  }
}
