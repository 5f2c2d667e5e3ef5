import ArgumentParser
import PocketCLIP
import Progress
import Verification

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
    do throws(PocketCLIPError) {
      for text in texts where showTokens {
        let tokens = try session.tokenize(text)
        console.note(
          "\(text.shortened): \(tokens.ids.prefix(tokens.count).map(String.init).joined(separator: " "))")
      }
      try session.warnOfTruncated(texts, console)
    } catch {
      throw Failure(error, file: file)
    }
  }
}

extension OpenBundle {
  /// Warns about each text of which the model does not see the end, and about texts that are the same to the model.
  func warnOfTokens(of texts: [String], _ console: Console) throws(Failure) {
    let session = try session(batch: 1)
    do throws(PocketCLIPError) {
      try session.warnOfTruncated(texts, console)
      try session.warnOfEqual(texts, console)
    } catch {
      throw Failure(error, file: path)
    }
  }
}

extension Session {
  /// Warns about each text of which the model does not see the end.
  func warnOfTruncated(_ texts: [String], _ console: Console) throws(PocketCLIPError) {
    for text in texts where try tokenize(text).isTruncated {
      let kept = try keptPrefix(of: text)
      console.warn(
        "too long for \(model.information.contextLength) tokens, cut: \"…\(String(text.dropFirst(kept)).shortened)\""
      )
    }
  }

  /// Warns about the first two texts with the same token ids.
  fileprivate func warnOfEqual(_ texts: [String], _ console: Console) throws(PocketCLIPError) {
    var seen: [[Int32]: String] = [:]
    for text in texts {
      let tokens = try tokenize(text)
      if let other = seen.updateValue(text, forKey: Array(tokens.ids.prefix(tokens.count))), other != text {
        console.warn(
          "\"\(other.shortened)\" and \"\(text.shortened)\" have the same tokens: the choice between them is arbitrary"
        )
        return
      }
    }
  }

  /// How many characters of a truncated text reach the model: the longest prefix that is not truncated.
  private func keptPrefix(of text: String) throws(PocketCLIPError) -> Int {
    var fits = 0
    var tooLong = min(text.count, 8 * 1024)
    while tooLong - fits > 1 {
      let middle = (fits + tooLong) / 2
      if try tokenize(String(text.prefix(middle))).isTruncated {
        tooLong = middle
      } else {
        fits = middle
      }
    }
    return fits
  }
}
