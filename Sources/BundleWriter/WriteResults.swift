internal import BundleFormat
private import Synchronization

/// The results of all jobs of a run, from any thread.
final class Results<SourceFailure: Error>: Sendable {
  private struct State: Sendable {
    var stored, canonical: [Digest]
    var source: Digest?
    var failure: (job: Int, error: BundleWriteError<SourceFailure>)?
  }

  private let state: Mutex<State>

  init(storedCount: Int, parameterCount: Int) {
    state = Mutex(
      State(
        stored: [Digest](repeating: .zero, count: storedCount),
        canonical: [Digest](repeating: .zero, count: parameterCount)))
  }

  func setStored(_ digest: Digest, at index: Int) { state.withLock { $0.stored[index] = digest } }
  func setCanonical(_ digest: Digest, at index: Int) { state.withLock { $0.canonical[index] = digest } }
  func setSourceDigest(_ digest: Digest) { state.withLock { $0.source = digest } }

  /// Keeps the failure of the earliest job.
  func fail(_ error: BundleWriteError<SourceFailure>, job: Int) {
    state.withLock { state in
      if let earlier = state.failure, earlier.job < job { return }
      state.failure = (job, error)
    }
  }

  var hasFailed: Bool { state.withLock { $0.failure != nil } }
  var failure: BundleWriteError<SourceFailure>? { state.withLock { $0.failure?.error } }
  var storedDigests: [Digest] { state.withLock { $0.stored } }
  var canonicalDigests: [Digest] { state.withLock { $0.canonical } }
  var sourceDigest: Digest? { state.withLock { $0.source } }
}
