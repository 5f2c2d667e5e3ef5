import ArgumentParser
import Foundation
import Synchronization

/// SIGINT (Ctrl-C), SIGTERM and SIGHUP. As a rule they end the process at once; a command that has something to save or
/// to remove notes them instead, and ends by itself.
enum Interruption {
  /// The first signal that was noted, or 0.
  private static let noted = Atomic<Int32>(0)
  private static let signals = [SIGINT, SIGTERM, SIGHUP]

  static var isRequested: Bool { noted.load(ordering: .relaxed) != 0 }

  /// An interrupted run leaves nothing: a file has no name until it is complete.
  static func exitsAtOnce() {
    // Parents that start processes from a thread that blocks signals, as Dispatch's do, hand that down.
    var set = sigset_t()
    sigemptyset(&set)
    for number in signals { sigaddset(&set, number) }
    sigprocmask(SIG_UNBLOCK, &set, nil)
    signal(SIGINT) { _ in _exit(ExitStatus.interrupted.rawValue) }
  }

  /// From now on the first signal is only noted, for a loop to see; the second ends the process.
  static func isNoted() {
    // Touched before the handler can be: it must not be what initializes the number.
    noted.store(0, ordering: .relaxed)
    for number in signals {
      let earlier = signal(number) { number in
        if Interruption.noted.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
      }
      // nohup ignores SIGHUP for its command, which must go on.
      if number == SIGHUP, unsafeBitCast(earlier, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
        signal(SIGHUP, SIG_IGN)
      }
    }
  }

  static let again = "give the same command again"

  static var beforeAnyChange: Failure {
    Failure(status, "interrupted before the first new vector: nothing has changed", hint: again)
  }

  /// What a shell reports of a process that the signal ended.
  static var status: ExitStatus {
    switch noted.load(ordering: .relaxed) {
    case SIGTERM: .terminated
    case SIGHUP: .hungUp
    default: .interrupted
    }
  }
}
