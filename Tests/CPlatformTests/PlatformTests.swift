import CPlatform
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("Platform functions") struct PlatformTests {
  @Test("A mapped file has the same bytes after its pages were released")
  func mapping() throws {
    try withTemporaryFolder { folder in
      let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let file = folder.appending(path: "file")
      try Data(bytes).write(to: file)
      var mapping = pf_mapping()
      #expect(pf_map_file(file.path, &mapping) == Int32(PF_OK))
      defer { pf_unmap(mapping) }
      let start = try #require(mapping.bytes)
      #expect(mapping.byte_count == bytes.count)
      pf_advise_large_pages(mapping)
      pf_advise_willneed(start + 10, bytes.count - 10)
      #expect(Array(UnsafeRawBufferPointer(start: start, count: bytes.count)) == bytes)
      pf_advise_dontneed(start + 5, 50_000)
      #expect(Array(UnsafeRawBufferPointer(start: start, count: bytes.count)) == bytes)
    }
  }

  @Test("A laid-out file has its size, zeros, and accepts bytes in any order")
  func layingOut() throws {
    try withTemporaryFolder { folder in
      let file = folder.appending(path: "file").path
      let descriptor = open(file, O_RDWR | O_CREAT, 0o600)
      defer { close(descriptor) }
      let size = 5_000_001
      #expect(pf_lay_out_file(descriptor, size) == Int32(PF_OK))
      #expect(pwrite(descriptor, [7 as UInt8], 1, off_t(size - 1)) == 1)
      var expected = [UInt8](repeating: 0, count: size)
      expected[size - 1] = 7
      let found = try Data(contentsOf: URL(fileURLWithPath: file))
      #expect(Array(found) == expected)
      #expect(pf_lay_out_file(-1, size) == EBADF)
    }
  }

  @Test("Empty files map to null; folders, pipes and missing files are errors")
  func refusals() throws {
    try withTemporaryFolder { folder in
      var mapping = pf_mapping()
      let empty = folder.appending(path: "empty")
      try Data().write(to: empty)
      #expect(pf_map_file(empty.path, &mapping) == Int32(PF_OK))
      #expect(mapping.bytes == nil && mapping.byte_count == 0)
      pf_unmap(mapping)
      #expect(pf_map_file(folder.path, &mapping) == Int32(PF_NOT_A_REGULAR_FILE))
      let pipe = folder.appending(path: "pipe").path
      #expect(mkfifo(pipe, 0o600) == 0)
      #expect(pf_map_file(pipe, &mapping) == Int32(PF_NOT_A_REGULAR_FILE))
      #expect(pf_map_file(folder.appending(path: "none").path, &mapping) == ENOENT)
    }
  }

  @Test(
    "A file read into memory is aligned and does not change with the file; a file larger than memory is an error"
  )
  func reading() throws {
    try withTemporaryFolder { folder in
      let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let file = folder.appending(path: "file")
      try Data(bytes).write(to: file)
      var content = pf_mapping()
      #expect(pf_read_file(file.path, 64, &content) == Int32(PF_OK))
      let start = try #require(content.bytes)
      defer { pf_free(UnsafeMutableRawPointer(mutating: start)) }
      #expect(truncate(file.path, 10) == 0)
      #expect(Int(bitPattern: start) % 64 == 0)
      #expect(Array(UnsafeRawBufferPointer(start: start, count: content.byte_count)) == bytes)
      var none = pf_mapping()
      #expect(pf_read_file(folder.path, 64, &none) == Int32(PF_NOT_A_REGULAR_FILE))
      // Some file systems do not support files of this size.
      if truncate(file.path, 1 << 50) == 0 {
        #expect(pf_read_file(file.path, 64, &none) == Int32(PF_NO_MEMORY))
      }
      #expect(none.bytes == nil)
    }
  }

  @Test("A claim is taken once until it is released")
  func claims() {
    var claim = pf_claim()
    #expect(pf_claim_take(&claim) == 1)
    #expect(pf_claim_take(&claim) == 0)
    pf_claim_release(&claim)
    #expect(pf_claim_take(&claim) == 1)
  }

  @Test("Environment integers are decimal and in range; otherwise the fallback applies")
  func environment() {
    let name = "PCLIP_TEST_INTEGER"
    for (text, value) in [
      ("7", 7), ("-3", -3), ("0", 0), ("007", 7), ("", 99), ("x", 99), ("7x", 99), ("-", 99),
      ("--1", 99), (" 1", 99), ("11", 99), ("-11", 99), ("99999999999999999999", 99),
    ] {
      setenv(name, text, 1)
      #expect(pf_environment_integer(name, -10, 10, 99) == value, "\(text)")
    }
    unsetenv(name)
    #expect(pf_environment_integer(name, -10, 10, 99) == 99 && pf_environment(name) == nil)
  }

  @Test("The clock is monotonic")
  func clock() {
    let first = pf_monotonic_ns()
    #expect(pf_monotonic_ns() >= first)
  }

  @Test(
    "A cgroup's quota and its ancestors' limit the processors",
    arguments: [
      ("0::/", ["cpu.max": "150000 100000\n"], 2),
      ("0::/", ["cpu.max": "max 100000\n"], 0),
      ("0::/a/b", ["cpu.max": "max 100000\n", "a/cpu.max": "400000 100000\n"], 4),
      ("0::/a", ["cpu.max": "100000 100000\n", "a/cpu.max": "400000 100000\n"], 1),
      ("0::/outside/the/mount", ["cpu.max": "300000 100000\n"], 3),
      (
        "3:cpu,cpuacct:/box|1:name=systemd:/x",
        ["cpu/box/cpu.cfs_quota_us": "50000\n", "cpu/box/cpu.cfs_period_us": "100000\n"], 1
      ),
      (
        "3:cpu:/",
        ["cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"], 0
      ),
      ("nonsense", [:], 0),
    ] as [(String, [String: String], Int)])
  func quota(lines: String, files: [String: String], processors: Int) throws {
    try withTemporaryFolder { folder in
      let list = folder.appending(path: "cgroup")
      try Data((lines.replacing("|", with: "\n") + "\n").utf8).write(to: list)
      for (path, content) in files {
        let file = folder.appending(path: "mount").appending(path: path)
        try FileManager.default.createDirectory(
          at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(content.utf8).write(to: file)
      }
      #expect(
        pf_cgroup_quota_cpus(list.path, folder.appending(path: "mount").path) == processors)
    }
  }

  @Test("One-time work runs once, and every caller returns after it has finished")
  func once() {
    final class State: @unchecked Sendable {
      var once = pf_once()
      var count = 0
      /// Each caller leaves the group when it makes the call. The work waits for all.
      let callers = DispatchGroup()
    }
    let state = State()
    let finished = DispatchGroup()
    let seen = Mutex<[Int]>([])
    for _ in 0..<16 {
      state.callers.enter()
      finished.enter()
      Thread.detachNewThread {
        state.callers.leave()
        pf_run_once(
          &state.once,
          { context in
            let state = Unmanaged<State>.fromOpaque(context!).takeUnretainedValue()
            state.callers.wait()
            state.count += 1
          }, Unmanaged.passUnretained(state).toOpaque())
        seen.withLock { $0.append(state.count) }
        finished.leave()
      }
    }
    finished.wait()
    #expect(seen.withLock { $0 } == [Int](repeating: 1, count: 16))
  }
}
