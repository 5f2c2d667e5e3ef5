import CPlatform
import TestSupport
import Testing

@Suite("Memory and arenas") struct MemoryTests {
  @Test("Memory is aligned as requested; null if there is none")
  func alignment() throws {
    for alignment in [1, 64, 4096] {
      let memory = try #require(pf_alloc_aligned(100, alignment))
      #expect(Int(bitPattern: memory) % alignment == 0)
      pf_free(memory)
    }
    #expect(pf_alloc_aligned(Int.max, 64) == nil)
    #expect(pf_alloc_aligned(Int.max - 100, 4096) == nil)
    #expect(pf_arena_open(Int.max) == nil)
    pf_free(nil)
  }

  @Test("An open arena serves its thread; blocks are inside it, aligned and disjoint")
  func blocks() throws {
    let arena = try #require(pf_arena_open(1 << 20))
    let range = UInt(bitPattern: arena)..<UInt(bitPattern: arena) + 1 << 20
    var blocks: [UnsafeMutableRawPointer] = []
    for (size, alignment) in [(1, 1), (100, 16), (5000, 64), (16, 4096), (0, 8)] {
      let block = try #require(pf_alloc_aligned(size, alignment))
      #expect(range.contains(UInt(bitPattern: block)) && UInt(bitPattern: block) % UInt(alignment) == 0)
      block.initializeMemory(as: UInt8.self, repeating: UInt8(blocks.count), count: size)
      blocks.append(block)
    }
    #expect(blocks[1].load(fromByteOffset: 99, as: UInt8.self) == 1)
    #expect(blocks[2].load(as: UInt8.self) == 2 && blocks[2].load(fromByteOffset: 4999, as: UInt8.self) == 2)
    pf_arena_close(arena)
    #expect(blocks[2].load(as: UInt8.self) == 2, "what was allocated lives on")
    blocks.forEach(pf_free)
  }

  @Test("The last allocation's memory is reused; a full arena falls back to the system")
  func reuse() throws {
    let arena = try #require(pf_arena_open(8192))
    let first = try #require(pf_alloc_aligned(4000, 16))
    pf_free(first)
    let second = try #require(pf_alloc_aligned(4000, 16))
    #expect(second == first)
    let beyond = try #require(pf_alloc_aligned(100_000, 16))
    #expect(abs(UInt(bitPattern: beyond).distance(to: UInt(bitPattern: arena))) > 8192)
    beyond.initializeMemory(as: UInt8.self, repeating: 7, count: 100_000)
    pf_arena_close(arena)
    pf_free(second)
    pf_free(beyond)
  }

  @Test("The replacements of libc's functions return ENOMEM and set the pointer to null")
  func replacements() {
    var memory: UnsafeMutableRawPointer?
    #expect(__wrap_posix_memalign(&memory, 16, 100) == 0 && memory != nil)
    __wrap_free(memory)
    #expect(__wrap_posix_memalign(&memory, 16, Int.max) == 12 && memory == nil)
  }
}
