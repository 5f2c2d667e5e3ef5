import Parallel
import Synchronization
import Testing

/// Loops over all threads. Their pool belongs to CPlatform.
@Suite("Parallel loops") struct ParallelForTests {
  @Test(
    "Every part runs exactly once, for any count and limit of threads",
    arguments: [0, 1, 2, 7, 1000])
  func everyPart(count: Int) {
    for threads in [0, 1, 2, 1000] {
      let runs = Mutex([Int](repeating: 0, count: count))
      parallelFor(count, threads: threads) { index in runs.withLock { $0[index] += 1 } }
      #expect(runs.withLock { $0 } == [Int](repeating: 1, count: count))
    }
  }

  @Test("After the loop, the results of all parts are visible")
  func writesAreSeen() {
    var squares = [Int](repeating: -1, count: 500)
    squares.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let buffer = buffer
      parallelFor(buffer.count) { buffer[$0] = $0 * $0 }
    }
    #expect(squares == (0..<500).map { $0 * $0 })
  }

  @Test("A loop inside a loop runs too")
  func nested() {
    let sum = Atomic<Int>(0)
    parallelFor(20) { outer in
      parallelFor(30) { inner in sum.add(outer * inner, ordering: .relaxed) }
    }
    #expect(sum.load(ordering: .relaxed) == (0..<20).reduce(0, +) * (0..<30).reduce(0, +))
  }

  @Test("A process has at least one thread")
  func processors() { #expect(usableProcessorCount >= 1) }
}
