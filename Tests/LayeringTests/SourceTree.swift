import Foundation
import TestSupport

/// The package on disk: the dependencies in the manifest and the imports in the files.
struct SourceTree {
  let root: URL
  let manifest: String

  init() throws {
    root = Repository.root
    manifest = try Repository.text("Package.swift")
  }

  /// Targets in Sources in the order of the manifest, lowest layer first, with the targets that they may import.
  var targets: [(name: String, dependencies: [String])] {
    manifest.matches(
      of: /(?:module|\.target|\.executableTarget|\.systemLibrary)\(\s*(?:name:\s*)?"([\w-]+)"([^)]*)\)/
    )
    .map { match in
      let names = String(match.2).matches(of: /"(\w+)"/).map { String($0.1) }
      return (String(match.1), names)
    }
  }

  /// Names after `import` in the Swift files of a target, and of the headers that its C files include, with the
  /// importing file.
  func imports(of target: String) throws -> [(file: String, module: String)] {
    let imports = /(?m)^ *(?:@\w+ )*(?:\w+ )?import (?:(?:struct|class|enum|func|protocol) )?(\w+)/
    let includes = /(?m)^#include "(?:include\/)?(\w+)\.h"/
    let folder = "Sources/\(target)"
    let swift = try swiftFiles(below: folder).flatMap { file in
      try text(of: file).matches(of: imports).map { (file, String($0.1)) }
    }
    let c = try files(below: folder, [".c", ".h"]).flatMap { file in
      try text(of: file).matches(of: includes).map { (file, String($0.1)) }
    }
    return swift + c.filter { $0.1 != target }
  }

  func swiftFiles(below folder: String) -> [String] { files(below: folder, [".swift"]) }

  /// Names of the folders in a folder.
  func folders(in folder: String) -> [String] {
    allFolders(below: folder).filter { !$0.contains("/") }
  }

  /// Non-empty folders at any depth, by their paths from `folder`.
  func allFolders(below folder: String) -> [String] {
    let paths =
      FileManager.default.enumerator(atPath: root.appending(path: folder).path())?
      .compactMap { $0 as? String } ?? []
    let holders = paths.flatMap { path in
      path.indices.filter { path[$0] == "/" }.map { String(path[..<$0]) }
    }
    return Set(holders).sorted()
  }

  func files(below folder: String, _ endings: [String]) -> [String] {
    let base = root.appending(path: folder)
    let found = FileManager.default.enumerator(atPath: base.path())?.compactMap { $0 as? String } ?? []
    return found.filter { name in endings.contains { name.hasSuffix($0) } }.sorted().map { "\(folder)/\($0)" }
  }

  func text(of file: String) throws -> String {
    try Repository.text(file)
  }
}
