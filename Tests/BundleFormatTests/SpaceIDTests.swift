import BundleFormat
import Testing

@Suite("Space ids") struct SpaceIDTests {
  private static let a = String(repeating: "0a", count: 32)
  private static let b = String(repeating: "f9", count: 32)

  private func id(_ text: String) throws -> SpaceID { try #require(SpaceID(text)) }

  @Test("An id survives a round trip", arguments: ["-.-", "\(a).-", "-.\(b)", "\(a).\(b)"])
  func text(_ text: String) throws {
    let id = try id(text)
    #expect(id.description == text)
    #expect((id.image == nil, id.text == nil) == (text.hasPrefix("-"), text.hasSuffix("-")))
  }

  @Test(
    "Text that is not a pair of ids is an error",
    arguments: [
      "", ".", "-", "-.", ".-", "-.-.-", "--.-", "\(a)", "\(a).", "\(a).\(b).-", "\(a.dropLast()).-",
      "\(a)0.-",
      "-.\(b.uppercased())", " -.-", "-.g\(a.dropFirst())",
    ])
  func refused(_ text: String) { #expect(SpaceID(text) == nil) }

  @Test("Spaces are compared by the ids that both sides have")
  func comparison() throws {
    let (a, b) = (Self.a, Self.b)
    #expect(try id("\(a).\(b)").compared(with: id("\(a).\(b)")) == .same)
    #expect(try id("\(a).-").compared(with: id("\(a).\(b)")) == .same)
    #expect(try id("\(a).\(b)").compared(with: id("\(b).\(b)")) == .different)
    #expect(try id("\(a).-").compared(with: id("-.\(b)")) == .unknown)
  }
}
