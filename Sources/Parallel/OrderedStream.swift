internal import Foundation

/// The results of work on many inputs, in their order.
///
/// Each thread takes the next input and works on it with memory of its own: reading of one overlaps computing of another,
/// and no more inputs are in memory than there are threads. The calling thread is one of them, so that all work is done
/// where no other can be created.
///
/// Unchecked: what changes is touched under the condition's lock alone, but for the calling thread's own worker.
package final class OrderedStream<Input: Sendable, Output: Sendable>: @unchecked Sendable {
  package typealias Worker = (Input) -> Output

  private let inputs: [Input]
  private let makeWorker: @Sendable () -> Worker
  private let threads: Int
  private let startThread: (@escaping @Sendable () -> Void) -> Bool
  private let condition = NSCondition()
  private var outcomes: [Int: Output] = [:]
  /// Inputs that a thread has taken, and results that `next` has given away.
  private var (taken, given) = (0, 0)
  private var isStarted = false
  private let ownWorker: Worker

  /// How far the threads may run ahead of a slow reader, in inputs per thread.
  private var lead: Int { 4 }

  /// - Parameters:
  ///   - threads: at least 1.
  ///   - startThread: creates a thread, or says that none can be created; another than the system's in tests alone.
  ///   - makeWorker: called once by each thread.
  package init(
    _ inputs: [Input], threads: Int,
    startThread: @escaping (@escaping @Sendable () -> Void) -> Bool = Parallel.startThread,
    makeWorker: @escaping @Sendable () -> Worker
  ) {
    self.inputs = inputs
    self.makeWorker = makeWorker
    self.threads = threads
    self.startThread = startThread
    ownWorker = makeWorker()
  }

  /// The next result, by this thread or another; nil after the last. The first call starts the other threads. Call from
  /// one thread.
  package func next() -> Output? {
    condition.withLock {
      guard given < inputs.count else { return nil }
      if !isStarted { start() }
      while true {
        if let outcome = outcomes.removeValue(forKey: given) {
          given += 1
          condition.broadcast()
          return outcome
        }
        if mayTake {
          let index = take()
          let outcome = condition.withoutLock { ownWorker(inputs[index]) }
          outcomes[index] = outcome
        } else {
          condition.wait()
        }
      }
    }
  }

  /// After the first thread that cannot be created, no other is tried: this one works alone, or with those that there are.
  private func start() {
    isStarted = true
    for _ in 1..<threads where !startThread({ self.work() }) { return }
  }

  private func work() {
    let worker = makeWorker()
    condition.withLock {
      while taken < inputs.count {
        guard mayTake else {
          condition.wait()
          continue
        }
        let index = take()
        let outcome = condition.withoutLock { worker(inputs[index]) }
        outcomes[index] = outcome
        condition.broadcast()
      }
    }
  }

  /// Whether an input is left, and not too far ahead of the reader.
  private var mayTake: Bool { taken < inputs.count && taken < given + lead * threads }

  private func take() -> Int {
    defer { taken += 1 }
    return taken
  }
}

extension NSCondition {
  /// Runs `body` between an unlock and a lock.
  fileprivate func withoutLock<Result>(_ body: () -> Result) -> Result {
    unlock()
    defer { lock() }
    return body()
  }
}
