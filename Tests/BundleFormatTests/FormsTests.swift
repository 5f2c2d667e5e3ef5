import Architecture
import BundleFormat
import Foundation
import TestSupport
import Testing

/// Fixtures/runtime/vit-mixed.pclip has all forms in both towers. It was written from docs/BUNDLE.md alone.
@Suite("Forms of the matrices of an int8 tower") struct FormsTests {
  private static let file = Fixture.url("runtime/vit-mixed.pclip")

  @Test("Each letter is a form; dtypes, inputs and exponents follow from it")
  func forms() throws {
    let header = try BundleHeader(file: Array(Data(contentsOf: Self.file)).span.bytes)
    let cycle: [MatrixForm] = [.half, .nearest, .calibratedWide, .nearestWide, .calibrated]
    for (tower, forms) in [("visual.", header.description.imageForms), ("", header.description.textForms)] {
      let matrices = header.tensors.filter { tensor in
        guard tensor.name.description.hasPrefix("visual.") == !tower.isEmpty else { return false }
        return switch tensor.content {
        case .panels: true
        case .table: tensor.name.description == "token_embedding.weight"
        case .vector, .scale, .sum, .exponent, .batchNormScale, .batchNormBias, .scalar, .merges,
          .tokenizerTable, .selfTest,
          .selfTestTolerance, .extra:
          false
        }
      }
      #expect(forms == matrices.indices.map { cycle[$0 % cycle.count] })
      for (matrix, form) in zip(matrices, forms) {
        #expect(matrix.precision == form.precision, "\(matrix.name)")
        #expect(matrix.hasWideInputs == form.hasWideInputs, "\(matrix.name)")
      }
    }
    let names = Set(header.tensors.map(\.name.description))
    let consumer = "transformer.resblocks.1.attn.in_proj_weight"
    let tensor = header.tensors.first { $0.name.description == consumer }
    #expect(tensor?.precision == .fp16)
    #expect(names.contains("\(consumer).exponent") && !names.contains("\(consumer).scale"))
  }

  /// What replaces a text of the header, of the same length, and the rule that then fails.
  private static let changes: [(String, String, BundleRule)] = [
    (#""image.forms":"hn"#, #""image.forms":"xn"#, .fieldValue),
    (#""image.forms":"hn"#, #""image.forms":"nn"#, .tensorType),
    (#""image.forms":"hnC"#, #""image.forms":"hhC"#, .tensorType),
    (#""image.precision":"int8""#, #""image.precision":"fp16""#, .fieldsConsistent),
    (#""text.forms":"h"#, #""text.forms":"C"#, .fieldsConsistent),
    (#""text.forms":"h"#, #""text.forms":"N"#, .fieldsConsistent),
    (#""provenance.calibration":"random""#, #""provenance.calibration":"""#, .fieldsConsistent),
    (#"CN""#, #"C""#, .fieldsConsistent),
    (#"hnCNchnCNchnCN"#, #"nnnnnnnnnnnnnn"#, .fieldsConsistent),
    (#"hnCNchnCNchnCN"#, #"hnCNchnCNchnCNc"#, .fieldsConsistent),
  ]

  @Test(
    "Letters that are unknown, too few, too many, or that contradict the tensors, are errors",
    arguments: changes.indices)
  func contradictions(_ index: Int) throws {
    let (text, replacement, rule) = Self.changes[index]
    let bytes = try replacing(text, with: replacement)
    let fault = #expect(throws: BundleFault.self) { try BundleHeader(file: bytes.span.bytes) }
    #expect(fault?.rule == rule, "\(text) → \(replacement)")
  }

  /// The file with a text of the header replaced where it occurs first, and the header padded or cut to its length.
  private func replacing(_ text: String, with replacement: String) throws -> [UInt8] {
    let bytes = Array(try Data(contentsOf: Self.file))
    let end = 8 + (0..<8).reduce(0) { $0 + Int(bytes[$1]) << (8 * $1) }
    var header = String(decoding: bytes[8..<end], as: UTF8.self)
    let range = try #require(header.range(of: text), "\(text) is not in the header")
    let difference = text.utf8.count - replacement.utf8.count
    header.replaceSubrange(range, with: replacement)
    if difference < 0 {
      try #require(header.hasSuffix(String(repeating: " ", count: -difference)))
      header.removeLast(-difference)
    }
    header += String(repeating: " ", count: max(0, difference))
    return bytes[..<8] + Array(header.utf8) + bytes[end...]
  }
}
