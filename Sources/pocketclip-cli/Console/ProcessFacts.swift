import Foundation

/// Memory that a run used, for reports.
enum ProcessFacts {
  /// The most memory this process has had resident at once (VmHWM), including mapped file pages; nil if the
  /// system does not report it.
  static var peakByteCount: Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kilobytes = line.split(separator: " ").compactMap({ Int($0) }).first
    else { return nil }
    return kilobytes * 1024
  }
}
