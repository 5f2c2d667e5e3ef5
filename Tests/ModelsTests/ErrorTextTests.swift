import Archives
import Checkpoints
import Foundation
import Models
import TestSupport
import Testing

/// Every code of the readers and of the models: how long its line can become, and whether its advice is followed in a test.
///
/// `.build/error-texts.tsv` gets the list.
@Suite("Texts of errors") struct ErrorTextTests {
  private struct Row {
    var number: UInt16
    var name, text, hint: String
    /// Of the longest form that a short path leaves.
    var length: Int
  }

  private static let long = String(repeating: "x", count: 5000)
  private static let file = "checkpoint-with-a-name.safetensors"

  private static let ofReaders = ReadError.Code.all.map { code in
    let error = ReadError(
      code, at: 9_999_999_999, expected: long, found: long, path: [.archiveMember(long), .tensor(long)],
      file: file)
    return Row(
      number: code.rawValue, name: code.name, text: code.summary, hint: code.hint,
      length: error.lines[0].unicodeScalars.count)
  }

  private static let ofModels = ModelError.Code.allCases.map { code in
    let error = ModelError(code, tensor: long, expected: long, found: long, file: file)
    return Row(
      number: code.rawValue, name: "\(code)", text: code.summary, hint: code.hint,
      length: error.lines[0].unicodeScalars.count)
  }

  /// The parts of messages that `AdvisedErrors` expects.
  private static func followed() throws -> [String] {
    let source = try String(
      contentsOf: Repository.url("Tests/CLITests/Console/AdvisedErrors.swift"), encoding: .utf8)
    return source.split(separator: "AdvisedError(").dropFirst().compactMap { row in
      let strings = row.split(separator: "\"", omittingEmptySubsequences: false)
      return strings.count > 3 ? String(strings[3]) : nil
    }
  }

  @Test(
    "No first line is longer than 160 characters with the tool's name where the path is short, and no hint than 200"
  )
  func lengths() throws {
    let rows = Self.ofReaders + Self.ofModels
    for row in rows {
      #expect(row.length <= 148, "\(row.name): \(row.length)")
      #expect(row.hint.unicodeScalars.count <= 200, "\(row.name): \(row.hint)")
    }
    try write(rows)
  }

  private func write(_ rows: [Row]) throws {
    let followed = try Self.followed()
    let lines = rows.map { row in
      let isFollowed = followed.contains { $0.contains(row.text) || row.text.contains($0) }
      return
        "\(row.number)\t\(row.name)\t\(row.length)\t\(isFollowed ? "followed" : "")\t\(row.text)\t\(row.hint)"
    }
    let title = "code\tname\tlongest\tadvice\ttext\thint"
    try ([title] + lines).joined(separator: "\n").write(
      to: Repository.url(".build/error-texts.tsv"), atomically: true, encoding: .utf8)
  }
}
