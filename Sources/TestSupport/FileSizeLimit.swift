import Foundation

/// A limit on file sizes simulates a full disk. It applies to the complete process, so the test needs its own
/// process.
public func limitFileSizes(to byteCount: UInt) throws {
  signal(SIGXFSZ, SIG_IGN)
  var limit = rlimit(rlim_cur: rlim_t(byteCount), rlim_max: rlim_t(byteCount))
  guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { throw POSIXError(.EPERM) }
}
