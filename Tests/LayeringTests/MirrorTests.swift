import Foundation
import Testing

@Suite("Tests mirror Sources") struct MirrorTests {
  /// Folders in Tests that do not belong to a module, and their topics.
  private static let others = [
    "LayeringTests": "the sources and the pages themselves",
    "ParityTests": "all nine variants at full size: many minutes, in a run of their own",
    "RuntimeChecks": "the shipped library, by programs that Scripts/check builds",
  ]
  /// Modules without a folder of tests.
  private static let untested = [
    "TestSupport": "what the tests share", "ReaderListing": "a tool of the differential runs, which judge it",
  ]

  private let tree: SourceTree
  /// Folders in Sources, and those with Swift code.
  private let modules: [String]
  private let swiftModules: [String]

  init() throws {
    tree = try SourceTree()
    let tree = tree
    modules = tree.folders(in: "Sources")
    swiftModules = modules.filter { !tree.swiftFiles(below: "Sources/\($0)").isEmpty }
  }

  private func tests(of module: String) -> String {
    module == "pocketclip-cli" ? "CLITests" : module + "Tests"
  }

  @Test("Every module with Swift code has a folder of tests of its name")
  func modulesHaveTests() {
    let expected = Set(swiftModules).subtracting(Self.untested.keys)
    #expect(expected.count > 20)
    let folders = Set(tree.folders(in: "Tests"))
    #expect(expected.filter { !folders.contains(tests(of: $0)) } == [])
  }

  @Test("Every folder of tests belongs to a module or is listed as an exception")
  func foldersHaveModules() {
    let known = Set(modules.map(tests)).union(Self.others.keys)
    #expect(tree.folders(in: "Tests").filter { !known.contains($0) } == [])
    #expect(Self.others.keys.filter { !tree.folders(in: "Tests").contains($0) } == [])
    #expect(Self.untested.keys.filter { !swiftModules.contains($0) } == [])
  }

  @Test("A target of tests names its module first among its dependencies")
  func targetsDependOnTheirModule() throws {
    let targets = tree.manifest.matches(of: /tests\(\s*"(\w+)"(?:,\s*\[\s*"([\w-]+)")?/)
    #expect(targets.count > 20)
    for target in targets where Self.others[String(target.1)] == nil {
      let first = try #require(target.2)
      #expect(tests(of: String(first)) == target.1)
    }
  }

  @Test("Folders of a target's tests are folders of its module")
  func foldersAreTheModules() {
    for module in modules {
      let ofModule = Set(tree.allFolders(below: "Sources/\(module)"))
      for folder in tree.allFolders(below: "Tests/\(tests(of: module))") {
        #expect(ofModule.contains(folder), "Tests/\(tests(of: module))/\(folder)")
      }
    }
  }
}
