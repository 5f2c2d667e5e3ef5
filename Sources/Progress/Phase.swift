/// A part of a long command: its name, what it counts, and up to how many.
public struct Phase: Sendable, Equatable {
  public enum Unit: Sendable, Equatable {
    case bytes, files, images, milliseconds, texts
    /// Multiply-adds.
    case operations
  }

  public var name: String
  public var unit: Unit
  /// Zero if the end is unknown.
  public var total: Int

  public init(_ name: String, _ unit: Unit, of total: Int) {
    self.name = name
    self.unit = unit
    self.total = total
  }
}

/// The progress of a long command.
public struct PhaseState: Sendable, Equatable {
  public var phase: Phase
  /// At most the phase's total, if it is known.
  public var done = 0
  /// Counts phases from 1.
  public var step: Int
  /// Zero if the number of phases is unknown.
  public var stepCount: Int

  public init(_ phase: Phase, done: Int = 0, step: Int = 1, stepCount: Int = 0) {
    self.phase = phase
    self.done = done
    self.step = step
    self.stepCount = stepCount
  }
}
