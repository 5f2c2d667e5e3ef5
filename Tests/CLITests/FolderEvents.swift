import Foundation
import Glibc
import TestSupport

/// Events of a folder's files, as the system reports them: they mark the steps of another process.
final class FolderEvents {
  struct Event: Equatable {
    let kind: Int32
    let name: String
  }

  private let descriptor: Int32
  private var pending: [Event] = []
  private var last: Event?

  /// - Parameter kinds: inotify events to report.
  init(_ folder: TemporaryFolder, _ kinds: Int32...) throws {
    descriptor = inotify_init1(Int32(IN_CLOEXEC))
    let mask = kinds.reduce(0) { $0 | UInt32($1) }
    guard inotify_add_watch(descriptor, folder.path, mask) >= 0 else { throw POSIXError(.EIO) }
  }

  deinit { close(descriptor) }

  /// The next event; nil if the process has ended, which closes its output, and no event is left.
  func next(of output: Pipe) -> Event? {
    while pending.isEmpty {
      var sources = [
        pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
        pollfd(fd: output.fileHandleForReading.fileDescriptor, events: 0, revents: 0),
      ]
      guard poll(&sources, 2, -1) > 0 || errno == EINTR else { return nil }
      if sources[0].revents != 0 {
        pending = read()
      } else if sources[1].revents != 0 {
        return nil
      }
    }
    return pending.removeFirst()
  }

  /// The next event that differs from the previous one: a file written in many pieces is one step.
  func nextStep(of output: Pipe) -> Event? {
    while let event = next(of: output) {
      defer { last = event }
      if event != last { return event }
    }
    return nil
  }

  private func read() -> [Event] {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    let count = Glibc.read(descriptor, &bytes, bytes.count)
    var events: [Event] = []
    var start = 0
    while start + MemoryLayout<inotify_event>.size <= count {
      let event = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start, as: inotify_event.self) }
      start += MemoryLayout<inotify_event>.size
      let name = bytes[start..<start + Int(event.len)].prefix { $0 != 0 }
      events.append(Event(kind: Int32(bitPattern: event.mask), name: String(decoding: name, as: UTF8.self)))
      start += Int(event.len)
    }
    return events
  }
}
