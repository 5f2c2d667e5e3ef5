import Foundation
import Synchronization

/// Ctrl-C. As a rule it ends the process at once; a verb that has something to save asks to be told instead.
enum Interruption {
  private static let isRequestedFlag = Atomic<Bool>(false)

  static var isRequested: Bool { isRequestedFlag.load(ordering: .relaxed) }

  /// An interrupted run leaves nothing: a file has no name until it is whole.
  static func exitsAtOnce() {
    // Parents that start processes from a thread that blocks signals, as Dispatch's do, hand that down.
    var interrupt = sigset_t()
    sigemptyset(&interrupt)
    sigaddset(&interrupt, SIGINT)
    sigprocmask(SIG_UNBLOCK, &interrupt, nil)
    signal(SIGINT) { _ in _exit(ExitStatus.interrupted.rawValue) }
  }

  /// From now on the first Ctrl-C is only noted, for a loop to see; the second ends the process.
  static func isNoted() {
    // Touched before the handler can be: it must not be what initializes the flag.
    isRequestedFlag.store(false, ordering: .relaxed)
    signal(SIGINT) { _ in
      if Interruption.isRequestedFlag.exchange(true, ordering: .relaxed) {
        _exit(ExitStatus.interrupted.rawValue)
      }
    }
  }
}
