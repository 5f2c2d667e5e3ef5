import Foundation
import TestSupport
import Testing

/// An error, the part of its hint that a user follows, and how.
struct AdvisedError: Sendable, CustomTestStringConvertible {
  enum Follow: Sendable {
    /// The words are a command of the tool, which is run instead.
    case run
    /// The words are options or inputs: they are added, or replace the options of the same names.
    case add
    /// The words replace this one.
    case replace(String)
    /// The words name options or inputs, which are left out with their values.
    case leaveOut([String])
    /// The words are a line of the shell, after which this command is given.
    case shell(String)
  }

  /// What the user typed, without the tool's name.
  var command: String
  /// Part of the first line.
  var error: String
  /// Words of the hint.
  var advice: String
  var follow: Follow
  /// What a user puts for the placeholders of the advice.
  var filling: [String: String]

  init(
    _ command: String, _ error: String, _ advice: String, _ follow: Follow, filling: [String: String] = [:]
  ) {
    (self.command, self.error, self.advice, self.follow) = (command, error, advice, follow)
    self.filling = filling
  }

  var testDescription: String { command }

  var arguments: [String] { command.words }

  /// The words of the advice as a user types them.
  private var filled: String {
    filling.reduce(advice) { $0.replacing($1.key, with: $1.value) }.replacing("`", with: "")
  }

  /// What the user types next.
  func following(in folder: String) throws -> [String] {
    switch follow {
    case .run:
      #expect(filled.words.first == "pocketclip", "\(advice)")
      return Array(filled.words.dropFirst())
    case .add: return arguments.adding(filled.words)
    case .replace(let word): return arguments.flatMap { $0 == word ? filled.words : [$0] }
    case .leaveOut(let words): return arguments.without(words)
    case .shell(let next):
      let outcome = try Tool.runInShell("cd '\(folder)' && \(filled)")
      #expect(outcome.status == 0, "\(filled): \(outcome.error)")
      return next.words
    }
  }
}

extension String {
  fileprivate var words: [String] { split(separator: " ").map(String.init) }
}

extension [String] {
  /// Options replace those of their names; all else goes to the end.
  fileprivate func adding(_ words: [String]) -> [String] {
    var result = self
    if let name = words.first, name.hasPrefix("-"), let index = firstIndex(of: name) {
      result.removeSubrange(index..<Swift.min(index + words.count, count))
    }
    return result + words
  }

  /// An option goes with its value, unless another option follows it.
  fileprivate func without(_ words: [String]) -> [String] {
    var result: [String] = []
    var isValue = false
    for word in self {
      if isValue, !word.hasPrefix("-") {
        isValue = false
        continue
      }
      isValue = words.contains(word) && word.hasPrefix("-")
      if !words.contains(word) { result.append(word) }
    }
    return result
  }
}
