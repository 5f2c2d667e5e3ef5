import Foundation

/// What becomes of many pictures, in their order.
///
/// Each thread takes the next picture, decodes, resizes and encodes it with kernels of its own: decoding of one overlaps
/// computing of another, and no more pictures are in memory than there are threads. The calling thread is one of them,
/// so that all work is done where no other can be created. Vectors have the same bits however many threads there are.
///
/// Unchecked: what changes is touched under the condition's lock alone, but for the calling thread's own worker.
final class PictureStream: @unchecked Sendable {
  private let files: [String]
  private let settings: PictureSettings
  private let threads: Int
  private let condition = NSCondition()
  private var outcomes: [Int: PictureOutcome] = [:]
  /// Pictures that a thread has taken, and that `next` has given away.
  private var (taken, given) = (0, 0)
  private var isStarted = false
  private var ownWorker: PictureWorker

  /// How far the threads may run ahead of a slow reader, in pictures per thread.
  private static let lead = 4

  /// - Parameter threads: at least 1.
  init(_ files: [String], _ settings: PictureSettings, threads: Int) {
    self.files = files
    self.settings = settings
    self.threads = threads
    ownWorker = PictureWorker(settings)
  }

  /// The next picture, by this thread or another; nil after the last. The first call starts the other threads. Call from
  /// one thread.
  func next() -> PictureOutcome? {
    condition.withLock {
      guard given < files.count else { return nil }
      if !isStarted { start() }
      while true {
        if let outcome = outcomes.removeValue(forKey: given) {
          given += 1
          condition.broadcast()
          return outcome
        }
        if mayTake {
          let index = take()
          let outcome = condition.withoutLock { ownWorker.outcome(of: files[index]) }
          outcomes[index] = outcome
        } else {
          condition.wait()
        }
      }
    }
  }

  /// Threads that cannot be created are done without.
  private func start() {
    isStarted = true
    for _ in 1..<threads { Thread.detachNewThread { self.work() } }
  }

  private func work() {
    var worker = PictureWorker(settings)
    condition.withLock {
      while taken < files.count {
        guard mayTake else {
          condition.wait()
          continue
        }
        let index = take()
        let outcome = condition.withoutLock { worker.outcome(of: files[index]) }
        outcomes[index] = outcome
        condition.broadcast()
      }
    }
  }

  /// Whether a picture is left, and not too far ahead of the reader.
  private var mayTake: Bool { taken < files.count && taken < given + Self.lead * threads }

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
