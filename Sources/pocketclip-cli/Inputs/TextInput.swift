import ArgumentParser
import PocketCLIP
import Progress

extension Session {
  /// The number of texts per call of a session for texts.
  static let textBatch = 16

  /// Vectors of texts, with the same bits as from one call.
  ///
  /// - Parameter progress: counts each text.
  func encode(
    texts: [String], normalized: Bool = true, _ progress: WorkProgress
  ) throws(PocketCLIPError) -> [[Float]] {
    var vectors: [[Float]] = []
    vectors.reserveCapacity(texts.count)
    for start in stride(from: 0, to: texts.count, by: Self.textBatch) {
      let batch = Array(texts[start..<min(start + Self.textBatch, texts.count)])
      vectors += try encode(texts: batch, normalized: normalized)
      progress.add(batch.count)
    }
    return vectors
  }
}

/// Options for the tokenization of texts.
struct TextOptions: ParsableArguments {
  @Flag(help: "Print the token ids of every text to standard error.")
  var showTokens = false

  /// Tokenizes every text, prints the ids if requested, and warns about truncated texts.
  func check(_ texts: [String], _ session: Session, _ console: Console, file: String) throws(Failure) {
    for text in texts {
      do throws(PocketCLIPError) {
        let tokens = try session.tokenize(text)
        if showTokens {
          console.note(
            "\(text.shortened): \(tokens.ids.prefix(tokens.count).map(String.init).joined(separator: " "))")
        }
        if tokens.isTruncated {
          let kept = try Self.keptPrefix(of: text, tokens, session)
          console.warn(
            "too long for \(session.model.information.contextLength) tokens, cut: \"…\(String(text.dropFirst(kept)).shortened)\""
          )
        }
      } catch {
        throw Failure(error, file: file)
      }
    }
  }

  /// How many characters of a truncated text reach the model: the longest prefix that is not truncated.
  private static func keptPrefix(
    of text: String, _ tokens: Session.Tokens, _ session: Session
  ) throws(PocketCLIPError) -> Int {
    var fits = 0
    var tooLong = min(text.count, 8 * 1024)
    while tooLong - fits > 1 {
      let middle = (fits + tooLong) / 2
      if try session.tokenize(String(text.prefix(middle))).isTruncated {
        tooLong = middle
      } else {
        fits = middle
      }
    }
    return fits
  }
}
