internal import Archives

/// Reads the format that `torch.save` wrote before 0.1.10: a tar of the machine's properties, the object, its tensors
/// and their storages.
///
/// Source: torch/serialization.py of 0.1.9, and `_legacy_load` of current versions, which still reads such files.
enum TorchTarReader {
  private static let memberNames = ["sys_info", "pickle", "tensors", "storages"]

  static func read(_ file: MappedFile, limits: Limits) throws(ReadError) -> Checkpoint {
    let archive = try TarArchive(file, most: memberNames.count, limits: limits)
    let found = archive.members.map(\.name)
    guard Set(found) == Set(memberNames) else {
      throw ReadError(
        .torchTarMembers, expected: memberNames.joined(separator: ", "),
        found: found.isEmpty ? "no members" : found.joined(separator: ", "))
    }
    try requireLittleEndian(archive, limits)
    let graph = try inside("pickle", archive) { content throws(ReadError) in
      try Unpickler.unpickle(content.bytes, baseOffset: UInt64(content.range.lowerBound), limits: limits)
    }
    let storages = try inside("storages", archive) { content throws(ReadError) in
      try TorchTarStorages(content, limits: limits)
    }
    let tensors = try inside("tensors", archive) { content throws(ReadError) in
      try TorchTarTensors(graph, tensors: content, storages: storages, limits: limits)
    }
    try tensors.requireReferences(to: storages)
    return try StateDictReader.read(tensors).checkpoint(.torchTar, in: file)
  }

  /// - Throws: `torchTarSystem` for a big-endian machine. PyTorch did not support these then, and no program reads
  ///   such numbers.
  private static func requireLittleEndian(_ archive: TarArchive, _ limits: Limits) throws(ReadError) {
    try inside("sys_info", archive) { content throws(ReadError) in
      let graph = try Unpickler.unpickle(
        content.bytes, baseOffset: UInt64(content.range.lowerBound), limits: limits)
      guard graph.isFromLittleEndianMachine == true else {
        throw ReadError(
          .torchTarSystem, at: UInt64(content.range.lowerBound), expected: "little_endian, true")
      }
    }
  }

  /// The result of `body` for a member. Errors name the member.
  private static func inside<Result>(
    _ name: String, _ archive: TarArchive, _ body: (FileSlice) throws(ReadError) -> Result
  ) throws(ReadError) -> Result {
    guard let member = archive[name] else { throw ReadError(.torchTarMembers, expected: name) }
    do throws(ReadError) {
      if case .other(let kind) = member.kind {
        throw ReadError(
          .tarMemberKind, at: UInt64(member.headerOffset), expected: "a plain file", found: kind)
      }
      return try body(member.content)
    } catch {
      throw error.inside(.archiveMember(name))
    }
  }
}
