import CKernels
import Foundation
import Testing

/// The list of kernels, the tables made from it and these tests cannot drift apart.
@Suite struct KernelListTests {
  private static let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .resolvingSymlinksInPath()

  private static func listedKernels() throws -> [String] {
    let list = here.appending(path: "../../Sources/CKernels/include/kernels.def")
    let text = try String(contentsOf: list.standardizedFileURL, encoding: .utf8)
    return text.matches(of: #/(?m)^PK_KERNEL\((\w+),/#).map { String($0.output.1) }
  }

  @Test("Every kernel of the list is called by a test")
  func everyKernelIsTested() throws {
    let files = try FileManager.default.contentsOfDirectory(
      at: Self.here, includingPropertiesForKeys: nil)
    let tests = try files.map { try String(contentsOf: $0, encoding: .utf8) }.joined()
    let kernels = try Self.listedKernels()
    #expect(kernels.count > 20)
    for kernel in kernels {
      #expect(tests.contains("\(kernel)("), "\(kernel) has no test")
    }
  }

  @Test("No table has a gap", arguments: KernelTable.all)
  func tablesAreComplete(table: KernelTable) throws {
    // The identity and the name come first, then one pointer for each kernel.
    let pointers = try Self.listedKernels().count
    #expect(MemoryLayout<pk_kernels>.size == 16 + 8 * pointers)
    table.kernels.withMemoryRebound(to: UInt.self, capacity: 2 + pointers) { words in
      for index in 2..<2 + pointers { #expect(words[index] != 0) }
    }
  }

  @Test("Tables are found by name, and only by their whole name")
  func names() {
    for table in KernelTable.all {
      #expect(pk_kernels_named(table.name, table.name.utf8.count) == table.kernels)
      #expect(pk_kernels_named(table.name, table.name.utf8.count - 1) == nil)
    }
    #expect(pk_kernels_named("sse", 3) == nil && pk_kernels_named("", 0) == nil)
    #expect(KernelTable.all.map(\.name).first == "scalar")
  }

  @Test("The detected table is the last of those supported")
  func detection() {
    #expect(pk_kernels_detect() == KernelTable.all.last?.kernels)
  }

  @Test("Row strides hold the row, start on cache lines, and avoid multiples of 512 bytes")
  func rowStrides() {
    for bytes in [1, 4] {
      for count in [1, 63, 64, 512, 768, 1024, 4096, 3072] {
        let stride = pk_row_stride(count, bytes)
        #expect(stride >= count && stride < count + 2 * 64 / bytes)
        #expect(stride * bytes % 64 == 0 && stride * bytes % 512 != 0)
      }
    }
  }
}
