import Foundation

/// A limit on file sizes stands for a full disk. It holds for the whole process, which hence is one of the test's own.
public func limitFileSizes(to byteCount: UInt) throws {
  signal(SIGXFSZ, SIG_IGN)
  var limit = rlimit(rlim_cur: rlim_t(byteCount), rlim_max: rlim_t(byteCount))
  guard setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit) == 0 else { throw POSIXError(.EPERM) }
}
