import Architecture
import BundleFormat
import PocketCLIP
import Progress
import Verification

/// Seconds of several runs of one case.
struct BenchTimes {
  private(set) var seconds: [Double] = []

  mutating func add(_ value: Double) { seconds.append(value) }

  var least: Double { seconds.min() ?? 0 }
  var total: Double { seconds.reduce(0, +) }

  /// For an even count, the lower of the two middle values.
  var median: Double {
    let sorted = seconds.sorted()
    return sorted.isEmpty ? 0 : sorted[(sorted.count - 1) / 2]
  }
}

/// Times one case on several variants in turns, so that a temporary load on the machine slows all of them.
struct BenchRunner {
  let variants: [BenchVariant]
  /// Least time spent on each variant.
  let seconds: Double
  /// Counts the milliseconds of each case, up to `leastMilliseconds`.
  let progress: WorkProgress

  private static let leastRounds = 3

  /// The shortest time of one case, over all variants.
  var leastMilliseconds: Int { variants.count * Int(1000 * seconds) }

  func times(_ test: BenchCase) throws(Failure) -> [BenchTimes] {
    let inputs = BenchInputs(test, variants[0].description.architecture)
    var sessions: [Session] = []
    for variant in variants { sessions.append(try variant.bundle.session(batch: test.batch)) }
    // The first run touches the weights and starts the threads.
    for (variant, session) in zip(variants, sessions) { try encode(inputs, session, variant) }
    var times = variants.map { _ in BenchTimes() }
    while !isEnough(times) {
      for index in variants.indices {
        let started = ContinuousClock.now
        try encode(inputs, sessions[index], variants[index])
        let measured = started.duration(to: .now).seconds
        let counted = max(0, min(measured, seconds - times[index].total))
        times[index].add(measured)
        progress.add(Int(1000 * counted))
      }
    }
    return times
  }

  private func isEnough(_ times: [BenchTimes]) -> Bool {
    times.allSatisfy { $0.seconds.count >= Self.leastRounds && $0.total >= seconds }
  }

  private func encode(
    _ inputs: BenchInputs, _ session: Session, _ variant: BenchVariant
  ) throws(Failure) {
    do throws(PocketCLIPError) {
      if inputs.ids.isEmpty {
        _ = try session.encode(batch: inputs.pixels)
      } else {
        _ = try session.encode(ids: inputs.ids)
      }
    } catch {
      throw Failure(error, file: variant.bundle.path)
    }
  }
}
