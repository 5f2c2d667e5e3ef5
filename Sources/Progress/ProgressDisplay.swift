private import Synchronization

/// Shows the progress of phases: on a terminal as one line that is redrawn, in a log as a line every ten seconds.
public final class ProgressDisplay: Sendable {
  public enum Style: Sendable {
    /// One line that is redrawn a few times per second.
    case terminal
    /// A line when a phase begins, every ten seconds, and when it ends.
    case lines

    fileprivate var interval: Duration {
      switch self {
      case .terminal: .milliseconds(200)
      case .lines: .seconds(10)
      }
    }
  }

  private struct State: Sendable {
    var shown: PhaseState?
    var began = Duration.zero
    var drawn = Duration.zero
    var isLineOpen = false
  }

  private let style: Style
  private let clock: @Sendable () -> Duration
  private let width: @Sendable () -> Int
  private let write: @Sendable (String) -> Void
  private let state = Mutex(State())

  /// - Parameters:
  ///   - clock: the time since some start.
  ///   - width: the columns of the terminal, read for each drawing, because windows change.
  ///   - write: receives the output.
  public init(
    _ style: Style, clock: @escaping @Sendable () -> Duration, width: @escaping @Sendable () -> Int,
    write: @escaping @Sendable (String) -> Void
  ) {
    self.style = style
    self.clock = clock
    self.width = width
    self.write = write
  }

  /// Takes the next state; nil ends the last phase.
  public func show(_ next: PhaseState?) {
    let now = clock()
    state.withLock { state in
      guard let next else { return finish(&state, now) }
      guard next.step == state.shown?.step else { return begin(next, &state, now) }
      state.shown = next
      guard now - state.drawn >= style.interval else { return }
      draw(next, &state, now)
    }
  }

  /// Removes the line, so that something else can be written. The next state draws it again.
  public func clear() {
    state.withLock { clear(&$0) }
  }

  private func begin(_ next: PhaseState, _ state: inout State, _ now: Duration) {
    if style == .lines { closeLog(state, now) }
    state.shown = next
    state.began = now
    draw(next, &state, now)
  }

  private func finish(_ state: inout State, _ now: Duration) {
    clear(&state)
    if style == .lines { closeLog(state, now) }
    state.shown = nil
  }

  private func draw(_ next: PhaseState, _ state: inout State, _ now: Duration) {
    state.drawn = now
    let text = PhaseText.line(next, elapsed: now - state.began, width: width())
    switch style {
    case .terminal:
      write("\r\u{1B}[K" + text)
      state.isLineOpen = true
    case .lines: write(text + "\n")
    }
  }

  private func clear(_ state: inout State) {
    guard state.isLineOpen else { return }
    write("\r\u{1B}[K")
    state.isLineOpen = false
  }

  private func closeLog(_ state: State, _ now: Duration) {
    guard let shown = state.shown else { return }
    write("\(PhaseText.head(shown)): done in \(PhaseText.time((now - state.began) / .seconds(1)))\n")
  }
}
