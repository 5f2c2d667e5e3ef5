/// A version 1 B-tree: the index of old-style groups and of chunks.
enum HDF5Tree {
  /// What the tree is an index of, and so what its keys are.
  enum Kind {
    /// Keys are offsets of names.
    case group
    /// Keys are stored size, filter mask and the chunk's first element on each axis, with one axis more for the bytes
    /// of an element.
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
    /// Nil for the root, whose level is what it says.
    var level: Int?
  }

  /// The children of all nodes of level 0, in the order of the keys.
  ///
  /// - Throws: `hdf5Tree` and any structural code. Levels fall on every way down, and no node is read twice.
  static func leaves(of kind: Kind, at root: UInt64?, in space: HDF5Space) throws(ReadError) -> [Leaf] {
    var leaves: [Leaf] = []
    var open = [Branch(address: root, level: nil)]
    while let branch = open.popLast() {
      let (level, children) = try node(branch, kind, space)
      if level == 0 {
        leaves += children
      } else {
        open += children.reversed().map { Branch(address: $0.address, level: level - 1) }
      }
    }
    return leaves
  }

  private static func node(
    _ branch: Branch, _ kind: Kind, _ space: HDF5Space
  ) throws(ReadError) -> (level: Int, children: [Leaf]) {
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
    try cursor.skip(keyWidth)
    return (level, children)
  }
}
