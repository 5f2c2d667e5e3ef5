/// The files of one kind of export with their paths below the folder, and the mark that identifies PocketCLIP's
/// exports, because other tools use the same file names.
package struct FolderLayout: Sendable {
  /// All files that an export can contain.
  let files: Set<String>
  /// Files that name their producer in their first bytes. Every export contains one of them.
  let signed: Set<String>
  /// The folders of these files.
  let folders: Set<String>

  package init(files: Set<String>, signed: Set<String>) {
    self.files = files.union(signed)
    self.signed = signed
    folders = Set(self.files.compactMap(Self.folder))
  }

  /// All folders of an export are on one level.
  private static func folder(of path: String) -> String? {
    path.firstIndex(of: "/").map { String(path[..<$0]) }
  }

  /// If unnamed files are not supported, each file has another name until it is complete.
  var whileWritten: FolderLayout {
    let partial = files.map { path in
      let name = path.split(separator: "/").last.map(String.init) ?? path
      return String(path.dropLast(name.count)) + OutputFile.partialName(of: name)
    }
    return FolderLayout(files: files.union(partial), signed: signed)
  }
}
