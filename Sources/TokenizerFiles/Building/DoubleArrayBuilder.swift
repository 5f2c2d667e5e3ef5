/// Builds the double array that `DoubleArray` of the tokenizer reads. The layout is that of Darts-clone.
///
/// Nodes are placed in the order of their keys, each at the first free place of the last blocks. The same keys give the
/// same bytes.
struct DoubleArrayBuilder {
  /// The most units: offsets have 29 bits.
  private static let largestCount = 1 << 28
  private static let blockSize = 256
  /// Blocks in which places are searched. Earlier ones keep their gaps.
  private static let openBlocks = 16

  private let keys: [Key]
  private var units: [UInt32] = []
  private var isTaken: [Bool] = []
  /// Whether a node's children are at this offset: each node needs its own.
  private var isBase: [Bool] = []
  /// The free places of the open blocks, ascending: the next and the previous one.
  private var nextFree: [Int32] = []
  private var previousFree: [Int32] = []
  private var firstFree: Int32 = -1
  private var lastFree: Int32 = -1

  /// A byte string without 0 bytes, and its value below 2³¹.
  struct Key {
    var bytes: [UInt8]
    var value: UInt32
  }

  private struct Node {
    var index: Int
    var keys: Range<Int>
    var depth: Int
  }

  /// The units of the trie; empty without keys.
  ///
  /// - Parameter keys: in the order of their bytes, each different, not empty, without 0 bytes.
  static func units(_ keys: [Key]) -> [UInt32] {
    guard !keys.isEmpty else { return [] }
    var builder = DoubleArrayBuilder(keys: keys)
    builder.build()
    // A gap is a value, not a unit of label 0, which a NUL character of a text would match.
    return builder.units.map { $0 == 0 ? 1 << 31 : $0 }
  }

  private init(keys: [Key]) { self.keys = keys }

  private mutating func build() {
    addBlock()
    take(0)
    isBase[0] = true
    var stack = [Node(index: 0, keys: 0..<keys.count, depth: 0)]
    var labels: [UInt8] = []
    var groups: [Range<Int>] = []
    while let node = stack.popLast() {
      children(of: node, &labels, &groups)
      let base = place(labels, for: node.index)
      setOffset(of: node.index, to: base)
      isBase[base] = true
      for (label, group) in zip(labels, groups) {
        let index = base ^ Int(label)
        take(index)
        if label == 0 {
          units[node.index] |= 0x100
          units[index] = keys[group.lowerBound].value | 1 << 31
        } else {
          units[index] |= UInt32(label)
        }
      }
      for (label, group) in zip(labels, groups).reversed() where label != 0 {
        stack.append(Node(index: base ^ Int(label), keys: group, depth: node.depth + 1))
      }
    }
  }

  /// The labels of a node's children, and the keys below each. A key that ends here has the label 0.
  private func children(of node: Node, _ labels: inout [UInt8], _ groups: inout [Range<Int>]) {
    labels.removeAll(keepingCapacity: true)
    groups.removeAll(keepingCapacity: true)
    var start = node.keys.lowerBound
    while start < node.keys.upperBound {
      let label = self.label(start, node.depth)
      var end = start + 1
      while end < node.keys.upperBound, self.label(end, node.depth) == label { end += 1 }
      labels.append(label)
      groups.append(start..<end)
      start = end
    }
  }

  private func label(_ key: Int, _ depth: Int) -> UInt8 {
    depth < keys[key].bytes.count ? keys[key].bytes[depth] : 0
  }

  /// An offset at which all children are free. It is reachable from the node: its distance fits in 21 bits, or is a
  /// multiple of a block.
  private mutating func place(_ labels: [UInt8], for node: Int) -> Int {
    var candidate = firstFree
    while candidate >= 0 {
      let base = Int(candidate) ^ Int(labels[0])
      if fits(labels, base, node) { return base }
      candidate = nextFree[Int(candidate)]
    }
    let start = units.count
    addBlock()
    return start | node & 0xFF
  }

  private func fits(_ labels: [UInt8], _ base: Int, _ node: Int) -> Bool {
    guard !isBase[base] else { return false }
    let distance = base ^ node
    guard distance < 1 << 21 || distance & 0xFF == 0 else { return false }
    return labels.allSatisfy { !isTaken[base ^ Int($0)] }
  }

  private mutating func setOffset(of node: Int, to base: Int) {
    let distance = UInt32(base ^ node)
    units[node] |= distance < 1 << 21 ? distance << 10 : (distance >> 8) << 10 | 1 << 9
  }

  private mutating func addBlock() {
    precondition(units.count < Self.largestCount, "more units than a double array can hold")
    let start = units.count
    let end = start + Self.blockSize
    units.append(contentsOf: repeatElement(0, count: Self.blockSize))
    isTaken.append(contentsOf: repeatElement(false, count: Self.blockSize))
    isBase.append(contentsOf: repeatElement(false, count: Self.blockSize))
    for index in start..<end {
      previousFree.append(index == start ? lastFree : Int32(index - 1))
      nextFree.append(index == end - 1 ? -1 : Int32(index + 1))
    }
    if lastFree >= 0 { nextFree[Int(lastFree)] = Int32(start) } else { firstFree = Int32(start) }
    lastFree = Int32(end - 1)
    let closed = start - Self.openBlocks * Self.blockSize
    while firstFree >= 0, Int(firstFree) < closed { take(Int(firstFree)) }
  }

  private mutating func take(_ index: Int) {
    guard !isTaken[index] else { return }
    isTaken[index] = true
    let (previous, next) = (previousFree[index], nextFree[index])
    if previous >= 0 { nextFree[Int(previous)] = next } else { firstFree = next }
    if next >= 0 { previousFree[Int(next)] = previous } else { lastFree = previous }
  }
}
