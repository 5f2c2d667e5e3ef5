/// `a + b`, or nil when it does not fit.
@inlinable
public func checkedSum<Number: FixedWidthInteger>(_ a: Number, _ b: Number) -> Number? {
  let (sum, overflow) = a.addingReportingOverflow(b)
  return overflow ? nil : sum
}

/// `a * b`, or nil when it does not fit.
@inlinable
public func checkedProduct<Number: FixedWidthInteger>(_ a: Number, _ b: Number) -> Number? {
  let (product, overflow) = a.multipliedReportingOverflow(by: b)
  return overflow ? nil : product
}

/// The half-open range of `count` from `start`, or nil when it is negative, overflows, or ends beyond `limit`.
@inlinable
public func checkedRange(start: UInt64, count: UInt64, within limit: UInt64) -> Range<UInt64>? {
  guard let end = checkedSum(start, count), end <= limit else { return nil }
  return start..<end
}

/// Rounds up to the next multiple of `alignment`, or nil when that does not fit.
@inlinable
public func checkedRoundUp(_ value: Int, toMultipleOf alignment: Int) -> Int? {
  guard alignment > 0, value >= 0 else { return nil }
  let remainder = value % alignment
  return remainder == 0 ? value : checkedSum(value, alignment - remainder)
}
