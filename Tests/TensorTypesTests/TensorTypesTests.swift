import TensorTypes
import Testing

@Suite("Element types") struct DTypeTests {
  @Test("Every type is found by its safetensors name", arguments: DType.allCases)
  func roundTrip(_ type: DType) {
    let name = Array(type.safetensorsName.description.utf8)
    #expect(DType(safetensorsName: name.span) == type)
  }

  @Test("An unsupported type is nil, not a guess", arguments: ["F8_E4M3", "f32", "F3", "", "F322"])
  func unknown(_ name: String) {
    #expect(DType(safetensorsName: Array(name.utf8).span) == nil)
  }
}

@Suite("Counts of elements") struct ElementCountTests {
  @Test("A scalar has one element and an empty tensor none")
  func edges() {
    #expect(elementCount(of: []) == 1)
    #expect(elementCount(of: [3, 0, 5]) == 0)
    #expect(elementCount(of: [2, 3, 4]) == 24)
  }

  @Test("A negative extent and an overflowing product are nil")
  func refused() {
    #expect(elementCount(of: [2, -1]) == nil)
    #expect(elementCount(of: [Int.max, 2]) == nil)
  }
}
