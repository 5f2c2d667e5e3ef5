import Archives
import Foundation
import SystemPath

/// All vectors of one output: published vectors, vectors that an interrupted run left, and vectors of this run. Holds the
/// lock from reading to publishing.
///
/// Memory holds rows, not vectors: about 200 bytes and the path for each.
final class VectorStore {
  enum Mode { case new, resume, replace }

  struct Entry {
    var row: VectorRow
    /// The position of the vector: a published row; or, if negative, the complement of an offset in the journal.
    var source: Int
  }

  let paths: VectorPaths
  /// This run goes on with an interrupted `--force` run, whose output replaces the published one.
  let continuesReplacing: Bool
  private let settings: VectorSettings
  private let codec: RowCodec
  let width: Int
  private let journal: VectorJournal
  private var published: PublishedVectors?
  private var publication: VectorPublication
  private(set) var entries: [Entry] = []
  /// Vectors by content, for files with equal contents.
  let contents: VectorContents
  private var journalEnd = VectorJournal.headerByteCount
  /// Whether the journal holds nothing of an earlier run.
  private let isJournalOwn: Bool
  private var isRowChanged = false
  /// The number of rows before this run.
  private var earlierCount = 0
  private var unsaved = (count: 0, since: ContinuousClock.now)

  /// The number of vectors, and the time, after which the journal is forced to the disk: the most that a power failure can
  /// lose. Any other end of the process loses nothing.
  private static let savedCount = 4096
  private static let savedInterval = Duration.seconds(120)

  /// - Parameter width: values per vector.
  /// - Throws: `output` if another process holds the output, or if an interrupted run left vectors and `mode` is `new`;
  ///   `data` for an output that cannot be resumed. The files of earlier runs then stay unchanged.
  convenience init(
    _ paths: VectorPaths, _ settings: VectorSettings, width: Int, _ mode: Mode
  ) throws(Failure) {
    let journal = try VectorJournal(paths)
    do throws(Failure) {
      try self.init(paths, settings, width: width, mode, journal)
    } catch {
      if journal.isNew { journal.remove() }
      throw error
    }
  }

  private init(
    _ paths: VectorPaths, _ settings: VectorSettings, width: Int, _ mode: Mode, _ journal: VectorJournal
  ) throws(Failure) {
    self.paths = paths
    self.settings = settings
    self.width = width
    codec = RowCodec(settings)
    self.journal = journal
    publication = VectorPublication(paths: paths, replaces: mode != .new)
    let left = journal.header
    guard left != nil || journal.isNew else { throw Self.isForeign(journal, paths) }
    isJournalOwn = left == nil || mode != .resume
    continuesReplacing =
      mode == .resume && left?.replaces == true && SystemPath.access(paths.vectors, F_OK) == 0
    switch mode {
    case .new:
      // Another process may have published between the first check and the lock.
      try paths.checkDestination(replacing: false, inputs: [])
      if let left { try Self.requireEmpty(journal, left, paths) }
      published = nil
    case .replace: published = nil
    case .resume:
      try publication.recover()
      published = left?.replaces == true ? nil : try Self.published(paths, settings, width: width)
    }
    contents = VectorContents(published, journal, width: width)
    for (index, row) in (published?.takeRows() ?? []).enumerated() { insert(row, source: index) }
    if mode == .resume, let left { try restore(left) }
    earlierCount = entries.count
    publication.replaces = mode == .replace || published != nil || left?.replaces == true && mode == .resume
    try journal.begin(
      .init(base: published?.rowsHash, replaces: publication.replaces && published == nil, width: width),
      keeping: journalEnd)
  }

  /// Removes this run's journal if it holds no vector. Call at the end of a run, also after an error.
  ///
  /// Otherwise only `publish` removes a journal, because one that cannot be opened or resumed belongs to another run.
  func finish() { if isJournalOwn, !hasUnpublished { journal.remove() } }

  /// Whether the journal holds vectors that are not published.
  var hasUnpublished: Bool { journalEnd > VectorJournal.headerByteCount }

