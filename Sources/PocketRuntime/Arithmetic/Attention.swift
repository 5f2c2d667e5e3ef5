import CKernels
import CPlatform

/// Assigns rows to the items of a batch. Items may differ in length.
struct Segments {
  /// The first row of each item, then the end of the last: items + 1 values. Rows count from the first value.
  var starts: UnsafeMutablePointer<Int32>
  var items: Int

  func rows(of item: Int) -> Range<Int> {
    Int(starts[item] - starts[0])..<Int(starts[item + 1] - starts[0])
  }
  var rowCount: Int { Int(starts[items] - starts[0]) }
}

/// The rows that are queries.
enum Queries {
  /// Every row of every item. With a causal mask, a row attends only to itself and the rows before it.
  case every(isCausal: Bool)
  /// One row per item, which attends to all of the item's rows.
  case pooled
}

/// Multi-head attention within each item.
struct Attention {
  var heads: Int
  var headSize: Int
  var segments: Segments
  var queries: Queries
  /// One row per query.
  var query: Rows<Float>
  var key: Rows<Float>
  var value: Rows<Float>
  /// One row per query.
  var output: Rows<Float>
  /// One row per worker.
  var scratch: Rows<Float>
}

extension Compute {
  func attend(_ attention: Attention) {
    let work = AttentionWork(
      kernels: kernels, attention: attention, scale: 1 / pk_sqrtf(Float(attention.headSize)))
    work.run(parts: attention.segments.items * attention.heads, threads: threads)
  }
}

/// Each part is one head of one item.
private struct AttentionWork: ParallelWork {
  var kernels: UnsafePointer<pk_kernels>
  var attention: Attention
  var scale: Float

  static var body: pf_body {
    { context, part, worker in
      context?.assumingMemoryBound(to: AttentionWork.self).pointee.run(part: part, worker: worker)
    }
  }

  func run(part: Int, worker: Int) {
    let (item, head) = part.quotientAndRemainder(dividingBy: attention.heads)
    let keys = attention.segments.rows(of: item)
    let column = head * attention.headSize
    let (firstQuery, queryCount, causalOffset) =
      switch attention.queries {
      case .every(let isCausal): (keys.lowerBound, keys.count, isCausal ? 0 : PK_ATTEND_ALL)
      case .pooled: (item, 1, PK_ATTEND_ALL)
      }
    kernels.pointee.attention_f32(
      queryCount, keys.count, attention.headSize, scale, causalOffset,
      attention.query[firstQuery] + column, attention.query.stride,
      attention.key[keys.lowerBound] + column, attention.key.stride,
      attention.value[keys.lowerBound] + column, attention.value.stride,
      attention.output[firstQuery] + column, attention.output.stride, attention.scratch[worker])
  }
}
