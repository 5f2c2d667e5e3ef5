import Archives
import Checkpoints
import Foundation
import TestSupport
import Testing

@Suite("docs/CHECKPOINTS.md")
struct DocumentationTests {
  private let page: String

  init() throws {
    page = try String(contentsOf: Fixture.url("../docs/CHECKPOINTS.md"), encoding: .utf8)
  }

  @Test("has a row for every format, equal to the code's", arguments: CheckpointFormat.all)
  func formats(format: CheckpointFormat) {
    let status = format.isReadable ? "read" : "refused by name"
    #expect(
      page.contains(
        "| `\(format.identifier)` | \(format.name) | \(status) | \(format.detection) | \(format.origin) |")
    )
  }

  @Test(
    "README.md has a row for every supported format, equal to the code's",
    arguments: CheckpointFormat.all.filter(\.isReadable))
  func readme(format: CheckpointFormat) throws {
    let row = "| \(format.name) | \(format.origin) |"
    let page = try String(contentsOf: Fixture.url("../README.md"), encoding: .utf8)
    #expect(page.contains(row), "README.md should have the line\n\(row)")
  }

  @Test("has a row for every error, equal to the code's", arguments: ReadError.Code.all)
  func errors(code: ReadError.Code) {
    let exit =
      switch ReadError(code).category {
      case .cannotOpen: 66
      case .memory: 71
      case .badData: 65
      case .unsupported: 69
      }
    #expect(page.contains("| \(code.rawValue) | `\(code)` | \(exit) | \(code.summary) | \(code.hint) |"))
  }
}