  /// Whether there is an output to publish.
  var isPublishable: Bool { published != nil || !entries.isEmpty }

  private func insert(_ row: VectorRow, source: Int) {
    contents.insert(row, source)
    entries.append(Entry(row: row, source: source))
  }
}

// MARK: What earlier runs left

extension VectorStore {
  private static func isForeign(_ journal: VectorJournal, _ paths: VectorPaths) -> Failure {
    Failure(
      .output,
      "output \(paths.vectors): \(journal.path) is in the way: expected what an interrupted run left, found another file",
      hint: "move it away")
  }

  /// Rejects a journal with vectors, because another run may need them.
  private static func requireEmpty(
    _ journal: VectorJournal, _ header: VectorJournal.Header, _ paths: VectorPaths
  ) throws(Failure) {
    var count = 0
    _ = try journal.readRecords(width: header.width) { (_) throws(Failure) in count += 1 }
    guard count > 0 else { return }
    throw Failure(
      .output, "output \(paths.vectors): an interrupted run left \(counted(count, "vector"))",
      hint: "add --resume to continue from there, or --force to embed everything again")
  }

  private static func published(
    _ paths: VectorPaths, _ settings: VectorSettings, width: Int
  ) throws(Failure) -> PublishedVectors? {
    let (hasVectors, hasRows) = (
      SystemPath.access(paths.vectors, F_OK) == 0, SystemPath.access(paths.rows, F_OK) == 0
    )
    guard hasVectors || hasRows else { return nil }
    guard hasVectors && hasRows else {
      let (one, other) = hasVectors ? (paths.vectors, paths.rows) : (paths.rows, paths.vectors)
      throw Failure(
        .data,
        "\(one): \(other) is missing next to it"
          + (hasVectors ? " (versions before 0.1 kept the inputs in the header of the vectors)" : ""),
        hint: "put it back, or give --force in place of --resume to embed everything again")
    }
    let published = try PublishedVectors(paths.vectors, paths.rows, paths.format)
    if let found = published.settings { try settings.requireSame(found, paths.vectors) }
    guard published.width == width else {
      throw Failure(
        .data, "\(paths.vectors): expected vectors of \(width) values, found \(published.width)",
        hint: "give another name to -o, or give --force in place of --resume to embed everything again")
    }
    return published
  }

  /// Restores the vectors of a run that ended before it published them.
  private func restore(_ header: VectorJournal.Header) throws(Failure) {
    guard header.base == published?.rowsHash else { return try requirePublished(header) }
    journalEnd = try journal.readRecords(width: header.width) { (record) throws(Failure) in
      guard header.width == width else {
        throw Failure(
          .data, "\(journal.path): expected vectors of \(width) values, found \(header.width)",
          hint: "give another name to -o, or give --force in place of --resume to embed everything again")
      }
      try settings.requireSame(record.settings, journal.path)
      place(record.row, at: record.index, source: ~record.offset)
    }
  }

  /// Accepts the journal of a run that ended after publishing and before removing its journal. Other records belong to
  /// other files.
  private func requirePublished(_ header: VectorJournal.Header) throws(Failure) {
    let known = Set(entries.lazy.map(\.row.vectorHash))
    _ = try journal.readRecords(width: header.width) { (record) throws(Failure) in
      guard !known.contains(record.row.vectorHash) else { return }
      throw Failure(
        .data,
        "\(journal.path): vectors of an interrupted run, but \(paths.vectors) was replaced since then",
        hint: "put the earlier file back, or remove \(journal.path) and embed again what it holds")
    }
  }

  private func place(_ row: VectorRow, at index: Int, source: Int) {
    guard index < entries.count else { return insert(row, source: source) }
    contents.insert(row, source)
    entries[index] = Entry(row: row, source: source)
  }
}

// MARK: This run

