import CKernels
import Glibc
import TestSupport
import Testing

@Suite("Attention kernels") struct AttentionTests {
  /// Scores reach about ±8, with an error of a few 2^-24 of that, which is the relative error of the probabilities.
  /// Values are at most 1.
  static let tolerance = 4e-6

  struct Operands {
    let queryCount, keyCount, d: Int
    let q, k, v: UnsafeMutablePointer<Float>
    /// Queries, keys and values interleaved as in the output of an in-projection.
    var stride: Int { 3 * d + 1 }

    init(queryCount: Int, keyCount: Int, d: Int, arena: Arena) {
      var numbers = SplitMix(seed: UInt64(d))
      (self.queryCount, self.keyCount, self.d) = (queryCount, keyCount, d)
      let rows = max(queryCount, keyCount)
      let all = arena.copy(numbers.floats(rows * (3 * d + 1) - 1, scale: 1.7))
      (q, k, v) = (all, all + d, all + 2 * d)
    }

    func run(
      _ table: KernelTable, offset: Int, arena: Arena, queries: Range<Int>? = nil,
      keyCount: Int? = nil
    ) -> [UInt32] {
      let queries = queries ?? 0..<queryCount
      let keys = keyCount ?? self.keyCount
      let out = arena.buffer(count: queries.count * d, of: Float(0))
      let scratch = arena.buffer(
        count: pk_attention_scratch(queries.count, keys, d), of: Float.nan)
      let shifted = offset == Int.max ? offset : offset + queries.lowerBound
      table.kernels.pointee.attention_f32(
        queries.count, keys, d, scale, shifted, q + queries.lowerBound * stride, stride, k,
        stride, v, stride, out, d, scratch)
      return bits(out, queries.count * d)
    }

    var scale: Float { 1 / Float(d).squareRoot() }

    func exact(_ query: Int, visible: Int) -> [Double] {
      let scores = (0..<visible).map { key in
        (0..<d).reduce(0.0) { $0 + Double(q[query * stride + $1]) * Double(k[key * stride + $1]) }
          * Double(scale)
      }
      let maximum = scores.max()!
      let exponentials = scores.map { exp($0 - maximum) }
      let sum = exponentials.reduce(0, +)
      return (0..<d).map { column in
        (0..<visible).reduce(0.0) {
          $0 + exponentials[$1] / sum * Double(v[$1 * stride + column])
        }
      }
    }
  }

  static let shapes = [
    (1, 1, 64), (50, 50, 64), (1, 50, 80), (25, 7, 88), (24, 33, 104), (77, 77, 112), (3, 16, 8),
    (2, 17, 1),
  ]

  @Test("Attention equals its formula for every head size", arguments: KernelTable.all)
  func formula(table: KernelTable) {
    for (queryCount, keyCount, d) in Self.shapes {
      let arena = Arena()
      defer { arena.free() }
      let operands = Operands(queryCount: queryCount, keyCount: keyCount, d: d, arena: arena)
      for offset in [Int.max, 0, 5] {
        let found = operands.run(table, offset: offset, arena: arena)
        for query in 0..<queryCount {
          let visible = offset == Int.max ? keyCount : min(keyCount, query + offset + 1)
          for (column, exact) in operands.exact(query, visible: visible).enumerated() {
            let value = Float(bitPattern: found[query * d + column])
            #expect(abs(Double(value) - exact) <= Self.tolerance)
          }
        }
      }
    }
  }

  @Test("A query's bits do not depend on other queries or on keys that it does not attend to")
  func independence() {
    for table in KernelTable.all {
      let arena = Arena()
      defer { arena.free() }
      let operands = Operands(queryCount: 77, keyCount: 77, d: 64, arena: arena)
      let whole = operands.run(table, offset: 0, arena: arena)
      for query in [0, 1, 22, 23, 24, 50, 76] {
        let expected = Array(whole[query * 64..<(query + 1) * 64])
        #expect(operands.run(table, offset: 0, arena: arena, queries: query..<query + 1) == expected)
        let short = operands.run(
          table, offset: 0, arena: arena, queries: 0..<query + 1, keyCount: query + 1)
        #expect(Array(short.suffix(64)) == expected)
      }
    }
  }

  @Test("Attention has equal bits on all instruction sets that fuse", arguments: KernelTable.fast)
  func agreement(table: KernelTable) {
    let arena = Arena()
    defer { arena.free() }
    let operands = Operands(queryCount: 40, keyCount: 40, d: 80, arena: arena)
    #expect(
      operands.run(table, offset: Int.max, arena: arena)
        == operands.run(table.peer, offset: Int.max, arena: arena))
  }
}
