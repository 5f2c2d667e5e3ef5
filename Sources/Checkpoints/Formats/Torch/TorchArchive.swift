internal import Archives

/// The members of a zip that PyTorch wrote, below their common folder.
struct TorchArchive {
  let zip: ZipArchive
  let file: MappedFile
  /// The folder with its slash; empty if the members are at the top.
  let root: String
  let isBigEndian: Bool

  /// Whether the zip holds a pickle where PyTorch writes it.
  static func isTorch(_ zip: ZipArchive) -> Bool { !dataPickles(in: zip).isEmpty }

  /// - Throws: `severalStateDicts` or `byteOrderUnknown`.
  init(zip: ZipArchive, file: MappedFile) throws(ReadError) {
    let pickles = Self.dataPickles(in: zip)
    guard let pickle = pickles.first, pickles.count == 1 else {
      throw ReadError(
        .severalStateDicts, expected: "one data.pkl", found: pickles.map(\.name).joined(separator: ", "))
    }
    self.zip = zip
    self.file = file
    self.root = String(pickle.name.dropLast("data.pkl".count))
    self.isBigEndian = try Self.isBigEndian(zip, root: root)
  }

  /// TorchScript archives carry code or graph constants; plain pickles have neither.
  var isTorchScript: Bool {
    zip[root + "constants.pkl"] != nil || zip.entries.contains { $0.name.hasPrefix(root + "code/") }
  }

  /// Storages below `data/`, without the constants of the graph, whose numbers start again at zero.
  var storageEntries: [ZipEntry] {
    zip.entries.filter { $0.name.hasPrefix(root + "data/") && !$0.isFolder }
  }

  /// Tensors that belong to the traced graph, not to the model's parameters.
  var graphConstantEntries: [ZipEntry] {
    zip.entries.filter { entry in
      !entry.isFolder && ["constants/", "traced_inputs/"].contains { entry.name.hasPrefix(root + $0) }
    }
  }

  func storageName(_ key: String) -> String { root + "data/" + key }

  private static let inflatedByteCharge = 4

  /// The object pickle, unpickled.
  func unpickle(limits: Limits) throws(ReadError) -> PickleGraph {
    let name = root + "data.pkl"
    guard let entry = zip[name] else { throw ReadError(.zipMissingMember, found: name) }
    // PyTorch never compresses the pickle. Every inflated byte can be an instruction, which also takes time.
    if entry.method == .deflated {
      try limits.charge(entry.byteCount, of: Self.inflatedByteCharge, for: "inflated pickle")
    }
    let slice = try zip.source(of: entry).load()
    do throws(ReadError) {
      return try Unpickler.unpickle(slice.bytes, baseOffset: UInt64(slice.range.lowerBound), limits: limits)
    } catch {
      var error = error
      // Offsets count inflated bytes, which are not offsets in the file.
      if entry.method == .deflated { error.byteOffset = nil }
      throw error.inside(.archiveMember(name))
    }
  }

  /// Whether the checksum of the object pickle equals the archive's.
  func pickleIsIntact() throws(ReadError) -> Bool {
    guard let entry = zip[root + "data.pkl"] else { return true }
    return try zip.checksumMatches(entry)
  }

  private static func dataPickles(in zip: ZipArchive) -> [ZipEntry] {
    zip.entries.filter { $0.name == "data.pkl" || $0.name.hasSuffix("/data.pkl") }
  }

  /// Archives without the member were written before PyTorch 2.1 and are little-endian.
  private static func isBigEndian(_ zip: ZipArchive, root: String) throws(ReadError) -> Bool {
    guard let entry = zip[root + "byteorder"] else { return false }
    let text = String(decoding: try zip.prefix(of: entry, count: 16), as: UTF8.self)
    switch text {
    case "little": return false
    case "big": return true
    default:
      throw ReadError(
        .byteOrderUnknown, expected: "little or big", found: text, path: [.archiveMember(entry.name)])
    }
  }
}

/// The members below `data/`, one per storage.
struct TorchZipStorages: TorchStorages {
  let archive: TorchArchive
  private var sources: [String: any ByteSource] = [:]
  /// Members that at least one decoded tensor uses.
  private(set) var usedMembers: Set<String> = []

  init(_ archive: TorchArchive) { self.archive = archive }

  var path: String { archive.file.path }
  var isBigEndian: Bool { archive.isBigEndian }

  mutating func source(of reference: StorageReference) throws(ReadError) -> any ByteSource {
    guard reference.view == nil else {
      throw ReadError(.tensorRecordInvalid, expected: "a complete storage", found: "a view of one")
    }
    let source: any ByteSource
    if let known = sources[reference.key] {
      source = known
    } else {
      let member = archive.storageName(reference.key)
      guard let entry = archive.zip[member] else { throw ReadError(.storageMissing, found: member) }
      source = archive.zip.source(of: entry)
      sources[reference.key] = source
      usedMembers.insert(member)
    }
    guard let byteWidth = reference.byteWidth else { return source }
    guard reference.elementCount.multipliedReportingOverflow(by: byteWidth) == (source.byteCount, false)
    else {
      throw ReadError(
        .storageSizeMismatch, expected: "\(reference.elementCount) elements of \(byteWidth) bytes",
        found: "\(source.byteCount) bytes", path: [.archiveMember(archive.storageName(reference.key))])
    }
    return source
  }
}
