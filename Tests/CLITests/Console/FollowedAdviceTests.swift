import Foundation
import TestSupport
import Testing

/// Each error is provoked, its hint followed to the letter, and the error is gone or has become another.
@Suite("Advice that is followed") struct FollowedAdviceTests {
  @Test("At least forty different errors are in the list")
  func count() { #expect(Set(AdvisedErrors.all.map(\.error)).count >= 40) }

  @Test("The advice of each works as it is printed")
  func advice() throws {
    let prepared = try prepare()
    let folder = try TemporaryFolder()
    for (index, error) in AdvisedErrors.all.enumerated() {
      // What one error's command writes must not be there for the next.
      let copy = folder.file("\(index)")
      try FileManager.default.copyItem(atPath: prepared.path, toPath: copy)
      try follow(error, in: copy)
      try FileManager.default.removeItem(atPath: copy)
    }
  }

  private func prepare() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    for (fixture, name) in AdvisedErrors.files {
      try FileManager.default.copyItem(atPath: Tool.fixture(fixture), toPath: folder.file(name))
    }
    for command in AdvisedErrors.preparation {
      let outcome = try Tool.run(command.split(separator: " ").map(String.init), in: folder.path)
      try #require(outcome.status == 0, "\(command): \(outcome.error)")
    }
    return folder
  }

  private func follow(_ test: AdvisedError, in folder: String) throws {
    let failed = try Tool.run(test.arguments, in: folder)
    let lines = failed.error.split(separator: "\n").map(String.init)
    let error = lines.first { $0.hasPrefix("pocketclip: ") } ?? ""
    #expect(failed.status != 0 && error.contains(test.error), "\(test): \(failed.error)\(failed.output)")
    #expect(error.unicodeScalars.count <= 160, "\(error.unicodeScalars.count) characters: \(error)")
    let hint = lines.last { $0.hasPrefix("  hint: ") } ?? ""
    #expect(hint.contains(test.advice), "\(test): \(hint)")
    let next = try Tool.run(test.following(in: folder), in: folder)
    #expect(next.status == 0 || !next.error.contains(test.error), "\(test): \(next.error)")
  }
}
