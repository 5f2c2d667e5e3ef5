/// The bytes around an offset as text, with the invalid byte marked:
///
/// ```
/// 00000010  6c 6f 67 69 74 5f 73 63  61 6c 65 22 3a 7b 22 64  |logit_scale":{"d| 00000020  74 79 70 65 22 3a 22 46
/// 33 33 22 2c 22 73 68 61  |type":"F33","sha|
///                               ^^ byte 39 (0x27): unknown dtype
/// ```
///
/// The left column has offsets and bytes in hexadecimal, the right column has printable ASCII.
public enum HexView {
  public static let bytesPerRow = 16
  /// Rows before and after the one with the offset.
  static let rowsAround = 3

  /// The displayed range: complete rows around `offset`, clipped to the file. An offset at or after the end of the
  /// file shows the last rows.
  public static func window(around offset: UInt64, fileByteCount: Int) -> Range<Int> {
    let last = max(fileByteCount - 1, 0)
    let shown = Int(clamping: offset)
    let row = min(shown, last) / bytesPerRow * bytesPerRow
    let start = max(row - rowsAround * bytesPerRow, 0)
    return start..<min(row &+ (rowsAround + 1) * bytesPerRow, fileByteCount)
  }

  /// The lines. Only the window of `file` is read.
  ///
  /// - Parameter note: what is wrong with the byte at `offset`.
  public static func lines(of file: RawSpan, around offset: UInt64, note: String) -> [String] {
    let window = window(around: offset, fileByteCount: file.byteCount)
    let width = max(8, String(window.upperBound, radix: 16).count)
    var lines: [String] = []
    var mark = "byte \(offset) (0x\(String(offset, radix: 16)))"
    let isInside = offset < UInt64(file.byteCount)
    if !isInside {
      let distance = offset - UInt64(file.byteCount)
      mark += distance == 0 ? ", where the file ends" : ", \(distance) behind the end of the file"
    }
    for start in stride(from: window.lowerBound, to: window.upperBound, by: bytesPerRow) {
      let end = min(start + bytesPerRow, window.upperBound)
      lines.append(row(file.extracting(start..<end), at: start, addressWidth: width))
      if isInside, start <= Int(offset), Int(offset) < end {
        lines.append(indent(width, column: Int(offset) - start) + "^^ \(mark): \(note)")
      }
    }
    if !isInside {
      // Marks the position of the byte after the last one.
      lines.append(indent(width, column: endColumn(file.byteCount)) + "^^ \(mark): \(note)")
    }
    return lines
  }

  private static func row(_ bytes: RawSpan, at start: Int, addressWidth: Int) -> String {
    var hexadecimal = ""
    var text = ""
    for column in 0..<bytesPerRow {
      if column == bytesPerRow / 2 { hexadecimal += " " }
      guard column < bytes.byteCount else {
        hexadecimal += "   "
        continue
      }
      let byte = bytes.unsafeLoad(fromByteOffset: column, as: UInt8.self)
      hexadecimal += " " + digits(Int(byte), width: 2)
      text += (0x20...0x7E).contains(byte) ? String(Unicode.Scalar(byte)) : "."
    }
    return digits(start, width: addressWidth) + " " + hexadecimal + "  |" + text + "|"
  }

  private static func digits(_ value: Int, width: Int) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: max(width - digits.count, 0)) + digits
  }

  /// The spaces before the digits of the byte in `column`.
  private static func indent(_ addressWidth: Int, column: Int) -> String {
    String(repeating: " ", count: addressWidth + 2 + 3 * column + (column >= bytesPerRow / 2 ? 1 : 0))
  }

  private static func endColumn(_ fileByteCount: Int) -> Int { fileByteCount % bytesPerRow }
}
