import CKernelChecks
import CKernels
import Foundation
import Testing

/// One row of kernels.def on an instruction set that has the kernel: one of this machine, or emulated AMX.
struct KernelCheck: @unchecked Sendable, CustomTestStringConvertible {
  let subject: pk_check_subject
  let index: Int
  var testDescription: String {
    "\(String(cString: subject.kernels.pointee.name)): \(String(cString: pk_check_name(index)))"
  }

  static let all: [KernelCheck] =
    (KernelTable.fast.map { pk_check_isa($0.kernels.pointee.isa) } + [pk_check_emulated_amx()]).flatMap {
      subject in
      (0..<pk_check_count()).filter { pk_check_applies($0, subject) != 0 }
        .map { KernelCheck(subject: subject, index: $0) }
    }
}

/// The list of kernels, the tables and the checks of CKernelChecks must agree.
@Suite("kernels.def", .serialized) struct KernelListTests {
  @Test("Every kernel of the list agrees with its definition", arguments: KernelCheck.all)
  func agreement(check: KernelCheck) {
    var mistake = [CChar](repeating: 0, count: 200)
    let mistakes = pk_check_run(check.index, check.subject, &mistake, mistake.count)
    #expect(mistakes == 0, "\(String(decoding: mistake.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self))")
  }

  @Test("Every table is complete", arguments: KernelTable.all)
  func tablesAreComplete(table: KernelTable) {
    #expect(pk_check_gap(table.kernels).map { String(cString: $0) } == nil)
  }

  @Test("Tables are found by their complete name only")
  func names() {
    for table in KernelTable.all {
      #expect(pk_kernels_named(table.name, table.name.utf8.count) == table.kernels)
      #expect(pk_kernels_named(table.name, table.name.utf8.count - 1) == nil)
    }
    #expect(pk_kernels_named("sse", 3) == nil && pk_kernels_named("", 0) == nil)
    #expect(KernelTable.all.map(\.name).first == "scalar")
  }

  @Test("The detected table is the last supported one")
  func detection() {
    let supported = (0..<UInt32(PK_ISA_COUNT)).compactMap { pk_kernels_for(pk_isa(rawValue: $0)) }
    #expect(pk_kernels_detect() == supported.last)
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
