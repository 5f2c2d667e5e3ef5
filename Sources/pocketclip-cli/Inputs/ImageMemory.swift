import Foundation
import ImageFiles
import Input

/// Limits the memory for images that are decoded at the same time: all threads together decode no more pixels than one
/// image may have.
///
/// Unchecked, because the variables are only accessed under the condition's lock.
final class ImageMemory: @unchecked Sendable {
  let limits: ImageFiles.Limits
  private let condition = NSCondition()
  private var (pixelCount, byteCount, holderCount) = (0, 0, 0)

  init(_ limits: ImageFiles.Limits) { self.limits = limits }

  /// Runs `body` when there is memory for the image that it decodes. Waits for images of other threads if necessary.
  ///
  /// - Throws: `noMemory` if there is too little memory although no other image is decoded.
  func withRoom<Result>(
    for plan: ImagePlan, file: String, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try take(plan, file)
    defer { giveBack(plan) }
    return try body()
  }

  private func take(_ plan: ImagePlan, _ file: String) throws(Failure) {
    condition.lock()
    defer { condition.unlock() }
    while !hasRoom(for: plan) {
      guard holderCount > 0 else {
        let error = ImageFileError(
          .noMemory, file: file,
          detail:
            "\(plan.header.width)×\(plan.header.height) pixels need \(formattedBytes(plan.workingByteCount))")
        throw Failure(error.exitStatus, error.description, hint: error.hint)
      }
      condition.wait()
    }
    pixelCount += plan.header.pixelCount
    byteCount += plan.workingByteCount
    holderCount += 1
  }

  private func giveBack(_ plan: ImagePlan) {
    condition.withLock {
      pixelCount -= plan.header.pixelCount
      byteCount -= plan.workingByteCount
      holderCount -= 1
      condition.broadcast()
    }
  }

  /// Counts reserved memory too, because other threads may not have allocated it yet.
  private func hasRoom(for plan: ImagePlan) -> Bool {
    (holderCount == 0 || pixelCount + plan.header.pixelCount <= limits.maximumPixelCount)
      && MemoryProbe.hasRoom(for: byteCount + plan.workingByteCount)
  }
}
