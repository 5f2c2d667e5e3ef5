extension String {
  /// Filled with spaces on the right.
  func padding(to width: Int) -> String {
    count >= width ? self : self + String(repeating: " ", count: width - count)
  }
}

/// `1.2 MB`, in decimal units.
func formattedBytes(_ count: Int) -> String {
  let units = ["bytes", "kB", "MB", "GB", "TB"]
  var value = Double(count)
  var unit = 0
  while value >= 1000, unit < units.count - 1 {
    value /= 1000
    unit += 1
  }
  return unit == 0 ? "\(count) bytes" : "\(fixed(value, value < 10 ? 2 : value < 100 ? 1 : 0)) \(units[unit])"
}

/// A decimal with a fixed number of fraction digits, independent of the locale.
func fixed(_ value: Double, _ digits: Int) -> String {
  guard value.isFinite else { return "\(value)" }
  var scale = 1.0
  for _ in 0..<digits { scale *= 10 }
  let rounded = (abs(value) * scale).rounded(.toNearestOrEven)
  guard rounded < 1e15 else { return "\(value)" }
  var text = String(Int(rounded))
  while text.count <= digits { text = "0" + text }
  if digits > 0 { text.insert(".", at: text.index(text.endIndex, offsetBy: -digits)) }
  return value < 0 && rounded > 0 ? "-" + text : text
}

extension String {
  /// The first 60 scalars, for messages. (Not characters: one letter can have megabytes of combining marks.)
  var shortened: String {
    let scalars = unicodeScalars.prefix(61)
    return scalars.count <= 60 ? self : String(scalars.prefix(60)) + "…"
  }

  /// Filled with spaces on the left.
  func leftPadding(to width: Int) -> String {
    count >= width ? self : String(repeating: " ", count: width - count) + self
  }
}
