private import COutput
private import SystemPath

#if canImport(Glibc)
  private import Glibc
#else
  private import Darwin
#endif

/// Replaces an older folder by a complete new one, so that even if the process ends, one of them has the name.
///
/// If the file system supports it, both exchange their names in one step. Otherwise the old folder is renamed first,
/// and a later run finds it there.
package struct FolderReplacement {
  /// The step that was just completed. Tests end the process here.
  package enum Step: CaseIterable, Sendable { case exchanged, setAside, renamed, removed }

  /// The name of the folder, and the names of the new and the old folder next to it.
  let path, partial, aside: String
  /// Layouts of folders that may be replaced and removed.
  let layouts: [FolderLayout]

  init(_ path: String, _ layouts: [FolderLayout]) {
    self.path = path
    self.layouts = layouts
    partial = Self.sibling(of: path, suffix: ".pclip-partial")
    aside = Self.sibling(of: path, suffix: ".pclip-replaced")
  }

  /// - Parameter exchanges: false only to test the other method.
  func replace(exchanges: Bool, _ reached: (Step) -> Void) throws(OutputError) {
    keepPermissions()
    if exchanges, exchangeNames() {
      reached(.exchanged)
      syncParent()
      FolderContents.remove(partial, layouts)
    } else {
      try replaceInTwoSteps(reached)
    }
    reached(.removed)
    syncParent()
  }

  private func replaceInTwoSteps(_ reached: (Step) -> Void) throws(OutputError) {
    guard SystemPath.rename(path, aside) == 0 else { throw OutputError.last(path: path) }
    reached(.setAside)
    guard SystemPath.rename(partial, path) == 0 else {
      let error = OutputError.last(path: path)
      SystemPath.rename(aside, path)
      throw error
    }
    reached(.renamed)
    syncParent()
    FolderContents.remove(aside, layouts)
  }

  /// Applies the user's permissions of the old folder to the new one. Other mode bits keep the system's values.
  private func keepPermissions() {
    var (old, new) = (stat(), stat())
    guard SystemPath.stat(path, &old) == 0, SystemPath.stat(partial, &new) == 0 else { return }
    SystemPath.chmod(partial, old.st_mode & 0o777 | new.st_mode & 0o7000)
  }

  /// - Returns: false if the system or the file system does not support it.
  private func exchangeNames() -> Bool {
    partial.withSystemPath { partial in path.withSystemPath { co_exchange_names(partial, $0) == 0 } }
  }

  /// Makes the new names survive a power failure.
  func syncParent() {
    let descriptor = SystemPath.open(Self.parent(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}

// MARK: Recovery after interrupted runs

extension FolderReplacement {
  /// Restores the name of a folder that was set aside, or removes that folder if a newer one has the name. Removes an
  /// unfinished folder.
  ///
  /// - Throws: `beingWritten`; `leftoverHoldsOthers` for a folder with files that no export writes, because it
  ///   belongs to somebody else.
  func recover() throws(OutputError) {
    let leftover = SystemPath.open(partial, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
    defer { if leftover >= 0 { close(leftover) } }
    if leftover >= 0 {
      guard flock(leftover, LOCK_EX | LOCK_NB) == 0 else { throw OutputError(.beingWritten, path: path) }
      try requireExport(partial)
    }
    try recoverAside()
    if leftover >= 0 { FolderContents.remove(partial, layoutsWhileWritten) }
  }

  private func recoverAside() throws(OutputError) {
    var status = stat()
    guard SystemPath.lstat(aside, &status) == 0 else { return }
    try requireExport(aside)
    if SystemPath.lstat(path, &status) == 0 {
      FolderContents.remove(aside, layouts)
    } else {
      guard SystemPath.rename(aside, path) == 0 else { throw OutputError.last(path: path) }
      syncParent()
    }
  }

  private func requireExport(_ folder: String) throws(OutputError) {
    var status = stat()
    guard SystemPath.lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw OutputError(.leftoverHoldsOthers, path: folder)
    }
    if let fault = try FolderContents.fault(in: folder, layoutsWhileWritten, isComplete: false) {
      throw OutputError(.leftoverHoldsOthers, path: folder, reason: fault)
    }
  }

  private var layoutsWhileWritten: [FolderLayout] { layouts.map(\.whileWritten) }
}

extension FolderReplacement {
  static func sibling(of path: String, suffix: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return ".\(path)\(suffix)" }
    return "\(path[...slash]).\(path[path.utf8.index(after: slash)...])\(suffix)"
  }

  static func parent(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.utf8.startIndex ? "/" : String(path[..<slash])
  }
}
