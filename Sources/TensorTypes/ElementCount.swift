/// The number of elements of a shape, or nil when an extent is negative or the product does not fit an `Int`.
///
/// A shape of rank 0 has one element.
public func elementCount(of shape: [Int]) -> Int? {
  var count = 1
  for extent in shape {
    guard extent >= 0 else { return nil }
    let (product, overflow) = count.multipliedReportingOverflow(by: extent)
    guard !overflow else { return nil }
    count = product
  }
  return count
}
