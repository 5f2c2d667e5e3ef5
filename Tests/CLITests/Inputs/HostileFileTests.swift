import Foundation
import TestSupport
import Testing

@Suite("Malicious files on the command line") struct HostileFileTests {
  @Test(
    "A pickle that would run a command runs nothing, and the error names the command",
    arguments: ["pickle/os-system.pt", "pickle/subprocess-popen.pt", "pytorch-legacy/os-system.pt"])
  func command(_ fixture: String) throws {
    let folder = try TemporaryFolder()
    let outcome = try Tool.run(
      "convert", Tool.fixture("malformed/\(fixture)"), "-o", "m.pclip", in: folder.file(""))
    let function = fixture.contains("popen") ? "subprocess.Popen" : "os.system"
    #expect(
      outcome.status == 65 && outcome.error.contains("refused: \(function)"), "\(outcome.error)")
    #expect(folder.names.isEmpty, "\(folder.names)")
  }

  @Test("Pipes without a writer, devices and endless files are rejected, for every option")
  func endless() throws {
    let folder = try TemporaryFolder()
    let (bundle, pipe) = (folder.file("m.pclip"), folder.file("pipe.jpg"))
    #expect(mkfifo(pipe, 0o600) == 0)
    _ = try Tool.run("convert", Tool.fixture("minis/mini-vit.pt"), "-o", bundle, "--no-measure")
    let image = Tool.fixture("minis/images/alarm-clock-00.jpg")
    for path in [pipe, "/dev/zero"] {
      let commands = [
        ["embed", "-m", bundle, path], ["embed", "-m", bundle, "--images", path],
        ["embed", "-m", bundle, "--texts", path], ["classify", "-m", bundle, image, "--labels", path],
        ["classify", "-m", bundle, image, "--label", "a", "--templates", path], ["info", path],
        ["inspect", path], ["verify", bundle, "--against", path], ["verify", bundle, "--golden", path],
        ["convert", path, "-o", folder.file("n.pclip")], ["embed", "-m", path, image],
      ]
      for command in commands {
        let outcome = try Tool.run(command)
        #expect(outcome.status == 66 || outcome.status == 65, "\(command): \(outcome.error)")
        let reason = path == pipe ? "a pipe" : "a device"
        #expect(
          outcome.error.contains(reason) || outcome.error.contains("not a regular file"), "\(outcome.error)")
      }
    }
    let piped = try Tool.run("embed", "-m", bundle, pipe)
    #expect(piped.error.contains("  hint: give a regular file"), "\(piped.error)")
    let model = try Tool.run("embed", "-m", pipe, image)
    #expect(model.error.components(separatedBy: pipe).count == 2, "\(model.error)")
    // In a searched folder, only files are images.
    let search = try Tool.run("embed", "-m", bundle, folder.path)
    #expect(search.status == 65 && search.error.contains("no images"), "\(search.error)")
    // A file that the shell opens can be endless too.
    let zeros = try Tool.runInShell("'\(Tool.executable.path())' embed -m '\(bundle)' - < /dev/zero")
    #expect(zeros.status == 69 && zeros.error.contains("starts with 00"), "\(zeros.error)")
    let labels = try Tool.runInShell(
      "'\(Tool.executable.path())' embed -m '\(bundle)' --texts - < /dev/zero")
    #expect(labels.status == 66 && labels.error.contains("more than"), "\(labels.error)")
  }
}
