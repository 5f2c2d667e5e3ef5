internal import Architecture
internal import Verification

extension Report {
  /// 1 − cos of a tower that misses its bound, as a multiple of what is allowed; 1 if only the choice of texts does; nil if
  /// neither.
  func excess(_ tower: Tower) -> Double? {
    if let metrics = self.tower(tower)?.metrics, let least = thresholds.bounds(tower)?.worstCosine,
      !(metrics.worstCosine >= least)
    {
      let ratio = (1 - metrics.worstCosine) / (1 - least)
      return ratio >= 1 ? ratio : .infinity
    }
    if let agreement, let least = thresholds.agreement, agreement.fraction < least { return 1 }
    return nil
  }
}
