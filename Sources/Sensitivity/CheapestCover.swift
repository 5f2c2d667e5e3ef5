/// Chooses the cheapest elements whose values add up to a target.
///
/// Branch and bound: elements are taken in the order of value per cost, so that the first solution is the greedy one, and
/// a branch ends where even fractions of elements would not be cheaper than the best solution so far. The number of
/// branches is limited; within the limit the solution is the cheapest. All sums run in one order.
struct CheapestCover {
  struct Element {
    var value: Double
    var cost: Int
  }

  /// Branches that are visited; enough for a tower of 200 matrices.
  private static let mostBranches = 1 << 20

  private let elements: [Element]
  /// Indices of elements with a value, most value per cost first.
  private let order: [Int]
  /// Σ value of the elements from each position of the order on.
  private let valuesBehind: [Double]
  private var branches = 0
  private var taken: [Int] = []
  private var best: [Int]
  private var bestCost: Int

  /// - Returns: indices in ascending order; every element with a value if all together stay below the target.
  static func choose(_ elements: [Element], reaching target: Double) -> [Int] {
    guard target > 0 else { return [] }
    var cover = CheapestCover(elements)
    cover.visit(0, missing: target, cost: 0)
    return cover.pruned(target).sorted()
  }

  private init(_ elements: [Element]) {
    self.elements = elements
    order = elements.indices.filter { elements[$0].value > 0 }.sorted { one, other in
      let left = elements[one].value * Double(elements[other].cost)
      let right = elements[other].value * Double(elements[one].cost)
      return left == right ? one < other : left > right
    }
    var sums = [0.0]
    for index in order.reversed() { sums.append((sums.last ?? 0) + elements[index].value) }
    valuesBehind = sums.reversed()
    best = order
    bestCost = order.reduce(0) { $0 + elements[$1].cost }
  }

  private mutating func visit(_ position: Int, missing: Double, cost: Int) {
    if missing <= 0 {
      if cost < bestCost { (best, bestCost) = (taken, cost) }
      return
    }
    branches += 1
    guard branches <= Self.mostBranches, position < order.count, valuesBehind[position] >= missing,
      Double(cost) + leastCost(position, missing) < Double(bestCost)
    else { return }
    let element = elements[order[position]]
    taken.append(order[position])
    visit(position + 1, missing: missing - element.value, cost: cost + element.cost)
    taken.removeLast()
    visit(position + 1, missing: missing, cost: cost)
  }

  /// If fractions of elements could be taken.
  private func leastCost(_ position: Int, _ missing: Double) -> Double {
    var (missing, cost) = (missing, 0.0)
    for index in order[position...] {
      let element = elements[index]
      guard element.value < missing else { return cost + Double(element.cost) * missing / element.value }
      missing -= element.value
      cost += Double(element.cost)
    }
    return cost
  }

  /// Without elements that the target does not need, which remain only if the branches were limited.
  private func pruned(_ target: Double) -> [Int] {
    var kept = best
    for index in best.sorted(by: { elements[$0].cost > elements[$1].cost }) {
      let others = kept.filter { $0 != index }
      if others.reduce(0.0, { $0 + elements[$1].value }) >= target { kept = others }
    }
    return kept
  }
}
