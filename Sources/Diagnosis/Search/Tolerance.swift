/// What counts as right, as explained, and as rounding. Figures are 1 − cosine.
struct Tolerance {
  /// Vectors are right if none differs more.
  let right: Double
  /// A mistake explains vectors if with it none differs more, and the mean difference shrinks tenfold.
  let explained: Double
  /// Smaller differences are not explained.
  let exact: Double
  /// Differences that rounding of the given vectors and of both computations can cause.
  let rounding: Double

  /// - Parameters:
  ///   - isQuantized: whether the model's weights are rounded to 8 bits.
  ///   - isHalf: whether the given vectors are rounded to FP16.
  init(isQuantized: Bool, isHalf: Bool) {
    right = isQuantized ? 2e-3 : 1e-5
    explained = isQuantized ? 5e-3 : 1e-4
    exact = isQuantized ? right : isHalf ? 1e-6 : 1e-7
    rounding = isQuantized ? 1e-3 : isHalf ? 2e-7 : 1e-10
  }

  func explains(_ candidate: Candidate) -> Bool {
    explains(candidate.after, candidate.before)
  }

  func explains(_ after: Closeness, _ before: Closeness) -> Bool {
    // Vectors that are nearly right must meet nearly exactly.
    let factor: Double = before.worstError <= right ? 30 : 10
    return after.worstError <= explained && after.meanError <= before.meanError / factor
      && !spoils(after, before)
  }

  /// Whether a row that was right is no longer: then the cause of the others is another one.
  private func spoils(_ after: Closeness, _ before: Closeness) -> Bool {
    zip(after.errors, before.errors).contains { $1 <= exact && $0 > 10 * exact }
  }

  /// Whether the cosine rises much, but not to 1.
  func explainsPart(_ candidate: Candidate) -> Bool {
    candidate.after.meanError <= candidate.before.meanError / 2
  }
}
