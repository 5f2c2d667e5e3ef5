import Foundation

/// What a run took, for reports.
enum ProcessFacts {
  /// The most memory this process has had resident at once (VmHWM), mapped file pages included; nil where the system
  /// does not tell.
  static var peakByteCount: Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
      let kilobytes = line.split(separator: " ").compactMap({ Int($0) }).first
    else { return nil }
    return kilobytes * 1024
  }
}
