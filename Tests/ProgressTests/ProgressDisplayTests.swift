import Progress
import Synchronization
import Testing

/// A display, with a clock that is set and a terminal that keeps what is written.
private final class Screen: Sendable {
  private let now = Mutex(Duration.zero)
  private let columns: Mutex<Int>
  private let text = Mutex("")

  init(columns: Int = 80) { self.columns = Mutex(columns) }

  func display(_ style: ProgressDisplay.Style) -> ProgressDisplay {
    ProgressDisplay(
      style, clock: { self.now.withLock { $0 } }, width: { self.columns.withLock { $0 } },
      write: { text in self.text.withLock { $0 += text } })
  }

  func wait(_ duration: Duration) { now.withLock { $0 += duration } }
  func resize(to count: Int) { columns.withLock { $0 = count } }

  /// What was written since the last look; a line that is drawn over begins with `|`.
  func written() -> String {
    text.withLock { text in
      defer { text = "" }
      return text.replacing("\r\u{1B}[K", with: "|")
    }
  }
}

@Suite("The line of progress") struct ProgressDisplayTests {
  private let screen = Screen()

  @Test("It is drawn when a phase begins, and then at most five times a second")
  func throttle() {
    let display = screen.display(.terminal)
    let progress = WorkProgress { display.show($0) }
    progress.begin("timing", .images, of: 1000)
    #expect(screen.written() == "|timing: 0 %, 0 of 1,000 images")
    for _ in 0..<100 {
      screen.wait(.milliseconds(10))
      progress.add()
    }
    let drawn = screen.written()
    #expect(drawn.count { $0 == "|" } == 5)
    #expect(drawn.hasSuffix("|timing: 10 %, 100 of 1,000 images, 100/s, 9 s left"))
  }