extension VectorStore {
  /// Adds a vector, or replaces an older one.
  ///
  /// - Throws: `output`; vectors added before stay.
  func record(
    _ kind: VectorRow.Kind, _ input: String, _ content: InputContent, _ vector: [Float], at index: Int?
  ) throws(Failure) {
    let values = vector.map(\.bitPattern.littleEndian)
    let row = VectorRow(
      kind: kind, input: input, content: content, vectorHash: ContentHash(of: values.span.bytes))
    var bytes = Array("\(index ?? entries.count) ".utf8)
    codec.append(row, to: &bytes)
    let offset = journalEnd + bytes.count
    values.withUnsafeBytes { bytes += $0 }
    try journal.write(bytes.span.bytes, at: journalEnd)
    journalEnd += bytes.count
    place(row, at: index ?? entries.count, source: ~offset)
    unsaved.count += 1
    if unsaved.count >= Self.savedCount || unsaved.since.duration(to: .now) >= Self.savedInterval {
      try save()
    }
  }

  /// Waits until everything is on the disk; `--resume` then continues from here.
  func save() throws(Failure) {
    try journal.save()
    unsaved = (0, .now)
  }

  func mark(_ index: Int, _ status: VectorRow.Status) {
    guard entries[index].row.status != status else { return }
    entries[index].row.status = status
    isRowChanged = true
  }

  /// Removes the rows of files that no longer exist.
  ///
  /// - Returns: the number of removed rows.
  /// - Throws: `data` if no file exists, or no earlier file with a relative path: the command may run in another folder,
  ///   or a drive may be absent.
  func prune() throws(Failure) -> Int {
    let count = entries.count
    let images = entries.lazy.filter { $0.row.kind == .image }
    try requireOne(of: Array(images), "image files")
    let earlier = entries.prefix(earlierCount).lazy.filter { $0.row.kind == .image }
    try requireOne(
      of: earlier.filter { !$0.row.input.hasPrefix("/") }, "earlier image files with relative paths")
    entries.removeAll { $0.row.status == .missing }
    return count - entries.count
  }

  private func requireOne(of images: [Entry], _ kind: String) throws(Failure) {
    guard let first = images.first, images.allSatisfy({ $0.row.status == .missing }) else { return }
    throw Failure(
      .data,
      "\(paths.vectors): none of its \(kind) exists, starting with \(first.row.input); nothing is removed",
      hint:
        "run the command in the folder where the output was made, with its drives mounted; or delete the output"
    )
  }

  /// Gives vectors and rows their final names, unless they are unchanged.
  func publish() throws {
    let hasSameVectors =
      published.map { published in
        published.rowCount == entries.count
          && entries.enumerated().allSatisfy { $0.element.source == $0.offset }
      } ?? false
    do {
      if !hasSameVectors { try writeVectors() }
      if !hasSameVectors || isRowChanged { try writeRows() }
    } catch {
      publication.discard()
      throw error
    }
    if !hasSameVectors {
      try publication.publishBoth()
    } else if isRowChanged {
      try publication.publishRows()
    }
    journal.remove()
    journalEnd = VectorJournal.headerByteCount
  }

  private func writeRows() throws(Failure) {
    var file = try SequentialFile(paths.newRows)
    for entry in entries {
      try file.append { codec.append(entry.row, to: &$0) }
    }
    try file.finish()
  }

  private func writeVectors() throws {
    let left = try MappedFile(path: journal.path)
    let header = try paths.format.header(count: entries.count, width: width, settings)
    var file = try SequentialFile(paths.newVectors)
    try file.append { $0 += header }
    for (index, entry) in entries.enumerated() {
      let (source, range) = place(of: entry, journal: left)
      try file.append { bytes in source.bytes.extracting(range).withUnsafeBytes { bytes += $0 } }
      // Releases pages, so that memory does not hold the complete files.
      if index.isMultiple(of: 4096) { source.release(0..<range.lowerBound) }
    }
    try file.finish()
  }

  private func place(of entry: Entry, journal left: MappedFile) -> (MappedFile, Range<Int>) {
    if entry.source >= 0, let published { return (published.file, published.bytes(ofRow: entry.source)) }
    return (left, ~entry.source..<(~entry.source + 4 * width))
  }
}
