import ArgumentParser
import Foundation
import Synchronization

/// SIGINT (Ctrl-C), SIGTERM and SIGHUP. By default they end the process at once. A command that must save or remove
/// something records the signal instead and then ends by itself.
enum Interruption {
  /// The first signal that was recorded, or 0.
  private static let noted = Atomic<Int32>(0)
  private static let signals = [SIGINT, SIGTERM, SIGHUP]

  static var isRequested: Bool { noted.load(ordering: .relaxed) != 0 }

  /// An interrupted run leaves nothing: a file has no name until it is complete.
  static func exitsAtOnce() {
    // A process inherits blocked signals from the thread that starts it, and the threads of Dispatch block signals.
    var set = sigset_t()
    sigemptyset(&set)
    for number in signals { sigaddset(&set, number) }
    sigprocmask(SIG_UNBLOCK, &set, nil)
    signal(SIGINT) { _ in
      let message: StaticString = "\npocketclip: interrupted\n"
      write(STDERR_FILENO, message.utf8Start, message.utf8CodeUnitCount)
      _exit(ExitStatus.interrupted.rawValue)
    }
  }

  /// From now on the first signal is only recorded, and a loop checks for it. The second signal ends the process.
  static func isNoted() {
    // Initializes the number before a handler can run, because a signal handler must not initialize it.
    noted.store(0, ordering: .relaxed)
    for number in signals {
      let earlier = signal(number) { number in
        if Interruption.noted.exchange(number, ordering: .relaxed) != 0 { _exit(128 + number) }
      }
      // nohup ignores SIGHUP so that its command continues.
      if number == SIGHUP, unsafeBitCast(earlier, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self) {
        signal(SIGHUP, SIG_IGN)
      }
    }
  }

  static let again = "give the same command again"

  static var beforeAnyChange: Failure {
    Failure(status, "interrupted before the first new vector: nothing has changed", hint: again)
  }

  /// The status that a shell reports for a process that the signal ended.
  static var status: ExitStatus {
    switch noted.load(ordering: .relaxed) {
    case SIGTERM: .terminated
    case SIGHUP: .hungUp
    default: .interrupted
    }
  }
}