  @Test("It names the step, amounts, rate and time left, in the phase's unit")
  func units() {
    let display = screen.display(.terminal)
    let progress = WorkProgress { display.show($0) }
    progress.expect(steps: 3)
    progress.begin("writing", .bytes, of: 1_700_000_000)
    screen.wait(.seconds(2))
    progress.add(620_000_000)
    #expect(screen.written().hasSuffix("|[1/3] writing: 36 %, 620 of 1,700 MB, 310 MB/s, 4 s left"))
    progress.begin("running", .operations, of: 4_000_000_000_000)
    screen.wait(.seconds(10))
    progress.add(1_000_000_000_000)
    #expect(
      screen.written().hasSuffix("|[2/3] running: 25 %, 1,000 of 4,000 billion operations, 100/s, 30 s left"))
    progress.begin("timing", .milliseconds, of: 12_000)
    screen.wait(.seconds(3))
    progress.add(1_500)
    #expect(screen.written().hasSuffix("|[3/3] timing: 12 %, 1.5 of 12 s, 21 s left"))
  }

  @Test(
    "Time left is rounded up, in the two largest units",
    arguments: [(1, "1 s"), (59, "59 s"), (60, "1 min 0 s"), (125, "2 min 5 s"), (3_600, "1 h 0 min")])
  func timeLeft(_ seconds: Int, _ text: String) {
    let display = screen.display(.terminal)
    let progress = WorkProgress { display.show($0) }
    progress.begin("embedding", .images, of: 1 + seconds)
    screen.wait(.seconds(1))
    progress.add()
    #expect(screen.written().hasSuffix(", \(text) left"))
  }

  @Test("Nothing is guessed in the first half second, and of what has no known end")
  func noGuess() {
    let display = screen.display(.terminal)
    let progress = WorkProgress { display.show($0) }
    progress.begin("embedding", .images, of: 10)
    screen.wait(.milliseconds(400))
    progress.add()
    #expect(screen.written().hasSuffix("|embedding: 10 %, 1 of 10 images"))
    progress.begin("saving", .bytes, of: 0)
    screen.wait(.seconds(3))
    progress.add(0)
    #expect(screen.written() == "|saving|saving")
  }

  @Test("It is never as wide as the terminal, however narrow that is", arguments: 1...90)
  func width(_ columns: Int) {
    screen.resize(to: columns)
    let display = screen.display(.terminal)
    let progress = WorkProgress { display.show($0) }
    progress.expect(steps: 6)
    progress.begin("running the FP32 reference", .operations, of: 4_000_000_000_000)
    screen.wait(.seconds(10))
    progress.add(1_000_000_000_000)
    for line in screen.written().split(separator: "|") { #expect(line.count < columns) }
  }

  @Test("What does not fit is left out: first the rate, then the amount, then the time left")
  func narrow() {
    let display = screen.display(.terminal)
    var lines: [String] = []
    for columns in [80, 51, 50, 25, 12] {
      screen.resize(to: columns)
      let progress = WorkProgress { display.show($0) }
      progress.begin("reading", .bytes, of: 2_000_000_000)
      screen.wait(.seconds(1))
      progress.add(500_000_000)
      lines.append(String(screen.written().split(separator: "|").last ?? ""))
      progress.end()
    }
    #expect(
      lines == [
        "reading: 25 %, 500 of 2,000 MB, 500 MB/s, 3 s left",
        "reading: 25 %, 500 of 2,000 MB, 500 MB/s, 3 s left",
        "reading: 25 %, 500 of 2,000 MB, 3 s left", "reading: 25 %, 3 s left", "reading",
      ])
  }

  @Test("It makes room for a result, and is drawn again")
  func clearing() {
    let display = screen.display(.terminal)
    let progress = WorkProgress { display.show($0) }
    progress.begin("embedding", .images, of: 10)
    display.clear()
    display.clear()
    #expect(screen.written() == "|embedding: 0 %, 0 of 10 images|")
    screen.wait(.seconds(1))
    progress.add(5)
    progress.end()
    progress.end()
    #expect(screen.written() == "|embedding: 50 %, 5 of 10 images, 5/s, 1 s left|")
  }

  @Test("A log has a line when a phase begins, every ten seconds, and when it ends")
  func log() {
    let display = screen.display(.lines)
    let progress = WorkProgress { display.show($0) }
    progress.begin("embedding", .images, of: 100)
    for _ in 0..<100 {
      screen.wait(.milliseconds(250))
      progress.add()
    }
    progress.begin("saving", .bytes, of: 0)
    progress.end()
    #expect(
      screen.written() == """
        embedding: 0 %, 0 of 100 images
        embedding: 40 %, 40 of 100 images, 4/s, 15 s left
        embedding: 80 %, 80 of 100 images, 4/s, 5 s left
        embedding: done in 25 s
        saving
        saving: done in 0 s

        """)
  }
}

@Suite("Phases of long work") struct WorkProgressTests {
  @Test("More than the total is never counted, and nothing before a phase")
  func bounds() {
    let states = Mutex<[PhaseState?]>([])
    let progress = WorkProgress { state in states.withLock { $0.append(state) } }
    progress.add(5)
    progress.begin("reading", .bytes, of: 10)
    progress.add(8)
    progress.add(.max)
    progress.end()
    progress.add(1)
    #expect(states.withLock { $0 }.map { $0?.done } == [0, 8, 10, nil])
  }

  @Test("Phases are numbered, also where more come than were announced")
  func steps() {
    let states = Mutex<[PhaseState?]>([])
    let progress = WorkProgress { state in states.withLock { $0.append(state) } }
    progress.begin("a", .bytes, of: 0)
    progress.expect(steps: 1)
    progress.begin("b", .bytes, of: 0)
    progress.begin("c", .bytes, of: 0)
    let steps = states.withLock { $0 }.compactMap(\.self)
    #expect(steps.map(\.step) == [1, 2, 3] && steps.map(\.stepCount) == [0, 2, 2])
  }
}
