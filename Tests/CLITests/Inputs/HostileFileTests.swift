import Foundation
import TestSupport
import Testing

/// Files that mean harm, given to the command line as a user would.
@Suite("Hostile files on the command line") struct HostileFileTests {
  @Test(
    "A pickle that would run a command runs nothing, and the message says what it tried",
    arguments: ["pickle/os-system.pt", "pickle/subprocess-popen.pt", "pytorch-legacy/os-system.pt"])
  func command(_ fixture: String) throws {
    let folder = try TemporaryFolder()
    let outcome = try Tool.run(
      "convert", Tool.fixture("malformed/\(fixture)"), "-o", "m.pclip", in: folder.file(""))
    let function = fixture.contains("popen") ? "subprocess.Popen" : "os.system"
    #expect(
      outcome.status == 65 && outcome.error.contains("never run (refused: \(function))"), "\(outcome.error)")
    #expect(folder.names.isEmpty, "\(folder.names)")
  }
}
