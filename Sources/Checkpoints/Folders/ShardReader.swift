internal import Archives

/// A checkpoint split over several files by an index (`model.safetensors.index.json`, `pytorch_model.bin.index.json`).
struct ShardReader {
  let index: JSONObject
  let folder: ModelFolder
  let limits: Limits

  /// - Throws: any `shard…` code, or errors from opening a shard.
  func read() throws(ReadError) -> Checkpoint {
    if let keras = try KerasShards(index) { return try read(keras) }
    let listed = try weightMap()
    let names = Set(listed.values).sorted()
    var shards: [Checkpoint] = []
    for name in names { shards.append(try open(name)) }
    let isTensorFlow = shards.contains { $0.format == .hdf5 }
    let homes = isTensorFlow ? try Self.withoutScopes(listed) : Self.withDots(listed)
    var seen: [String: String] = [:]
    for (name, shard) in zip(names, shards) { try check(shard, name: name, homes: homes, seen: &seen) }
    for (tensor, home) in homes where seen[tensor] == nil {
      throw ReadError(.shardTensorMissing, found: home, path: [.tensor(tensor)], file: folder.pathOf(home))
    }
    return try merge(shards)
  }

  /// Maps tensors to files. Names cannot leave the folder.
  private func weightMap() throws(ReadError) -> [String: String] {
    guard let map = index["weight_map"]?.objectValue, !map.members.isEmpty else {
      throw ReadError(.shardIndexInvalid, expected: "a weight_map with tensors")
    }
    var homes: [String: String] = [:]
    for member in map.members {
      guard let name = member.value.stringValue else {
        throw ReadError(
          .shardIndexInvalid, at: member.byteOffset, expected: "a file name", path: [.tensor(member.key)])
      }
      guard !name.isEmpty, name != ".", name != "..", !name.contains("/"), !name.contains("\\") else {
        throw ReadError(.shardNameUnsafe, at: member.byteOffset, found: name, path: [.tensor(member.key)])
      }
      homes[member.key] = name
    }
    return homes
  }

  /// The keys with dots. Flax joins them with slashes in the index.
  private static func withDots(_ homes: [String: String]) -> [String: String] {
    let pairs = homes.map { (String($0.key.map { $0 == "/" ? "." : $0 }), $0.value) }
    return Dictionary(pairs) { first, _ in first }
  }

  /// The keys without the first component. transformers lists TensorFlow's variables by full name, but stores them
  /// without the model's scope.
  private static func withoutScopes(_ homes: [String: String]) throws(ReadError) -> [String: String] {
    var result: [String: String] = [:]
    for (variable, home) in homes {
      let start = variable.firstIndex(of: "/").map { variable.index(after: $0) } ?? variable.startIndex
      guard result.updateValue(home, forKey: String(variable[start...])) == nil else {
        throw ReadError(.shardTensorRepeated, path: [.tensor(variable)])
      }
    }
    return result
  }

  func open(_ name: String) throws(ReadError) -> Checkpoint {
    guard Folder.hasFile(folder.pathOf(name)) else {
      throw ReadError(.shardMissing, found: name, file: folder.pathOf(name))
    }
    let file = try folder.map(name)
    do throws(ReadError) {
      switch try ContentDetector(file: file, limits: limits).detect() {
      case .checkpoint(.bundle, _):
        throw ReadError(
          .shardIndexInvalid, expected: "weights", found: "a PocketCLIP bundle",
          advice: "give the bundle itself: it holds a complete model")
      case .checkpoint(let format, let probe): return try format.read(probe)
      case .shardIndex: throw ReadError(.shardIndexInvalid, expected: "weights", found: "another index")
      }
    } catch {
      throw error.inFile(file.path)
    }
  }

  /// Checks that the shard holds exactly the tensors that the index lists for it.
  private func check(
    _ shard: Checkpoint, name: String, homes: [String: String], seen: inout [String: String]
  ) throws(ReadError) {
    for stored in shard.tensors.map(\.name) + shard.ignored.map(\.name) {
      if let other = seen.updateValue(name, forKey: stored) {
        throw ReadError(
          .shardTensorRepeated, found: "\(other) and \(name)", path: [.tensor(stored)],
          file: folder.pathOf(name))
      }
      guard homes[stored] == name else {
        throw ReadError(
          homes[stored] == nil ? .shardTensorUnlisted : .shardTensorMissing, expected: homes[stored],
          found: name, path: [.tensor(stored)], file: folder.pathOf(name))
      }
    }
  }

  func merge(_ shards: [Checkpoint]) throws(ReadError) -> Checkpoint {
    guard var joined = shards.first else { throw ReadError(.shardIndexInvalid, expected: "a shard") }
    for shard in shards.dropFirst() {
      guard shard.format == joined.format else {
        throw ReadError(.shardIndexInvalid, expected: "shards of one format")
      }
      joined.files += shard.files
      joined.archives += shard.archives
      joined.tensors += shard.tensors
      joined.ignored += shard.ignored
      joined.notes += shard.notes.filter { !joined.notes.contains($0) }
    }
    joined.layout = .shards
    return joined
  }
}

/// Libraries' names for the parts of a checkpoint: `model-00001-of-00003.safetensors`.
enum ShardName {
  /// Whether the name is that of one of several parts.
  static func isOneOfSeveral(_ name: String) -> Bool {
    let stem = name.prefix { $0 != "." }
    let parts = stem.split(separator: "-")
    guard parts.count >= 3, parts[parts.count - 2] == "of", let count = number(parts[parts.count - 1]),
      number(parts[parts.count - 3]) != nil
    else { return false }
    return count > 1
  }

  private static func number(_ text: Substring) -> Int? {
    text.utf8.count >= 4 && text.utf8.allSatisfy { (0x30...0x39).contains($0) } ? Int(text) : nil
  }
}
