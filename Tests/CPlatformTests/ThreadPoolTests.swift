import CPlatform
import Foundation
import Synchronization
import Testing

/// Blocks threads until a number of them have arrived.
private final class Barrier: @unchecked Sendable {
  private let barrier = UnsafeMutablePointer<pthread_barrier_t>.allocate(capacity: 1)

  init(_ threads: Int) { pthread_barrier_init(barrier, nil, UInt32(threads)) }

  deinit {
    pthread_barrier_destroy(barrier)
    barrier.deallocate()
  }

  func wait() { pthread_barrier_wait(barrier) }
}

/// Counts the bodies of a loop.
private final class Tally: Sendable {
  let sum = Atomic<Int>(0)
  let parts = Atomic<Int>(0)
  let largestWorker = Atomic<Int>(0)
  /// Where the threads of a loop wait for each other.
  let meeting: Barrier?

  init(meeting threads: Int? = nil) { meeting = threads.map(Barrier.init) }

  static func of(_ context: UnsafeMutableRawPointer?) -> Tally {
    Unmanaged<Tally>.fromOpaque(context!).takeUnretainedValue()
  }

  func run(_ count: Int, threads: Int = 0, body: pf_body = count) {
    pf_parallel_for(count, threads, body, Unmanaged.passUnretained(self).toOpaque())
  }

  private static let count: pf_body = { context, index, worker in
    let tally = Tally.of(context)
    tally.sum.add(index, ordering: .relaxed)
    tally.parts.add(1, ordering: .relaxed)
    tally.largestWorker.max(worker, ordering: .relaxed)
  }
}

// Swift hides fork, because most of a process does not survive it (the pool must), and functions that need
// _GNU_SOURCE.
private let fork = unsafeBitCast(dlsym(nil, "fork"), to: (@convention(c) () -> Int32).self)
private typealias Affinity = @convention(c) (Int32, Int, UnsafeMutablePointer<UInt64>) -> Int32
private let getAffinity = unsafeBitCast(dlsym(nil, "sched_getaffinity"), to: Affinity.self)
private let setAffinity = unsafeBitCast(dlsym(nil, "sched_setaffinity"), to: Affinity.self)

private func affinityMask() -> [UInt64] {
  var mask = [UInt64](repeating: 0, count: 128)
  return getAffinity(0, mask.count * 8, &mask) < 0 ? [] : mask
}

/// For each other thread of this process, whether it sleeps (state S in /proc).
private func othersSleep() -> [Bool] {
  guard let folder = opendir("/proc/self/task") else { return [] }
  defer { closedir(folder) }
  var sleep: [Bool] = []
  while let entry = readdir(folder) {
    let name = withUnsafeBytes(of: &entry.pointee.d_name) {
      String(cString: $0.bindMemory(to: CChar.self).baseAddress!)
    }
    guard let id = Int32(name), id != getpid(), let file = fopen("/proc/self/task/\(name)/stat", "r") else {
      continue
    }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 200)
    fgets(&line, 200, file)
    sleep.append(String(decoding: line.map { UInt8(bitPattern: $0) }, as: UTF8.self).contains(") S "))
  }
  return sleep
}

/// Runs `body` in a forked child; returns its result. The alarm ends a child that hangs.
private func inChild(_ body: () -> Bool) -> Bool {
  let child = fork()
  if child == 0 {
    alarm(20)
    _exit(body() ? 0 : 1)
  }
  var status: Int32 = -1
  return child > 0 && waitpid(child, &status, 0) == child && status == 0
}

