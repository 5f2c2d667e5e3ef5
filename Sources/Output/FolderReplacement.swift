private import COutput
private import SystemPath

#if canImport(Glibc)
  private import Glibc
#else
  private import Darwin
#endif

/// Puts a complete folder in the place of an older one, so that whatever ends the process leaves one of them under the name.
///
/// Where the file system can, both exchange their names in one step. Elsewhere the old one is set aside first, and a later
/// run finds it there.
package struct FolderReplacement {
  /// What has just happened; tests end the process there.
  package enum Step: CaseIterable, Sendable { case exchanged, setAside, renamed, removed }

  /// The name, and what else may lie beside it: the new folder, and the old one.
  let path, partial, aside: String
  /// What is replaced, and removed.
  let layouts: [FolderLayout]

  init(_ path: String, _ layouts: [FolderLayout]) {
    self.path = path
    self.layouts = layouts
    partial = Self.sibling(of: path, suffix: ".pclip-partial")
    aside = Self.sibling(of: path, suffix: ".pclip-replaced")
  }

  /// - Parameter exchanges: false only to test the other way.
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

  /// Gives the new folder what the user set on the old one: who may read and write it. The other bits stay what the system
  /// made them there.
  private func keepPermissions() {
    var (old, new) = (stat(), stat())
    guard SystemPath.stat(path, &old) == 0, SystemPath.stat(partial, &new) == 0 else { return }
    SystemPath.chmod(partial, old.st_mode & 0o777 | new.st_mode & 0o7000)
  }

  /// - Returns: false where the system or the file system cannot.
  private func exchangeNames() -> Bool {
    partial.withSystemPath { partial in path.withSystemPath { co_exchange_names(partial, $0) == 0 } }
  }

  /// Makes new names survive a power cut.
  func syncParent() {
    let descriptor = SystemPath.open(Self.parent(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }
}

// MARK: What ended runs left

extension FolderReplacement {
  /// Gives a folder that was set aside its name again, or removes it where a newer one has the name; removes what is left
  /// of an unfinished one.
  ///
  /// - Throws: `beingWritten`; `leftoverHoldsOthers` for a folder that holds what no export writes: it is somebody else's.
  func recover() throws(OutputError) {
    let leftover = SystemPath.open(partial, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
    defer { if leftover >= 0 { close(leftover) } }
    if leftover >= 0 {
      guard flock(leftover, LOCK_EX | LOCK_NB) == 0 else { throw OutputError(.beingWritten, path: path) }
      try requireOurs(partial)
    }
    try recoverAside()
    if leftover >= 0 { FolderContents.remove(partial, layoutsWhileWritten) }
  }

  private func recoverAside() throws(OutputError) {
    var status = stat()
    guard SystemPath.lstat(aside, &status) == 0 else { return }
    try requireOurs(aside)
    if SystemPath.lstat(path, &status) == 0 {
      FolderContents.remove(aside, layouts)
    } else {
      guard SystemPath.rename(aside, path) == 0 else { throw OutputError.last(path: path) }
      syncParent()
    }
  }

  private func requireOurs(_ folder: String) throws(OutputError) {
    var status = stat()
    guard SystemPath.lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw OutputError(.leftoverHoldsOthers, path: folder)
    }
    if let fault = try FolderContents.fault(in: folder, layoutsWhileWritten, isWhole: false) {
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
