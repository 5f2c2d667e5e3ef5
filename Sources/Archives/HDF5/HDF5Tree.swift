/// A version 1 B-tree: the index of old-style groups and of chunks.
enum HDF5Tree {
  /// The kind of index, which determines the keys.
  enum Kind {
    /// Keys are offsets of names.
    case group
    /// Keys are stored size, filter mask and the chunk's first element on each axis, with one additional axis for the
    /// bytes of an element.
    case chunks(rank: Int)

    var number: Int {
      switch self {
      case .group: 0
      case .chunks: 1
      }
    }

    func keyWidth(_ widths: HDF5Widths) -> Int {
      switch self {
      case .group: widths.length
      case .chunks(let rank): 8 + 8 * (rank + 1)
      }
    }
  }

  struct Leaf {
    /// The key before the child.
    var key: HDF5Cursor
    var address: UInt64?
  }

  private struct Branch {
    var address: UInt64?
    /// Nil for the root, which states its own level.
    var level: Int?
    /// The keys on both sides; nil for the root.
    var bounds: (lower: HDF5Cursor, upper: HDF5Cursor)?
  }

  private struct Node {
    var offset: UInt64
    var level: Int
    var children: [Leaf]
    /// The key after the last child.
    var end: HDF5Cursor

    var branches: [Branch] {
      let upper = children.dropFirst().map(\.key) + [end]
      return zip(children, upper).map { child, upper in
        Branch(address: child.address, level: level - 1, bounds: (child.key, upper))
      }
    }
  }

  /// The children of all nodes of level 0, in key order.
  ///
  /// - Throws: `hdf5Tree` and any structural code. Levels decrease on every path, and no node is read twice.
  static func leaves(of kind: Kind, at root: UInt64?, in space: HDF5Space) throws(ReadError) -> [Leaf] {
    var leaves: [Leaf] = []
    var open = [Branch(address: root, level: nil)]
    while let branch = open.popLast() {
      let node = try node(branch, kind, space)
      if case .chunks(let rank) = kind { try requireOrder(node, branch, rank: rank) }
      if node.level == 0 { leaves += node.children } else { open += node.branches.reversed() }
    }
    return leaves
  }

  private static func node(
    _ branch: Branch, _ kind: Kind, _ space: HDF5Space
  ) throws(ReadError) -> Node {
    var cursor = try space.visit("B-tree node", at: branch.address)
    let start = cursor.offset
    try cursor.expect("TREE", of: "B-tree node")
    let (type, level, count) = (try cursor.small(1), try cursor.small(1), try cursor.small(2))
    guard type == kind.number, branch.level == nil || branch.level == level else {
      throw ReadError(
        .hdf5Tree, at: start, expected: "type \(kind.number), level \(branch.level ?? level)",
        found: "type \(type), level \(level)")
    }
    try cursor.skip(2 * space.widths.address)
    let keyWidth = kind.keyWidth(space.widths)
    try space.charge(8 + keyWidth, for: "B-tree node", at: start)
    try space.charge(count, of: keyWidth + space.widths.address, for: "B-tree node", at: start)
    var children: [Leaf] = []
    for _ in 0..<count {
      children.append(Leaf(key: try cursor.part(keyWidth), address: try cursor.address()))
    }
    return Node(offset: start, level: level, children: children, end: try cursor.part(keyWidth))
  }

  /// Requires that a node's keys are between the keys on both sides of it. Other readers look chunks up by the keys
  /// of all levels, so they would not find the chunk and return the fill value instead.
  private static func requireOrder(_ node: Node, _ branch: Branch, rank: Int) throws(ReadError) {
    guard !node.children.isEmpty else { return }
    var keys: [[UInt64]] = []
    for child in node.children { keys.append(try order(of: child.key, rank: rank)) }
    var ends = [try order(of: node.end, rank: rank)]
    var isSorted = true
    if let (lower, upper) = branch.bounds {
      isSorted = try !keys[0].lexicographicallyPrecedes(order(of: lower, rank: rank))
      ends.append(try order(of: upper, rank: rank))
    }
    for (key, next) in zip(keys, keys.dropFirst()) where !key.lexicographicallyPrecedes(next) {
      isSorted = false
    }
    guard isSorted, ends.allSatisfy({ keys[keys.count - 1].lexicographicallyPrecedes($0) }) else {
      throw ReadError(.hdf5Tree, at: node.offset, expected: "keys of chunks in ascending order")
    }
  }

  /// The chunk's first element on each axis, slowest first.
  private static func order(of key: HDF5Cursor, rank: Int) throws(ReadError) -> [UInt64] {
    var key = key
    try key.skip(8)
    var numbers: [UInt64] = []
    for _ in 0...rank { numbers.append(try key.number(8)) }
    return numbers
  }
}
