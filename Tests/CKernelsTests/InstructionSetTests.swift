import CKernels
import Foundation
import TestSupport
import Testing

/// pk_isa.h is the single list of instruction sets. Code that cannot be generated from it must agree with it.
@Suite("Instruction sets") struct InstructionSetTests {
  private static let names = (0..<UInt32(PK_ISA_COUNT)).map {
    String(cString: pk_isa_name(pk_isa(rawValue: $0)))
  }

  @Test("Each instruction set has a unique name")
  func namesAreUnique() {
    #expect(Self.names.first == "scalar" && Self.names.last == "i8mm")
    #expect(Set(Self.names).count == Self.names.count && !Self.names.contains(""))
    #expect(String(cString: pk_isa_name(pk_isa(rawValue: UInt32(PK_ISA_COUNT)))) == "")
  }

  @Test("A table has the name and identity that it is found by", arguments: KernelTable.all)
  func tables(table: KernelTable) {
    let isa = table.kernels.pointee.isa
    #expect(pk_kernels_for(isa) == table.kernels)
    #expect(table.name == Self.names[Int(isa.rawValue)])
  }

  @Test("pocketclip.h lists the names that PCLIP_ISA accepts")
  func header() throws {
    let header = try Repository.text("Sources/CPocketCLIP/include/pocketclip.h").replacing("\n * ", with: " ")
    let list = try #require(header.firstMatch(of: /PCLIP_ISA \((.*?); on Arm (.*?)\)/))
    let words = { (part: Substring) in part.split(separator: ", ").map(String.init) }
    let firstOfArm = Int(PK_ISA_NEON.rawValue)
    #expect(words(list.1) == Array(Self.names[..<firstOfArm]))
    #expect(words(list.2) == ["scalar"] + Self.names[firstOfArm...])
  }

  @Test(
    "Scripts and other languages only name existing instruction sets",
    arguments: [
      ("Scripts/check/check-isas.sh", #"\$work/isas-\w+" ((?:\w+ ?)+)\n"#),
      ("Scripts/check/conformance.sh", #"PCLIP_ISA=(\w+)"#),
      ("Python/src/pocketclip/_model.py", #"expected a name such as (\w+)""#),
    ])
  func otherLanguages(file: String, pattern: String) throws {
    let regex = try Regex(pattern, as: (Substring, Substring).self)
    let named = try Repository.text(file).matches(of: regex).flatMap {
      $0.1.split(separator: " ").map(String.init)
    }
    #expect(!named.isEmpty)
    #expect(named.filter { !Self.names.contains($0) } == [])
  }
}
