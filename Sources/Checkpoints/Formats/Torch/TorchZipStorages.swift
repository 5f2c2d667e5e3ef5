internal import Archives

/// The members below `data/`, one for each storage.
struct TorchZipStorages: TorchStorages {
  let archive: TorchArchive
  private var sources: [String: any ByteSource] = [:]
  /// Members that some decoded tensor lies in.
  private(set) var usedMembers: Set<String> = []

  init(_ archive: TorchArchive) { self.archive = archive }

  var path: String { archive.file.path }
  var isBigEndian: Bool { archive.isBigEndian }

  mutating func source(of reference: StorageReference) throws(ReadError) -> any ByteSource {
    guard reference.view == nil else {
      throw ReadError(.tensorRecordInvalid, expected: "a whole storage", found: "a part of one")
    }
    let member = archive.storageName(reference.key)
    let source: any ByteSource
    if let known = sources[reference.key] {
      source = known
    } else {
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
        found: "\(source.byteCount) bytes", path: [.archiveMember(member)])
    }
    return source
  }
}
