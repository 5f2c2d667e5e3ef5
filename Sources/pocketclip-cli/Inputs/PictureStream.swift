import Foundation

/// What becomes of many pictures, in their order.
///
/// Each thread takes the next picture, decodes, resizes and encodes it with kernels of its own: decoding of one overlaps
/// computing of another, nobody waits for anybody, and no more pictures are in memory than there are threads. Vectors
/// have the same bits however many threads there are.
///
/// Unchecked: what changes is touched under the condition's lock alone.
final class PictureStream: @unchecked Sendable {
  private let files: [String]
  private let settings: PictureSettings
  private let threads: Int
  private let condition = NSCondition()
  private var outcomes: [Int: PictureOutcome] = [:]
  /// Pictures that a thread has taken, and that `next` has given away.
  private var (taken, given) = (0, 0)
  private var isStarted = false

  /// How far the threads may run ahead of a slow reader, in pictures per thread.
  private static let lead = 4

  /// - Parameter threads: at least 1.
  init(_ files: [String], _ settings: PictureSettings, threads: Int) {
    self.files = files
    self.settings = settings
    self.threads = threads
  }

  /// Waits for the next picture; nil after the last. The first call starts the threads.
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
        condition.wait()
      }
    }
  }

  private func start() {
    isStarted = true
    for _ in 0..<threads { Thread.detachNewThread { self.work() } }
  }

  private func work() {
    var worker = PictureWorker(settings)
    while let index = take() {
      let outcome = worker.outcome(of: files[index])
      condition.withLock {
        outcomes[index] = outcome
        condition.broadcast()
      }
    }
  }

  private func take() -> Int? {
    condition.withLock {
      while taken < files.count, taken >= given + Self.lead * threads { condition.wait() }
      guard taken < files.count else { return nil }
      defer { taken += 1 }
      return taken
    }
  }
}
