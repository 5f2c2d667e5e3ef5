import Foundation

/// The package as it lies on disk: what the manifest allows and what the files import.
struct SourceTree {
  let root: URL
  let manifest: String

  init() throws {
    root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    manifest = try String(contentsOf: root.appending(path: "Package.swift"), encoding: .utf8)
  }

  /// Targets under Sources in the order of the manifest, lowest layer first, with the targets they may import.
  var targets: [(name: String, dependencies: [String])] {
    manifest.matches(
      of: /(?:module|\.target|\.executableTarget|\.systemLibrary)\(\s*(?:name:\s*)?"([\w-]+)"([^)]*)\)/
    )
    .map { match in
      let names = String(match.2).matches(of: /"(\w+)"/).map { String($0.1) }
      return (String(match.1), names)
    }
  }

  /// Names after `import` in the Swift files of a target, with the file that says so.
  func imports(of target: String) throws -> [(file: String, module: String)] {
    try swiftFiles(below: "Sources/\(target)").flatMap { file in
      try text(of: file)
        .matches(of: /(?m)^(?:@\w+ )*(?:\w+ )?import (?:(?:struct|class|enum|func|protocol) )?(\w+)/)
        .map { (file, String($0.1)) }
    }
  }

  func swiftFiles(below folder: String) -> [String] {
    let base = root.appending(path: folder)
    let found = FileManager.default.enumerator(atPath: base.path())?.compactMap { $0 as? String } ?? []
    return found.filter { $0.hasSuffix(".swift") }.sorted().map { "\(folder)/\($0)" }
  }

  func text(of file: String) throws -> String {
    try String(contentsOf: root.appending(path: file), encoding: .utf8)
  }
}