@Suite("Thread pool") struct ThreadPoolTests {
  @Test("Every part runs exactly once, for any count and limit of threads")
  func everyPart() {
    for count in [0, 1, 2, 3, 16, 1000] {
      for threads in [0, 1, 2, 1000] {
        let tally = Tally()
        tally.run(count, threads: threads)
        #expect(tally.parts.load(ordering: .relaxed) == count)
        #expect(tally.sum.load(ordering: .relaxed) == max(0, count * (count - 1) / 2))
        #expect(tally.largestWorker.load(ordering: .relaxed) < pf_thread_count())
        if threads == 1 { #expect(tally.largestWorker.load(ordering: .relaxed) == 0) }
      }
    }
  }

  @Test("A thousand consecutive loops lose no part")
  func thousandLoops() {
    let tally = Tally()
    for _ in 0..<1000 { tally.run(7) }
    #expect(tally.parts.load(ordering: .relaxed) == 7000)
  }

  @Test("A nested loop runs on the calling thread")
  func nested() {
    let tally = Tally()
    tally.run(20) { context, _, _ in Tally.of(context).run(30) }
    #expect(tally.parts.load(ordering: .relaxed) == 600)
  }

  @Test("Loops called from several threads at once share the pool")
  func concurrentCallers() {
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      for _ in 0..<200 {
        let tally = Tally()
        tally.run(13)
        #expect(tally.parts.load(ordering: .relaxed) == 13)
      }
    }
  }

  @Test("A forked child has its own pool, independent of its parent's activity")
  func forkWhileBusy() {
    let stop = Atomic<Bool>(false)
    DispatchQueue.concurrentPerform(iterations: 3) { iteration in
      if iteration > 0 {
        while !stop.load(ordering: .relaxed) { Tally().run(50) }
        return
      }
      for _ in 0..<100 {
        #expect(
          inChild {
            let tally = Tally()
            for _ in 0..<20 { tally.run(50) }
            return tally.parts.load(ordering: .relaxed) == 1000
          })
      }
      stop.store(true, ordering: .relaxed)
    }
  }

  @Test("Grandchildren, and children forked inside a loop, work too")
  func forkInsideLoop() {
    #expect(
      inChild {
        inChild {
          let tally = Tally()
          tally.run(100)
          return tally.parts.load(ordering: .relaxed) == 100
        }
      })
    let tally = Tally()
    tally.run(4) { context, _, _ in
      let worked = inChild {
        let inner = Tally()
        inner.run(100)
        return inner.parts.load(ordering: .relaxed) == 100
      }
      Tally.of(context).parts.add(worked ? 1 : 0, ordering: .relaxed)
    }
    #expect(tally.parts.load(ordering: .relaxed) == 4)
  }

  @Test("PCLIP_THREADS sets the size of the pool")
  func environment() {
    #expect(
      inChild {
        setenv("PCLIP_THREADS", "5", 1)
        let tally = Tally(meeting: 5)
        tally.run(5) { context, _, worker in
          Tally.of(context).meeting?.wait()
          Tally.of(context).largestWorker.max(worker, ordering: .relaxed)
        }
        return pf_thread_count() == 5 && tally.largestWorker.load(ordering: .relaxed) == 4
      })
  }

  @Test("An affinity limit is respected and never widened")
  func affinity() {
    #expect(
      inChild {
        var mask = affinityMask()
        let first = mask.firstIndex { $0 != 0 }!
        let single = mask[first] & (~mask[first] &+ 1)
        for index in mask.indices { mask[index] = index == first ? single : 0 }
        guard setAffinity(0, mask.count * 8, &mask) == 0 else { return false }
        let tally = Tally()
        tally.run(100)
        return pf_usable_cpus() == 1 && pf_thread_count() == 1 && affinityMask() == mask
          && tally.parts.load(ordering: .relaxed) == 100
      })
  }

  @Test("An idle pool sleeps")
  func idle() {
    #expect(
      inChild {
        setenv("PCLIP_THREADS", "4", 1)
        Tally(meeting: 4).run(4) { context, _, _ in Tally.of(context).meeting?.wait() }
        // The threads spin for less than a tenth of a millisecond each.
        while othersSleep() != [true, true, true] { sched_yield() }
        return true
      })
  }
}
