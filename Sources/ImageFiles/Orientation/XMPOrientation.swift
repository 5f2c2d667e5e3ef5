/// The orientation in XMP data, as an attribute (`tiff:Orientation="6"`) or an element (`<tiff:Orientation>6`); nil
/// if there is none. The first match counts, as in Pillow's `Image.getexif`.
func xmpOrientation(_ bytes: [UInt8]) -> Int? {
  let name = Array("tiff:Orientation".utf8)
  var rest = bytes[...]
  while let found = rest.firstRange(of: name) {
    rest = rest[found.upperBound...]
    for opening in [Array("=\"".utf8), Array(">".utf8)] where rest.starts(with: opening) {
      let digit = rest.dropFirst(opening.count).first ?? 0
      if (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) { return Int(digit - UInt8(ascii: "0")) }
    }
  }
  return nil
}
