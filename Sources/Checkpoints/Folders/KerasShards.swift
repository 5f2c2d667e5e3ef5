internal import Archives

/// Keras's index of sharded weights (`model.weights.json`). It maps the group of variables of each layer to a file,
/// or to several files if the group spans shards.
struct KerasShards {
  /// Files of each group, in the order of the index.
  private let groups: [(group: String, files: [String])]

  /// Nil for an index of another library, whose keys are tensor names.
  ///
  /// - Throws: `shardIndexInvalid` or `shardNameUnsafe`.
  init?(_ index: JSONObject) throws(ReadError) {
    guard let members = index["weight_map"]?.objectValue?.members, !members.isEmpty,
      members.allSatisfy({ $0.key.hasPrefix("/") })
    else { return nil }
    var groups: [(group: String, files: [String])] = []
    for member in members {
      let listed = member.value.arrayValue ?? [member.value]
      let files = listed.compactMap(\.stringValue)
      guard !files.isEmpty, files.count == listed.count else {
        throw ReadError(
          .shardIndexInvalid, at: member.byteOffset, expected: "a file name or a list of them",
          path: [.tensor(member.key)])
      }
      for name in files
      where name.isEmpty || name == "." || name == ".." || name.contains(where: { "/\\".contains($0) }) {
        throw ReadError(.shardNameUnsafe, at: member.byteOffset, found: name, path: [.tensor(member.key)])
      }
      groups.append((String(member.key.dropFirst()), files))
    }
    self.groups = groups
  }

  /// The files in an index of any library.
  static func files(of index: JSONObject) -> Set<String> {
    var names: Set<String> = []
    for member in index["weight_map"]?.objectValue?.members ?? [] {
      for value in member.value.arrayValue ?? [member.value] {
        if let name = value.stringValue { names.insert(name) }
      }
    }
    return names
  }

  var files: [String] { Set(groups.flatMap(\.files)).sorted() }

  /// Checks that every variable is in exactly one shard, and that the index lists the shard for the variable's group.
  ///
  /// - Parameter shards: the names of each file's variables.
  /// - Throws: `shardTensorRepeated`, `shardTensorUnlisted` or `shardTensorMissing`, with the shard's name.
  func check(_ shards: [(file: String, variables: [String])]) throws(ReadError) {
    let homes = Dictionary(groups.map { ($0.group, Set($0.files)) }) { $0.union($1) }
    var seen: [String: String] = [:]
    var filled: Set<[String]> = []
    for (file, variables) in shards {
      for variable in variables {
        if let other = seen.updateValue(file, forKey: variable) {
          throw ReadError(
            .shardTensorRepeated, found: "\(other) and \(file)", path: [.tensor(variable)], file: file)
        }
        let group = String(variable.prefix(upTo: variable.lastIndex(of: "/") ?? variable.startIndex))
        guard let home = homes[group], home.contains(file) else {
          let expected = homes[group].map { $0.sorted().joined(separator: ", ") }
          throw ReadError(
            expected == nil ? .shardTensorUnlisted : .shardTensorMissing, expected: expected, found: file,
            path: [.tensor(variable)], file: file)
        }
        filled.insert([group, file])
      }
    }
    for (group, files) in groups {
      for file in files where !filled.contains([group, file]) {
        throw ReadError(.shardTensorMissing, found: file, path: [.tensor(group)], file: file)
      }
    }
  }
}

extension ShardReader {
  /// - Throws: any `shard…` code, or errors from opening a shard.
  func read(_ keras: KerasShards) throws(ReadError) -> Checkpoint {
    var shards: [Checkpoint] = []
    for name in keras.files { shards.append(try open(name)) }
    do throws(ReadError) {
      try keras.check(
        zip(keras.files, shards).map { file, shard in
          (file, shard.tensors.map(\.name) + shard.ignored.map(\.name))
        })
    } catch {
      var error = error
      error.file = error.file.map(folder.pathOf)
      throw error
    }
    return try merge(shards)
  }
}
