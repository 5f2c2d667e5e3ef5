import Archives
import Foundation
import Parallel
import Progress
import SystemPath

/// The inputs that a run must compute, and the changes of files that already have vectors.
struct ResumePlan {
  struct Item: Sendable {
    var input: String
    /// The row whose vector is replaced.
    var index: Int?
  }

  private(set) var texts: [Item] = []
  private(set) var images: [Item] = []
  /// Vectors that stay unchanged.
  private(set) var keptCount = 0
  private(set) var changedCount = 0

  /// Compares every file that the command names with its row, and checks whether the others still exist.
  ///
  /// - Parameter threads: how many files are read at a time.
  init(
    _ store: VectorStore, texts: [String], images: [String], threads: Int, _ console: Console
  ) throws(Failure) {
    var rows = RowIndex(store.entries)
    for text in texts where rows.take(.text, text) == nil { self.texts.append(Item(input: text)) }
    let items = images.map { Item(input: $0, index: rows.take(.image, $0)) }
    let named = items.indices.filter { items[$0].index != nil }
    let unnamed = Self.others(rows.remaining, in: store)
    // An image on standard input can be read only once: encoding it compares.
    let known = named.filter { items[$0].input != "-" }
    let checked = known.compactMap { items[$0].index } + unnamed
    let changes = try Self.changes(checked, store, threads: threads, console)
    var isKept = [Bool](repeating: false, count: items.count)
    for (item, change) in zip(known, changes) { isKept[item] = change == .unchanged }
    changedCount = zip(known, changes).count { $0.1 == .changed }
    self.images = zip(items, isKept).filter { !$0.1 }.map(\.0)
    keptCount = store.entries.count - self.images.count { $0.index != nil }
  }

  /// Marks the rows of image files that the command does not name and that no longer exist.
  ///
  /// - Returns: rows that were marked earlier and whose files exist again.
  private static func others(_ rows: [Int], in store: VectorStore) -> [Int] {
    var returned: [Int] = []
    for index in rows {
      let row = store.entries[index].row
      guard row.kind == .image, row.input != "-" else { continue }
      if SystemPath.access(row.input, F_OK) != 0, errno == ENOENT || errno == ENOTDIR {
        store.mark(index, .missing)
      } else if row.status == .missing {
        returned.append(index)
      }
    }
    return returned
  }

  /// Marks each row.
  private static func changes(
    _ rows: [Int], _ store: VectorStore, threads: Int, _ console: Console
  ) throws(Failure) -> [FileChange] {
    let files = rows.map { (store.entries[$0].row.input, store.entries[$0].row.content) }
    let stream = OrderedStream(files, threads: threads) {
      { file in FileChange(of: file.0, since: file.1) }
    }
    if !files.isEmpty { console.progress.begin("comparing files", .files, of: files.count) }
    var changes: [FileChange] = []
    changes.reserveCapacity(files.count)
    while changes.count < files.count, !Interruption.isRequested, let change = stream.next() {
      console.progress.add()
      switch change {
      case .unchanged: store.mark(rows[changes.count], .ok)
      case .changed, .unreadable: store.mark(rows[changes.count], .stale)
      case .tooManyOpenFiles:
        throw Failure(
          .input, "\(files[changes.count].0): cannot compare it with its vector: too many open files",
          hint: "raise the limit on open files (ulimit -n), then run the command again")
      case .missing: store.mark(rows[changes.count], .missing)
      }
      changes.append(change)
    }
    return changes
  }
}
