import CKernelChecks
import CKernels
import Glibc
import TestSupport
import Testing

/// One instruction set that this machine supports and whose products this process may use.
struct KernelTable: @unchecked Sendable, CustomTestStringConvertible {
  let kernels: UnsafePointer<pk_kernels>
  var writing: UnsafePointer<pk_writing_kernels> { pk_writing_for(kernels.pointee.isa) }
  var name: String { String(cString: kernels.pointee.name) }
  var testDescription: String { name }

  static let scalar = KernelTable(kernels: pk_kernels_for(PK_ISA_SCALAR)!)
  /// Those compared with `scalar`.
  static let fast = (PK_ISA_SCALAR.rawValue + 1..<UInt32(PK_ISA_COUNT))
    .map { pk_isa(rawValue: $0) }
    .filter { pk_kernels_for($0) != nil && pk_permitted($0) != 0 }
    .compactMap(pk_kernels_for).map(KernelTable.init)
  /// Those with fused multiply-add, whose float sums have equal bits. The others have scalar's bits.
  static let fused = fast.filter { $0.kernels.pointee.fuses != 0 }
  /// A table whose float sums have the same bits as this one's.
  var peer: KernelTable { kernels.pointee.fuses != 0 ? Self.fused[0] : .scalar }
  static let all = [scalar] + fast
  /// AMX with emulated tiles: its integer products run on every machine, the rest is scalar's.
  static let emulated = KernelTable(kernels: pk_check_emulated_amx().kernels)
  static let products = all + [emulated]
  static let fastProducts = fast + [emulated]
}

/// Memory whose buffers end where an unreadable page begins, so that accessing one element too many crashes.
///
/// Pointers stay valid until `free()`, which tests call in a `defer`.
final class Arena {
  private var mappings: [(start: UnsafeMutableRawPointer, byteCount: Int)] = []

  /// `slack` elements at the buffer's end stay unused, which shifts its alignment.
  func buffer<Element: BitwiseCopyable>(
    count: Int, of value: Element, slack: Int = 0
  ) -> UnsafeMutablePointer<Element> {
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let byteCount = (count + slack) * MemoryLayout<Element>.stride
    let usable = (byteCount + page - 1) / page * page
    let start = mmap(
      nil, usable + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)!
    precondition(start != MAP_FAILED && mprotect(start + usable, page, PROT_NONE) == 0)
    mappings.append((start, usable + page))
    let elements = (start + (usable - byteCount)).bindMemory(
      to: Element.self, capacity: count + slack)
    elements.initialize(repeating: value, count: count + slack)
    return elements
  }

  func copy<Element: BitwiseCopyable>(
    _ values: [Element], slack: Int = 0
  ) -> UnsafeMutablePointer<Element> {
    guard let first = values.first else {
      return UnsafeMutableRawPointer(buffer(count: 0, of: UInt8(0)))
        .bindMemory(to: Element.self, capacity: 0)
    }
    let elements = buffer(count: values.count, of: first, slack: slack)
    elements.update(from: values, count: values.count)
    return elements
  }

  func free() {
    for mapping in mappings { munmap(mapping.start, mapping.byteCount) }
    mappings = []
  }
}

extension SplitMix {
  /// In [-1, 1), of varied magnitude.
  mutating func float() -> Float {
    let unit = Float(Int32(truncatingIfNeeded: next() >> 40) - (1 << 23)) * 0x1p-23
    return next() % 8 == 0 ? unit * 0x1p-6 : unit
  }

  mutating func floats(_ count: Int, scale: Float = 1) -> [Float] {
    (0..<count).map { _ in float() * scale }
  }

  /// In [-127, 127].
  mutating func weights(_ count: Int) -> [Int8] {
    (0..<count).map { _ in Int8(Int(next() % 255) - 127) }
  }
}

func roundUp(_ count: Int, to multiple: Int) -> Int { (count + multiple - 1) / multiple * multiple }

func array<Element>(_ pointer: UnsafePointer<Element>, _ count: Int) -> [Element] {
  Array(UnsafeBufferPointer(start: pointer, count: count))
}

func array<Element>(_ pointer: UnsafeMutablePointer<Element>, _ count: Int) -> [Element] {
  Array(UnsafeBufferPointer(start: pointer, count: count))
}

func bits(_ values: [Float]) -> [UInt32] { values.map(\.bitPattern) }

func bits(_ pointer: UnsafeMutablePointer<Float>, _ count: Int) -> [UInt32] {
  bits(array(pointer, count))
}
