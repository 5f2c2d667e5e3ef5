internal import Foundation

/// OpenAI's byte-pair encoding with switchable cleaning. Simple and slow: it only serves `Diagnosis`, for the settings
/// that `Tokenizer` does not have.
struct PlainTokenizer: Sendable {
  /// The rank of each pair of tokens.
  private let ranks: [Pair: Int32]
  /// The token of each byte within a word.
  private let byteTokens: [Int32]

  private struct Pair: Hashable, Sendable {
    var left, right: Int32
  }

  /// - Parameter merges: two ids for each merge; merge i defines token 512 + i.
  init(merges: [Int32]) {
    var ranks: [Pair: Int32] = [:]
    ranks.reserveCapacity(merges.count / 2)
    for row in 0..<merges.count / 2 {
      ranks[Pair(left: merges[2 * row], right: merges[2 * row + 1])] = Int32(row)
    }
    self.ranks = ranks
    // `bytes_to_unicode`: printable bytes first, then the others.
    let printable = (0..<256).filter { (33...126).contains($0) || (161...172).contains($0) || $0 >= 174 }
    let others = (0..<256).filter { !printable.contains($0) }
    var tokens = [Int32](repeating: 0, count: 256)
    for (token, byte) in (printable + others).enumerated() { tokens[byte] = Int32(token) }
    byteTokens = tokens
  }

  /// The tokens between start and end of text.
  func ids(of text: String, _ recipe: TextRecipe) -> [Int32] {
    var text = text
    if recipe.resolvesEntities { text = Self.resolved(Self.resolved(text)) }
    if recipe.composes { text = text.precomposedStringWithCanonicalMapping }
    if recipe.lowersCase { text = text.lowercased() }
    if recipe.stripsAccents { text = Self.withoutMarks(text) }
    return Self.pieces(of: text).flatMap(merged)
  }

  private static let entities = [
    ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&apos;", "'"), ("&nbsp;", " "),
    ("&amp;", "&"),
  ]

  private static func resolved(_ text: String) -> String {
    entities.reduce(text) { $0.replacing($1.0, with: $1.1) }
  }

  private static func withoutMarks(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    for scalar in text.decomposedStringWithCanonicalMapping.unicodeScalars
    where scalar.properties.generalCategory != .nonspacingMark {
      scalars.append(scalar)
    }
    return String(scalars)
  }

  private enum Kind { case space, letter, number, other }

  private static func kind(_ scalar: Unicode.Scalar) -> Kind {
    if scalar.properties.isWhitespace { return .space }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return .letter
    case .decimalNumber, .letterNumber, .otherNumber: return .number
    default: return .other
    }
  }

  private static let contractions = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map {
    Array($0.unicodeScalars)
  }

  /// Words, single digits and runs of punctuation.
  private static func pieces(of text: String) -> [[UInt8]] {
    let scalars = Array(text.unicodeScalars)
    var pieces: [[UInt8]] = []
    var start = 0
    while start < scalars.count {
      let kind = kind(scalars[start])
      var end = start + 1
      let contraction = contractions.first {
        scalars[start...].starts(with: $0) || scalars[start...].starts(with: $0.map(capital))
      }
      if let contraction {
        end = start + contraction.count
      } else if kind == .letter || kind == .other {
        while end < scalars.count, Self.kind(scalars[end]) == kind { end += 1 }
      }
      if kind != .space {
        var piece = String.UnicodeScalarView()
        piece.append(contentsOf: scalars[start..<end])
        pieces.append(Array(String(piece).utf8))
      }
      start = end
    }
    return pieces
  }

  private static func capital(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    scalar.properties.uppercaseMapping.unicodeScalars.first ?? scalar
  }

  /// Joins the pair of the lowest rank until none is left.
  private func merged(_ piece: [UInt8]) -> [Int32] {
    // A longer piece exceeds every context, and merging takes quadratic time.
    var tokens = piece.prefix(2048).map { byteTokens[Int($0)] }
    if let last = tokens.indices.last { tokens[last] += 256 }
    while tokens.count > 1 {
      let pairs = zip(tokens, tokens.dropFirst()).map { ranks[Pair(left: $0, right: $1)] }
      guard let best = pairs.compactMap(\.self).min(), let position = pairs.firstIndex(of: best) else {
        break
      }
      tokens[position] = 512 + best
      tokens.remove(at: position + 1)
    }
    return tokens
  }
}
