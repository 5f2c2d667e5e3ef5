/// A Unicode scalar in the tokenizer, with its offset in the original text.
struct TextScalar {
  /// The code point; never a surrogate, at most U+10FFFF.
  var value: UInt32
  /// Byte offset in the original text of the character or entity that it comes from.
  var offset: Int
}

/// One stage of text cleaning. Stages are values that read from the previous stage, so lookahead reads from a copy,
/// and a text of any length needs no buffer. `next` is never inlined: the nested copies would take half the
/// tokenizer's size in the small runtime and save no time.
protocol ScalarSource: ~Escapable {
  mutating func next() -> TextScalar?
}

/// UTF-8 to scalars. Each maximal ill-formed part becomes one U+FFFD, as in Python's `errors="replace"` and the
/// Unicode standard's recommended practice (section 3.9).
struct UTF8Scalars: ScalarSource, ~Escapable {
  private let text: Span<UInt8>
  private var position: Int
  private let end: Int

  @_lifetime(copy text)
  init(_ text: Span<UInt8>) {
    self.init(text, 0..<text.count)
  }

  /// The scalars of a part, with their offsets in the text.
  ///
  /// - Precondition: `part` is inside the text.
  @_lifetime(copy text)
  init(_ text: Span<UInt8>, _ part: Range<Int>) {
    self.text = text
    position = part.lowerBound
    end = part.upperBound
  }

  @_lifetime(self: copy self)
  @inline(never)
  mutating func next() -> TextScalar? {
    guard position < end else { return nil }
    let start = position
    let lead = text[position]
    position += 1
    if lead < 0x80 { return TextScalar(value: UInt32(lead), offset: start) }
    let form = UTF8Form(lead: lead)
    var value = form.leadBits
    for index in 0..<form.continuationCount {
      let allowed = index == 0 ? form.firstContinuation : 0x80...0xBF
      guard position < end, allowed.contains(text[position]) else {
        return TextScalar(value: replacementCharacter, offset: start)
      }
      value = value << 6 | UInt32(text[position] & 0x3F)
      position += 1
    }
    return TextScalar(value: form.continuationCount == 0 ? replacementCharacter : value, offset: start)
  }
}

let replacementCharacter: UInt32 = 0xFFFD

/// The form that a lead byte determines (Unicode standard, table 3-7). No continuation bytes mean an ill-formed lead.
private struct UTF8Form {
  var continuationCount = 0
  var leadBits: UInt32 = 0
  var firstContinuation: ClosedRange<UInt8> = 0x80...0xBF

  init(lead: UInt8) {
    switch lead {
    case 0xC2...0xDF:
      continuationCount = 1
      leadBits = UInt32(lead & 0x1F)
    case 0xE0...0xEF:
      continuationCount = 2
      leadBits = UInt32(lead & 0x0F)
      if lead == 0xE0 { firstContinuation = 0xA0...0xBF }
      if lead == 0xED { firstContinuation = 0x80...0x9F }
    case 0xF0...0xF4:
      continuationCount = 3
      leadBits = UInt32(lead & 0x07)
      if lead == 0xF0 { firstContinuation = 0x90...0xBF }
      if lead == 0xF4 { firstContinuation = 0x80...0x8F }
    default:
      break
    }
  }
}
