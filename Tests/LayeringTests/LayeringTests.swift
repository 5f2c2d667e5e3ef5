import Testing

@Suite("Layers") struct LayeringTests {
  /// Compiled twice: as ordinary modules, and in Embedded Swift for the small `.so`.
  static let embeddedClean: Set = [
    "Bytes", "TensorTypes", "Architecture", "BundleFormat", "Tokenizer", "ImagePreprocessing",
    "PocketRuntime",
  ]

  let tree: SourceTree

  init() throws { tree = try SourceTree() }

  @Test("The manifest names every folder under Sources, and this test reads it")
  func manifestIsRead() {
    let names = tree.targets.map(\.name)
    #expect(names.contains("Bytes") && names.contains("pocketclip-cli"))
    #expect(Set(names).count == names.count)
  }

  @Test("Arrows point downward: a target depends only on targets declared above it")
  func arrowsPointDownward() {
    var above: Set<String> = []
    for target in tree.targets {
      let project = Set(tree.targets.map(\.name))
      for dependency in target.dependencies where project.contains(dependency) {
        #expect(above.contains(dependency), "\(target.name) depends on \(dependency), which is not below it")
      }
      above.insert(target.name)
    }
  }

  @Test("Every import of a project module is an arrow of the manifest")
  func importsAreDeclared() throws {
    let project = Set(tree.targets.map(\.name))
    for target in tree.targets {
      for (file, module) in try tree.imports(of: target.name) where project.contains(module) {
        #expect(
          target.dependencies.contains(module), "\(file) imports \(module), not declared for \(target.name)")
      }
    }
  }

  @Test("Every arrow of the manifest is used")
  func arrowsAreUsed() throws {
    let project = Set(tree.targets.map(\.name)).subtracting(["CJPEG", "CPNG"])  // included from C
    for target in tree.targets {
      let imported = Set(try tree.imports(of: target.name).map(\.module))
      for dependency in target.dependencies where project.contains(dependency) {
        #expect(imported.contains(dependency), "\(target.name) declares \(dependency) and never imports it")
      }
    }
  }

  @Test("The runtime's modules import no Foundation and no platform library", arguments: embeddedClean)
  func embeddedModulesStandAlone(_ target: String) throws {
    let project = Set(tree.targets.map(\.name))
    for (file, module) in try tree.imports(of: target) {
      #expect(project.contains(module) || module == "Swift", "\(file) imports \(module)")
    }
  }

  @Test("Only the command line parses arguments")
  func onlyTheCommandLineParsesArguments() throws {
    for target in tree.targets where target.name != "pocketclip-cli" {
      let imported = try tree.imports(of: target.name).map(\.module)
      #expect(!imported.contains("ArgumentParser"), "\(target.name)")
    }
  }

  @Test("The runtime build compiles exactly the Embedded-clean modules")
  func runtimeBuildListsItsModules() throws {
    let script = try tree.text(of: "Scripts/build/build-runtime.sh")
    let match = try #require(script.firstMatch(of: /(?m)^swift_modules=\(([^)]*)\)/))
    #expect(Set(String(match.1).split(separator: " ").map(String.init)) == Self.embeddedClean)
  }

  @Test("No Swift source file is longer than 400 lines")
  func filesAreShort() throws {
    for file in tree.swiftFiles(below: "Sources") {
      let lines = try tree.text(of: file).split(separator: "\n", omittingEmptySubsequences: false).count
      #expect(lines <= 401, "\(file) has \(lines - 1) lines")
    }
  }

  @Test("No source traps on purpose: no try!, no fatalError, no forced cast")
  func nothingTrapsOnPurpose() throws {
    for file in tree.swiftFiles(below: "Sources") {
      let text = try tree.text(of: file)
      for trap in ["try!", "fatalError(", "as! "] { #expect(!text.contains(trap), "\(file): \(trap)") }
    }
  }
}
