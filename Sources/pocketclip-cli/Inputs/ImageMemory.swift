import Foundation
import ImageFiles
import Input

/// Memory for the images that all threads of a run decode at a time: no more pixels at once than one image may have.
///
/// Unchecked: what changes is touched under the condition's lock alone.
final class ImageMemory: @unchecked Sendable {
  let limits: ImageFiles.Limits
  private let condition = NSCondition()
  private var (pixelCount, byteCount, holderCount) = (0, 0, 0)

  init(_ limits: ImageFiles.Limits) { self.limits = limits }

  /// Runs `body` once there is room for the image that it decodes: after other threads have finished theirs, if need be.
  ///
  /// - Throws: `noMemory` where even then there is none.
  func withRoom<Result>(
    for header: ImageHeader, file: String, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try take(header, file)
    defer { giveBack(header) }
    return try body()
  }

  private func take(_ header: ImageHeader, _ file: String) throws(Failure) {
    condition.lock()
    defer { condition.unlock() }
    while !hasRoom(for: header) {
      guard holderCount > 0 else {
        let error = ImageFileError(
          .noMemory, file: file,
          detail: "\(header.width)×\(header.height) pixels need \(formattedBytes(header.workingByteCount))")
        throw Failure(error.exitStatus, error.description, hint: error.hint)
      }
      condition.wait()
    }
    pixelCount += header.pixelCount
    byteCount += header.workingByteCount
    holderCount += 1
  }

  private func giveBack(_ header: ImageHeader) {
    condition.withLock {
      pixelCount -= header.pixelCount
      byteCount -= header.workingByteCount
      holderCount -= 1
      condition.broadcast()
    }
  }

  /// Other threads may not have allocated yet what they were promised.
  private func hasRoom(for header: ImageHeader) -> Bool {
    (holderCount == 0 || pixelCount + header.pixelCount <= limits.maximumPixelCount)
      && MemoryProbe.hasRoom(for: byteCount + header.workingByteCount)
  }
}
