import Foundation
import TestSupport
import Testing

@Suite("inspect --explain")
struct ExplainTests {
  @Test("shows the bytes around the offset below the error line, with the invalid byte marked")
  func brokenFile() throws {
    let folder = try TemporaryFolder()
    let fixture = URL(filePath: Tool.fixture("malformed/gguf/type-99.gguf"))
    let path = try folder.write(try Data(contentsOf: fixture), to: "type-99.gguf")
    let outcome = try Tool.run("inspect", "--explain", path)
    #expect(outcome.status == 65 && outcome.output.isEmpty)
    #expect(
      outcome.error == """
        pocketclip: \(path): unknown type of a GGUF tensor (99) at byte 89, in tensor x
          hint: convert the model again with a current tool, to F32 or F16
        160 bytes, in tensor x
        00000020  67 65 6e 65 72 61 6c 2e  61 72 63 68 69 74 65 63  |general.architec|
        00000030  74 75 72 65 08 00 00 00  04 00 00 00 00 00 00 00  |ture............|
        00000040  63 6c 69 70 01 00 00 00  00 00 00 00 78 01 00 00  |clip........x...|
        00000050  00 08 00 00 00 00 00 00  00 63 00 00 00 00 00 00  |.........c......|
                                              ^^ byte 89 (0x59): unknown type of a GGUF tensor (99)
        00000060  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|
        00000070  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|
        00000080  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|

        """)
  }

  @Test("with --json, the error object has code, position and the same lines")
  func asJSON() throws {
    let path = Tool.fixture("malformed/gguf/type-99.gguf")
    let object = try Tool.run("inspect", "--explain", path, "--json").json()
    let cause = try #require(object["cause"] as? [String: Any])
    #expect(cause["name"] as? String == "ggufTensorType" && cause["offset"] as? Int == 89)
    #expect(cause["places"] as? [String] == ["tensor x"] && cause["found"] as? String == "99")
    let window = try #require(object["window"] as? [String: Any])
    #expect(window["offset"] as? Int == 32 && window["file_byte_count"] as? Int == 160)
    #expect((window["lines"] as? [String])?.count == 8)
    let plain = try Tool.run("inspect", path, "--json").json()
    #expect(plain["window"] == nil && plain["cause"] != nil)
  }

  @Test("shows the invalid shard, not the index that lists it")
  func brokenShard() throws {
    let folder = try TemporaryFolder()
    let shard = "model-00002-of-00003.safetensors"
    for name in ["model-00001-of-00003.safetensors", "model-00003-of-00003.safetensors", shard] {
      var bytes = try Data(contentsOf: URL(filePath: Tool.fixture("valid/vit-sharded/\(name)")))
      if name == shard { bytes[10] = UInt8(ascii: "!") }
      try folder.write(bytes, to: name)
    }
    let index = "model.safetensors.index.json"
    let path = try folder.write(
      try Data(contentsOf: URL(filePath: Tool.fixture("valid/vit-sharded/\(index)"))), to: index)
    let outcome = try Tool.run("inspect", "--explain", path)
    let lines = outcome.error.split(separator: "\n")
    #expect(lines[0].contains("\(shard): ") && !lines[0].contains(index), "\(outcome.error)")
    #expect(lines.dropFirst().contains { $0.contains("^^ byte ") }, "\(outcome.error)")
  }

  @Test("says where the error is if it has no single byte position")
  func noOffset() throws {
    let outcome = try Tool.run(
      "inspect", "--explain", Tool.fixture("malformed/checkpoint/tensor-in-two-shards"))
    #expect(
      outcome.error.hasSuffix("\nthe error has no single byte position; it is in tensor x\n"),
      "\(outcome.error)")
    let empty = try Tool.run("inspect", "--explain", Tool.fixture("malformed/checkpoint/empty.pt"))
    #expect(empty.error.hasSuffix("\nthe error has no single byte position\n"), "\(empty.error)")
  }

  @Test("does not open files that were rejected before they were read")
  func device() throws {
    let outcome = try Tool.run("inspect", "--explain", "/dev/zero")
    #expect(
      outcome.status == 66 && outcome.error.hasSuffix("\nnothing was read, so there are no bytes to show\n"))
  }

  @Test(
    "lists the content of each range of a valid file",
    arguments: ["valid/vit.safetensors", "valid/vit-open-clip/open_clip_model.safetensors"])
  func soundFile(_ name: String) throws {
    let outcome = try Tool.run(
      "inspect", "--explain", Tool.fixture(name), "--activation", "gelu", "--json")
    let regions = try #require(try outcome.json()["regions"] as? [[String: Any]])
    var end = 0
    for region in regions {
      #expect(region["offset"] as? Int == end)
      end += region["byte_count"] as? Int ?? 0
    }
    #expect(end == (try Data(contentsOf: URL(filePath: Tool.fixture(name))).count))
    #expect(regions[0]["kind"] as? String == "structure")
    #expect(regions.contains { $0["kind"] as? String == "tensor" && $0["name"] != nil })
  }

  @Test("lists the members of a valid zip, some of which are tensors")
  func soundZip() throws {
    let outcome = try Tool.run("inspect", "--explain", Tool.fixture("minis/mini-vit.pt"))
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("  member ") && outcome.output.contains("/data.pkl\n"))
    #expect(outcome.output.contains("  tensor visual.proj\n") && outcome.output.contains("  structure\n"))
  }
}
