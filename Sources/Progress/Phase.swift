/// A part of a long command: its name, what it counts, and up to how many.
public struct Phase: Sendable, Equatable {
  public enum Unit: Sendable, Equatable {
    case bytes, files, images, milliseconds, texts
    /// Multiply-adds.
    case operations
  }

  public var name: String
  public var unit: Unit
  /// Zero where the end is not known.
  public var total: Int

  public init(_ name: String, _ unit: Unit, of total: Int) {
    self.name = name
    self.unit = unit
    self.total = total
  }
}

/// How far a long command is.
public struct PhaseState: Sendable, Equatable {
  public var phase: Phase
  /// At most the phase's total, where that is known.
  public var done = 0
  /// Counts phases from 1.
  public var step: Int
  /// Zero where it is not known how many phases follow.
  public var stepCount: Int

  public init(_ phase: Phase, done: Int = 0, step: Int = 1, stepCount: Int = 0) {
    self.phase = phase
    self.done = done
    self.step = step
    self.stepCount = stepCount
  }
}
