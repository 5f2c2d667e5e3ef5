/// A phase as one line: `[2/6] FP32 reference: 35 %, 412 of 1,230 billion operations, 96/s, 8 s left`.
enum PhaseText {
  /// - Parameters:
  ///   - elapsed: since the phase began.
  ///   - width: columns of the terminal. Parts that do not fit are left out, the least useful first.
  static func line(_ state: PhaseState, elapsed: Duration, width: Int) -> String {
    let head = head(state)
    let (percent, left) = (percent(state), remaining(state, elapsed))
    let (amount, rate) = (amount(state), rate(state, elapsed))
    let choices = [[percent, amount, rate, left], [percent, amount, left], [percent, left], [percent], []]
    let lines = choices.lazy.map { parts in
      let parts = parts.compactMap(\.self)
      return parts.isEmpty ? head : "\(head): \(parts.joined(separator: ", "))"
    }
    // A full last column would move the cursor to the next line.
    return lines.first { $0.count < width } ?? String(head.prefix(max(0, width - 1)))
  }

  static func head(_ state: PhaseState) -> String {
    (state.stepCount > 0 ? "[\(state.step)/\(max(state.step, state.stepCount))] " : "") + state.phase.name
  }

  private static func percent(_ state: PhaseState) -> String? {
    guard state.phase.total > 0 else { return nil }
    return "\(Int(100 * Double(state.done) / Double(state.phase.total))) %"
  }

  private static func amount(_ state: PhaseState) -> String? {
    guard state.phase.total > 0 else {
      return state.done > 0 ? state.phase.unit.text(Double(state.done)) : nil
    }
    return state.phase.unit.text(Double(state.done), of: Double(state.phase.total))
  }

  private static func rate(_ state: PhaseState, _ elapsed: Duration) -> String? {
    guard let perSecond = perSecond(state, elapsed) else { return nil }
    return state.phase.unit.rate(perSecond, of: Double(state.phase.total))
  }

  private static func remaining(_ state: PhaseState, _ elapsed: Duration) -> String? {
    guard state.phase.total > state.done, let perSecond = perSecond(state, elapsed) else { return nil }
    return "\(time(Double(state.phase.total - state.done) / perSecond)) left"
  }

  /// Nil at the beginning, when an estimate would be unreliable.
  private static func perSecond(_ state: PhaseState, _ elapsed: Duration) -> Double? {
    guard state.done > 0, elapsed >= .milliseconds(500) else { return nil }
    return Double(state.done) / (elapsed / .seconds(1))
  }

  /// `8 s`, `2 min 5 s`, `1 h 2 min`.
  static func time(_ seconds: Double) -> String {
    let seconds = seconds.isFinite ? min(max(seconds, 0), 1e9).rounded(.up) : 0
    let (minutes, rest) = Int(seconds).quotientAndRemainder(dividingBy: 60)
    guard minutes > 0 else { return "\(rest) s" }
    guard minutes >= 60 else { return "\(minutes) min \(rest) s" }
    return "\(minutes / 60) h \(minutes % 60) min"
  }
}

extension Phase.Unit {
  /// `412 of 1,230 MB`.
  fileprivate func text(_ done: Double, of total: Double) -> String {
    let (scale, name) = scale(for: total)
    return "\(number(done / scale)) of \(number(total / scale)) \(name)"
  }

  fileprivate func text(_ done: Double) -> String {
    let (scale, name) = scale(for: done)
    return "\(number(done / scale)) \(name)"
  }

  /// `310 MB/s`, or `96/s` in the unit of the amount; nil if it is not meaningful.
  fileprivate func rate(_ perSecond: Double, of total: Double) -> String? {
    switch self {
    case .bytes:
      let (scale, name) = scale(for: perSecond)
      return "\(number(perSecond / scale)) \(name)/s"
    case .operations: return "\(number(perSecond / scale(for: total).0))/s"
    case .files, .images, .texts: return "\(number(perSecond))/s"
    case .milliseconds: return nil
    }
  }

  private func scale(for value: Double) -> (Double, String) {
    switch self {
    case .bytes: value < 1e6 ? (1e3, "kB") : value < 1e10 ? (1e6, "MB") : (1e9, "GB")
    case .operations: value < 1e10 ? (1e6, "million operations") : (1e9, "billion operations")
    case .milliseconds: (1e3, "s")
    case .files: (1, "files")
    case .images: (1, "images")
    case .texts: (1, "texts")
    }
  }

  /// At least two significant digits, with commas between thousands: `0.52`, `3.1`, `96`, `1,230`.
  private func number(_ value: Double) -> String {
    let value = value.isFinite ? min(max(value, 0), 1e15) : 0
    let decimals = value >= 10 || value == value.rounded() ? 0 : value >= 1 ? 1 : 2
    let scale = decimals == 0 ? 1.0 : decimals == 1 ? 10 : 100
    let units = Int((value * scale).rounded())
    guard decimals > 0 else { return grouped(units) }
    let fraction = String(units % Int(scale))
    return "\(units / Int(scale))." + String(repeating: "0", count: decimals - fraction.count) + fraction
  }

  private func grouped(_ value: Int) -> String {
    let digits = String(value)
    return String(
      digits.enumerated().flatMap { index, digit in
        index > 0 && (digits.count - index).isMultiple(of: 3) ? [",", digit] : [digit]
      })
  }
}
