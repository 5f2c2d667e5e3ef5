#if canImport(Glibc)
  public import Glibc
#else
  public import Darwin
#endif

/// The system calls that take a path, called with its bytes. Each returns the system's result and sets `errno` like
/// it.
extension SystemPath {
  public static func open(_ path: String, _ flags: Int32, _ mode: mode_t = 0) -> Int32 {
    path.withSystemPath { systemOpen($0, flags, mode) }
  }

  public static func stat(_ path: String, _ status: inout Status) -> Int32 {
    path.withSystemPath { systemStat($0, &status) }
  }

  public static func lstat(_ path: String, _ status: inout Status) -> Int32 {
    path.withSystemPath { systemLstat($0, &status) }
  }

  public static func access(_ path: String, _ mode: Int32) -> Int32 {
    path.withSystemPath { systemAccess($0, mode) }
  }

  @discardableResult
  public static func unlink(_ path: String) -> Int32 { path.withSystemPath { systemUnlink($0) } }

  @discardableResult
  public static func rmdir(_ path: String) -> Int32 { path.withSystemPath { systemRmdir($0) } }

  public static func mkdir(_ path: String, _ mode: mode_t) -> Int32 {
    path.withSystemPath { systemMkdir($0, mode) }
  }

  @discardableResult
  public static func chmod(_ path: String, _ mode: mode_t) -> Int32 {
    path.withSystemPath { systemChmod($0, mode) }
  }

  @discardableResult
  public static func rename(_ source: String, _ target: String) -> Int32 {
    source.withSystemPath { source in target.withSystemPath { systemRename(source, $0) } }
  }

  /// - Parameter flags: flags of `linkat`.
  public static func link(_ source: String, _ target: String, _ flags: Int32 = 0) -> Int32 {
    source.withSystemPath { source in
      target.withSystemPath { systemLinkat(AT_FDCWD, source, AT_FDCWD, $0, flags) }
    }
  }

  /// The absolute path with every link resolved; nil, with `errno`, if it does not exist.
  public static func realPath(_ path: String) -> String? {
    guard let resolved = path.withSystemPath({ realpath($0, nil) }) else { return nil }
    defer { free(resolved) }
    return text(resolved)
  }
}

/// The system's `struct stat`. The alias distinguishes it from the function of the same name.
public typealias Status = stat

private func systemOpen(_ path: UnsafePointer<CChar>, _ flags: Int32, _ mode: mode_t) -> Int32 {
  open(path, flags, mode)
}
private func systemStat(_ path: UnsafePointer<CChar>, _ status: inout Status) -> Int32 { stat(path, &status) }
private func systemLstat(_ path: UnsafePointer<CChar>, _ status: inout Status) -> Int32 {
  lstat(path, &status)
}
private func systemAccess(_ path: UnsafePointer<CChar>, _ mode: Int32) -> Int32 { access(path, mode) }
private func systemUnlink(_ path: UnsafePointer<CChar>) -> Int32 { unlink(path) }
private func systemRmdir(_ path: UnsafePointer<CChar>) -> Int32 { rmdir(path) }
private func systemMkdir(_ path: UnsafePointer<CChar>, _ mode: mode_t) -> Int32 { mkdir(path, mode) }
private func systemChmod(_ path: UnsafePointer<CChar>, _ mode: mode_t) -> Int32 { chmod(path, mode) }
private func systemRename(_ source: UnsafePointer<CChar>, _ target: UnsafePointer<CChar>) -> Int32 {
  rename(source, target)
}
private func systemLinkat(
  _ from: Int32, _ source: UnsafePointer<CChar>, _ to: Int32, _ target: UnsafePointer<CChar>, _ flags: Int32
) -> Int32 { linkat(from, source, to, target, flags) }
