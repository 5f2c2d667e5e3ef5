private import Synchronization

/// Receives the progress of long work, from any thread: one phase after another, each counted up to its total.
public final class WorkProgress: Sendable {
  /// Called under a lock, so that it receives the states in order.
  public typealias Observer = @Sendable (PhaseState?) -> Void

  private struct State: Sendable {
    var current: PhaseState?
    var step = 0
    var stepCount = 0
  }

  private let state = Mutex(State())
  private let observer: Observer?

  /// - Parameter observer: receives every change; nil if nobody observes.
  public init(_ observer: Observer? = nil) { self.observer = observer }

  /// Progress that nobody observes.
  public static let unwatched = WorkProgress()

  /// States how many phases follow.
  public func expect(steps count: Int) {
    state.withLock { $0.stepCount = $0.step + count }
  }

  /// Begins a phase, which ends the one before.
  ///
  /// - Parameter total: zero if it is unknown.
  public func begin(_ name: String, _ unit: Phase.Unit, of total: Int) {
    guard let observer else { return }
    state.withLock { state in
      state.step += 1
      let phase = PhaseState(
        Phase(name, unit, of: total), step: state.step, stepCount: max(state.stepCount, 0))
      state.current = phase
      observer(phase)
    }
  }

  /// Adds to the progress of the current phase.
  public func add(_ count: Int = 1) {
    guard let observer else { return }
    state.withLock { state in
      guard var current = state.current else { return }
      let (sum, overflow) = current.done.addingReportingOverflow(count)
      current.done =
        overflow || current.phase.total > 0 && sum > current.phase.total ? current.phase.total : sum
      state.current = current
      observer(current)
    }
  }

  /// Ends the last phase.
  public func end() {
    guard let observer else { return }
    state.withLock { state in
      guard state.current != nil else { return }
      state.current = nil
      observer(nil)
    }
  }
}
