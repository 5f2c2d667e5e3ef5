/// The files of one kind of export, each at its path below the folder, and what tells that we wrote them: other tools give
/// theirs the same names.
package struct FolderLayout: Sendable {
  /// All that an export may have.
  let files: Set<String>
  /// Those that name their producer in their first bytes. Every export has one of them.
  let signed: Set<String>
  /// The folders that they lie in.
  let folders: Set<String>

  package init(files: Set<String>, signed: Set<String>) {
    self.files = files.union(signed)
    self.signed = signed
    folders = Set(self.files.compactMap(Self.folder))
  }

  /// All folders of an export have one level.
  private static func folder(of path: String) -> String? {
    path.firstIndex(of: "/").map { String(path[..<$0]) }
  }

  /// Where files cannot be without a name, each has another one until it is complete.
  var whileWritten: FolderLayout {
    let partial = files.map { path in
      let name = path.split(separator: "/").last.map(String.init) ?? path
      return String(path.dropLast(name.count)) + OutputFile.partialName(of: name)
    }
    return FolderLayout(files: files.union(partial), signed: signed)
  }
}
