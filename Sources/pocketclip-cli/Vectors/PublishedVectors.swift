import Archives
import Foundation

/// A complete output: mapped vectors and their matching rows.
struct PublishedVectors {
  let file: MappedFile
  let dataOffset: Int
  /// Values per vector.
  let width: Int
  let rowCount: Int
  /// Moved out by `takeRows`.
  private(set) var rows: [VectorRow]
  /// The settings of every row; nil if there are no rows.
  let settings: VectorSettings?
  /// SHA-256 of the rows' file.
  let rowsHash: ContentHash

  /// - Throws: `data` if the files do not belong together, or PocketCLIP did not write them.
  init(_ vectorsPath: String, _ rowsPath: String, _ format: VectorPaths.Format) throws(Failure) {
    let layout = try VectorLayout(vectorsPath, format)
    file = layout.file
    dataOffset = layout.dataOffset
    width = layout.width
    let text: MappedFile
    do throws(ReadError) { text = try MappedFile(path: rowsPath) } catch { throw Failure(describing: error) }
    rowsHash = ContentHash(of: text.bytes)
    var rows: [VectorRow] = []
    rows.reserveCapacity(layout.count)
    var common: VectorSettings?
    var position = 0
    while let end = text.bytes.nextLineEnd(from: position) {
      let (row, settings) = try Self.row(text.bytes.extracting(position..<end), rows.count, rowsPath)
      try (common ?? settings).requireSame(settings, "\(rowsPath), line \(rows.count + 1)")
      guard rows.count < layout.count,
        layout.hash(ofRow: rows.count) == row.vectorHash
      else { throw Self.disagree(vectorsPath, rowsPath, line: rows.count + 1) }
      common = settings
      rows.append(row)
      // Releases the pages of both files, so that memory holds only the rows.
      if rows.count.isMultiple(of: 4096) {
        guard !Interruption.isRequested else { throw Interruption.beforeAnyChange }
        text.release(0..<position)
        layout.file.release(0..<layout.dataOffset + rows.count * layout.rowByteCount)
      }
      position = end + 1
    }
    guard position == text.byteCount, rows.count == layout.count else {
      throw Self.disagree(vectorsPath, rowsPath, line: rows.count + 1)
    }
    self.rows = rows
    rowCount = rows.count
    settings = common
  }

  mutating func takeRows() -> [VectorRow] {
    defer { rows = [] }
    return rows
  }

  func bytes(ofRow row: Int) -> Range<Int> {
    let start = dataOffset + row * 4 * width
    return start..<start + 4 * width
  }

  private static func row(
    _ line: RawSpan, _ index: Int, _ path: String
  ) throws(Failure) -> (VectorRow, VectorSettings) {
    do throws(RowCodec.Fault) {
      return try RowCodec.parse(line)
    } catch {
      throw Failure(
        .data, "\(path), line \(index + 1): \(error.reason)",
        hint:
          "restore the file as it was written, or give --force in place of --resume to embed everything again"
      )
    }
  }

  private static func disagree(_ vectors: String, _ rows: String, line: Int) -> Failure {
    Failure(
      .data, "\(vectors) does not belong to \(rows): line \(line) describes another vector, or none",
      hint: "restore both files from one copy, or give --force in place of --resume to embed everything again"
    )
  }
}
