private import Synchronization

/// The tensors of a bundle whose digest has been verified, shared by all readers.
final class VerifiedTensors: Sendable {
  private let indices = Mutex<Set<Int>>([])

  func contains(_ index: Int) -> Bool { indices.withLock { $0.contains(index) } }

  func insert(_ index: Int) { indices.withLock { _ = $0.insert(index) } }
}
