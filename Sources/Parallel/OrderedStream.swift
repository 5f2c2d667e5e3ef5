internal import Foundation

/// The results of work on many inputs, in input order.
///
/// Each thread takes the next input and processes it with its own memory. So reading one input overlaps with
/// computing another, and memory holds no more inputs than there are threads. The calling thread also works, so
/// everything is processed even if no thread can be created.
///
/// Unchecked: mutable state is only accessed under the condition's lock, except for the calling thread's own worker.
package final class OrderedStream<Input: Sendable, Output: Sendable>: @unchecked Sendable {
  package typealias Worker = (Input) -> Output

  private let inputs: [Input]
  private let makeWorker: @Sendable () -> Worker
  private let threads: Int
  private let startThread: (@escaping @Sendable () -> Void) -> Bool
  private let condition = NSCondition()
  private var outcomes: [Int: Output] = [:]
  /// Inputs that threads have taken, and results that `next` has returned.
  private var (taken, given) = (0, 0)
  private var isStarted = false
  private let ownWorker: Worker

  /// How far threads can be ahead of a slow reader, in inputs per thread.
  private var lead: Int { 4 }

  /// - Parameters:
  ///   - threads: at least 1.
  ///   - startThread: creates a thread, or returns false if that fails. Only tests replace the default.
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

  /// The next result, computed by this thread or another; nil after the last. The first call starts the other
  /// threads. Call from one thread only.
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

  /// Stops at the first thread that cannot be created. The existing threads do the work.
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

  /// Whether an input is left that is not too far ahead of the reader.
  private var mayTake: Bool { taken < inputs.count && taken < given + lead * threads }

  private func take() -> Int {
    defer { taken += 1 }
    return taken
  }
}

extension NSCondition {
  /// Runs `body` while the lock is released.
  fileprivate func withoutLock<Result>(_ body: () -> Result) -> Result {
    unlock()
    defer { lock() }
    return body()
  }
}
