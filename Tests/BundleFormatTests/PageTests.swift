import Architecture
import BundleFormat
import Foundation
import TestSupport
import Testing

/// docs/BUNDLE.md and the schema describe what the code does.
@Suite("docs/BUNDLE.md") struct PageTests {
  private func bundle(_ name: String) throws -> [UInt8] {
    try Fixture.bytes("valid/bundle/\(name)")
  }

  /// `PCLIP_BLESS=1` writes the dump to the page.
  @Test("The page's worked example equals the fixture")
  func theWorkedExampleIsTheFixture() throws {
    let bytes = try bundle("least-int8.pclip")
    let header = try BundleHeader(file: bytes.span.bytes)
    var lines = ["the header's length, and how it begins"]
    lines += dump(bytes, 0..<160)
    lines += ["…", "how it ends"] + dump(bytes, header.byteCount - 96..<header.byteCount)
    for name in ["logit_scale", "visual.proj", "visual.proj.scale", "visual.proj.exponent"] {
      let tensor = try #require(header.tensors.first { $0.name.utf8 == Array(name.utf8) })
      lines += ["…", name] + dump(bytes, tensor.byteOffset..<tensor.byteOffset + 64)
    }
    let url = Repository.url("docs/BUNDLE.md")
    let page = try String(contentsOf: url, encoding: .utf8)
    let block = "```hexdump\n" + lines.joined(separator: "\n") + "\n```"
    if ProcessInfo.processInfo.environment["PCLIP_BLESS"] == "1" {
      let start = try #require(page.range(of: "```hexdump\n"))
      let end = try #require(page.range(of: "```", range: start.upperBound..<page.endIndex))
      try page.replacingCharacters(in: start.lowerBound..<end.upperBound, with: block)
        .write(to: url, atomically: true, encoding: .utf8)
    }
    let written = try String(contentsOf: url, encoding: .utf8)
    #expect(written.contains(block))
    let (length, start) = (hex(header.byteCount - 8), hex(header.byteCount))
    #expect(written.contains("header's length is \(length), so the tensors start at \(start)"))
  }

  private func hex(_ count: Int) -> String { "0x" + String(count, radix: 16, uppercase: true) }

  private func dump(_ bytes: [UInt8], _ range: Range<Int>) -> [String] {
    stride(from: range.lowerBound, to: range.upperBound, by: 16).map { start in
      let row = bytes[start..<min(start + 16, range.upperBound)]
      let hex = row.map { String(UInt32($0) + 0x100, radix: 16).dropFirst() }.joined(separator: " ")
      let text = String(decoding: row.map { (0x20...0x7E).contains($0) ? $0 : 0x2E }, as: UTF8.self)
      let address =
        String(repeating: "0", count: 6 - String(start, radix: 16).count) + String(start, radix: 16)
      return "\(address)  \(hex)  \(text)"
    }
  }

  /// Compares keys and values. docs/BUNDLE.md covers what the schema language cannot express.
  @Test(
    "The JSON schema describes the metadata of real bundles",
    arguments: ["vit-fp32.pclip", "vit-int8.pclip", "rn-fp16.pclip", "text-int8.pclip", "least-int8.pclip"])
  func theSchemaDescribesRealMetadata(name: String) throws {
    let metadata = try SafetensorsParts(Data(bundle(name))).metadata
    let schema = try jsonObject(Data(contentsOf: Repository.url("Schemas/bundle-metadata.schema.json")))
    let properties = try #require(schema["properties"] as? [String: [String: Any]])
    let patterns = try #require(schema["patternProperties"] as? [String: [String: Any]])
    for (key, value) in metadata {
      let rule = try properties[key] ?? #require(patterns.first { matches(key, $0.key) }?.value, "\(key)")
      #expect(allows(value, rule), "\(key): \(value)")
    }
    #expect(requiredKeys(schema, metadata).isSubset(of: metadata.keys))
  }

  /// A field that is missing in the schema, or that no bundle has, is an error.
  @Test("The JSON schema lists the fields of the page")
  func theSchemaListsTheFieldsOfThePage() throws {
    let page = try Repository.text("docs/BUNDLE.md")
    let schema = try jsonObject(Data(contentsOf: Repository.url("Schemas/bundle-metadata.schema.json")))
    let properties = try #require(schema["properties"] as? [String: Any])
    var keys: Set<String> = []
    for name in ["vit-int8.pclip", "rn-int8.pclip"] {
      let metadata = try SafetensorsParts(Data(bundle(name))).metadata
      keys.formUnion(metadata.keys.filter { !$0.hasPrefix("sha256.") })
    }
    #expect(keys == Set(properties.keys))
    let abbreviated: Set<String> = [
      "image.blocks.2", "image.blocks.3", "image.blocks.4", "fidelity.image.exact", "fidelity.text.exact",
    ]
    for key in keys.subtracting(abbreviated) { #expect(page.contains("| `\(key)`"), "\(key)") }
  }

  private func allows(_ value: String, _ rule: [String: Any]) -> Bool {
    if let only = rule["const"] as? String { return value == only }
    if let choices = rule["enum"] as? [String] { return choices.contains(value) }
    if let pattern = rule["pattern"] as? String { return matches(value, pattern) }
    return false
  }

  private func matches(_ text: String, _ pattern: String) -> Bool {
    text.range(of: pattern, options: .regularExpression) != nil
  }

  /// `required`, plus that of the branches of `allOf` whose condition holds.
  private func requiredKeys(_ schema: [String: Any], _ metadata: [String: String]) -> Set<String> {
    var required = Set(schema["required"] as? [String] ?? [])
    for branch in schema["allOf"] as? [[String: Any]] ?? [] {
      let condition = (branch["if"] as? [String: Any])?["properties"] as? [String: [String: Any]] ?? [:]
      let holds = condition.allSatisfy { key, rule in metadata[key].map { allows($0, rule) } ?? false }
      let chosen = branch[holds ? "then" : "else"] as? [String: Any]
      required.formUnion(chosen?["required"] as? [String] ?? [])
    }
    return required
  }
}
