import Parallel
import Synchronization
import Testing

@Suite("Results in order") struct OrderedStreamTests {
  private static let inputs = Array(0..<100)

  /// - Parameter created: the number of threads that can be created.
  private func results(threads: Int, created: Int) -> [Int] {
    let started = Mutex(0)
    let start: (@escaping @Sendable () -> Void) -> Bool = { body in
      let isCreated = started.withLock { count in
        count += 1
        return count <= created
      }
      return isCreated && startThread(body)
    }
    let stream = OrderedStream(Self.inputs, threads: threads, startThread: start) { { 2 * $0 } }
    var results: [Int] = []
    while let result = stream.next() { results.append(result) }
    return results
  }

  @Test("The calling thread does the work for which no other thread can be created", arguments: [0, 1, 2, 7])
  func refusedThreads(created: Int) {
    #expect(results(threads: 8, created: created) == Self.inputs.map { 2 * $0 })
  }

  @Test("After one failure, no further thread is created")
  func oneRefusal() {
    let tried = Mutex(0)
    let refuse: (@escaping @Sendable () -> Void) -> Bool = { _ in
      tried.withLock { $0 += 1 }
      return false
    }
    let stream = OrderedStream([1], threads: 8, startThread: refuse) { { $0 } }
    #expect(stream.next() == 1 && stream.next() == nil)
    #expect(tried.withLock { $0 } == 1)
  }

  @Test("A thread runs its body once")
  func started() async {
    await withCheckedContinuation { continuation in
      if !startThread({ continuation.resume() }) { continuation.resume() }
    }
  }
}
