internal import Archives
internal import TensorTypes

/// Reads the format that `torch.save` wrote before zips: five pickles (magic number, version, machine, the object,
/// the keys of its storages), then the storages.
enum TorchLegacyReader {
  static func read(_ file: MappedFile, limits: Limits) throws(ReadError) -> Checkpoint {
    var sequence = PickleSequence(FileSlice(file: file, range: 0..<file.byteCount), limits: limits)
    let header = try TorchLegacyHeader(&sequence, in: file)
    let graph = try sequence.unpickle()
    let cited = try citedStorages(graph)
    let keysOffset = UInt64(sequence.position)
    let keys = try storageKeys(try sequence.unpickle(), at: keysOffset)
    let storages = try TorchLegacyStorages(
      keys: keys, at: keysOffset, cited: cited, in: file, &sequence,
      mayHaveBigEndianCounts: header.isFromBigEndianMachine)
    var contents = try StateDictReader.read(TorchTensorDecoder(graph, storages: storages, limits: limits))
    if header.isFromBigEndianMachine {
      contents.notes.append(
        "written on a big-endian machine: values are read as little-endian, which is how PyTorch stores them there too"
      )
    }
    return contents.checkpoint(.torchLegacy, in: file)
  }

  /// The references to each storage in the object's pickle, by key.
  ///
  /// - Throws: `torchLegacyReference` or `torchLegacyStorageClash`.
  private static func citedStorages(_ graph: PickleGraph) throws(ReadError) -> [String: StorageReference] {
    var cited: [String: StorageReference] = [:]
    for id in graph.persistentIDs {
      var reference: StorageReference
      do throws(ReadError) { reference = try StorageReference(id, in: graph) } catch {
        throw ReadError(.torchLegacyReference, expected: error.expected)
      }
      reference.view = nil
      let first = cited[reference.key] ?? reference
      guard first == reference else {
        throw ReadError(
          .torchLegacyStorageClash, expected: first.contentText, found: reference.contentText,
          path: [.key(reference.key)])
      }
      cited[reference.key] = reference
    }
    return cited
  }

  private static func storageKeys(_ graph: PickleGraph, at offset: UInt64) throws(ReadError) -> [String] {
    guard case .list = graph.root, let elements = graph.elements(of: graph.root) else {
      throw ReadError(.torchLegacyKeys, at: offset, expected: "a list of keys")
    }
    let keys = elements.compactMap(\.stringValue)
    guard keys.count == elements.count else {
      throw ReadError(.torchLegacyKeys, at: offset, expected: "keys that are text")
    }
    return keys
  }
}

extension StorageReference {
  /// For messages.
  fileprivate var contentText: String {
    "\(elementCount) elements of \(dtype?.safetensorsName ?? byteWidth.map { _ in "bytes" } ?? "complex numbers")"
  }
}
