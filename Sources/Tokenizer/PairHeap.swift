/// A binary heap of packed numbers: the lowest comes first. It never allocates within its reserved capacity.
struct PairHeap: ~Copyable {
  private var keys: [UInt64] = []

  mutating func reserveCapacity(_ count: Int) {
    keys.reserveCapacity(count)
  }

  mutating func removeAll() {
    keys.removeAll(keepingCapacity: true)
  }

  mutating func insert(_ key: UInt64) {
    keys.append(key)
    var child = keys.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard key < keys[parent] else { break }
      keys[child] = keys[parent]
      child = parent
    }
    keys[child] = key
  }

  mutating func popLowest() -> UInt64? {
    guard let lowest = keys.first, let last = keys.popLast() else { return nil }
    var parent = 0
    while 2 * parent + 1 < keys.count {
      var child = 2 * parent + 1
      if child + 1 < keys.count, keys[child + 1] < keys[child] { child += 1 }
      guard keys[child] < last else { break }
      keys[parent] = keys[child]
      parent = child
    }
    if !keys.isEmpty { keys[parent] = last }
    return lowest
  }
}
