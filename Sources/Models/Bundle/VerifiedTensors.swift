private import Synchronization

/// Which tensors of a bundle have been found to be what its header says, shared by all who read it.
final class VerifiedTensors: Sendable {
  private let indices = Mutex<Set<Int>>([])

  func contains(_ index: Int) -> Bool { indices.withLock { $0.contains(index) } }

  func insert(_ index: Int) { indices.withLock { _ = $0.insert(index) } }
}
