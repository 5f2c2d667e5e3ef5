import Archives
import Checkpoints
import Foundation
import TestSupport
import Testing

/// `Fixtures/foreign`, written by each format's own library (make_foreign.py).
@Suite("Files of other programs")
struct ForeignFormatTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var file: String
    var code: ReadError.Code
    /// The name of the file's kind, and the beginning of the advice.
    var found: String
    var remedy: String

    init(_ file: String, _ found: String, _ remedy: String, code: ReadError.Code = .unsupportedFormat) {
      (self.file, self.code, self.found, self.remedy) = (file, code, found, remedy)
    }

    var testDescription: String { file }
  }

  private static let source = "give the PyTorch, safetensors or ONNX file"
  private static let tensorFlow = "give transformers' tf_model.h5"

  static let cases = [
    Case("openvino/openvino_model.xml", "OpenVINO IR", source),
    Case("openvino/openvino_model.bin", "weights of an OpenVINO IR", source),
    Case("network.mlmodel", "Core ML model", source),
    Case("package.mlpackage/Data/com.apple.CoreML/model.mlmodel", "Core ML model", source),
    Case("saved-model/saved_model.pb", "TensorFlow SavedModel", tensorFlow),
    Case("saved-model/variables/variables.index", "TensorFlow checkpoint", tensorFlow),
    Case("tensorflow/model.ckpt.index", "TensorFlow checkpoint", tensorFlow),
    Case(
      "distributed/__0_0.distcp", "shard of a PyTorch distributed checkpoint",
      "join the folder: python -m torch.distributed.checkpoint.format_utils dcp_to_torch FOLDER weights.pt"),
    Case(
      "zero-3.bin", "3 empty tensors, as DeepSpeed's ZeRO-3 leaves in place of weights",
      "in the training's checkpoint folder, run `python zero_to_fp32.py . OUTPUT`",
      code: .unsupportedTensorKind),
    Case("model.tflite", "TensorFlow Lite model", source),
    Case("model.ort", "ONNX Runtime's ORT model", "give the .onnx file"),
    Case("executorch.pte", "ExecuTorch program", source),
    Case("engine.plan", "TensorRT engine", source),
    Case("old-engine.plan", "TensorRT engine", source),
    Case(
      "program.pt2", "exported PyTorch program (torch.export.save)",
      "save its weights: torch.save(torch.export.load('program.pt2').state_dict, 'weights.pt')"),
    Case(
      "around.zip", "clip/ViT-B-32.pt", "unpack it with `unzip around.zip`, and give clip/ViT-B-32.pt",
      code: .checkpointInArchive),
    Case(
      "stored.zip", "clip/ViT-B-32.pt", "unpack it with `unzip stored.zip`, and give clip/ViT-B-32.pt",
      code: .checkpointInArchive),
    Case("photos.zip", "photos/a.txt", "save the checkpoint again", code: .zipMissingMember),
    Case("around.tar", "clip/ViT-B-32.pt", "unpack it, for example with `tar -xf`", code: .torchTarMembers),
    Case(
      "around.tar.gz",
      "gzip (a compressed file or tarball: unpack it first): a tar archive that begins with clip/ViT-B-32.pt",
      "unpack it with `tar -xzf around.tar.gz`, and give the file of weights in it"),
    Case(
      "weights.pt.gz", "gzip (a compressed file or tarball: unpack it first): one compressed file",
      "unpack it with `gunzip -k weights.pt.gz`, and give the result"),
    Case("weights.pt.bz2", "a compressed file", "unpack it with bunzip2", code: .notACheckpoint),
    Case("weights.pt.xz", "a compressed file", "unpack it with bunzip2", code: .notACheckpoint),
    Case(
      "model.py", "a text file that starts with import torch model = torch.load(\"ViT-B-32.pt\")",
      "give the file of weights, or the folder that holds it", code: .notACheckpoint),
    Case(
      "README.md", "a text file that starts with --- license: mit --- # CLIP — ViT-B/32",
      "give the file of weights, or the folder that holds it", code: .notACheckpoint),
    Case(
      "config.json", "a JSON file that starts with { \"model_type\": \"clip\" }",
      "give the file of weights beside it, or the folder of both", code: .notACheckpoint),
    Case(
      "denied.xml", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><C", "download the file itself",
      code: .htmlPage),
    Case("paper.pdf", "a PDF document", "give the file of weights", code: .notACheckpoint),
    Case(
      "../preprocessing/images/restart.jpg", "an image",
      "give images to a bundle: `pocketclip embed -m BUNDLE.pclip ", code: .notACheckpoint),
    Case(
      "../preprocessing/images/tiny.png", "an image",
      "give images to a bundle: `pocketclip embed -m BUNDLE.pclip ", code: .notACheckpoint),
    Case(
      "../preprocessing/images/lossy.webp", "an image",
      "give images to a bundle: `pocketclip embed -m BUNDLE.pclip ", code: .notACheckpoint),
  ]

  @Test("are identified by content, with what to supply instead", arguments: cases)
  func named(file: Case) throws {
    let error = try #require(throws: ReadError.self) {
      _ = try Checkpoint.open(Fixture.url("foreign/" + file.file).path)
    }
    #expect(error.code == file.code && error.found == file.found, "\(error)")
    #expect(error.hint.hasPrefix(file.remedy), "\(error.hint)")
  }

  @Test(
    "are identified if a folder holds nothing else",
    arguments: [
      Case("openvino", "weights of an OpenVINO IR", source),
      Case("package.mlpackage", "Core ML model", source),
      Case("saved-model", "TensorFlow SavedModel", tensorFlow),
      Case("tensorflow", "TensorFlow checkpoint", tensorFlow),
      Case(
        "distributed", "PyTorch distributed checkpoint",
        "join it: python -m torch.distributed.checkpoint.format_utils dcp_to_torch "),
    ])
  func folders(folder: Case) throws {
    let error = try #require(throws: ReadError.self) {
      _ = try Checkpoint.open(Fixture.url("foreign/" + folder.file).path)
    }
    #expect(error.code == folder.code && error.found == folder.found, "\(error)")
    #expect(error.hint.hasPrefix(folder.remedy), "\(error.hint)")
  }

  @Test("are identified with any name", arguments: ["model.tflite", "network.mlmodel", "program.pt2"])
  func renamed(name: String) throws {
    let bytes = [UInt8](try Fixture.data("foreign/" + name))
    let error = #expect(throws: ReadError.self) {
      _ = try Checkpoint.open(MappedFile(copying: bytes.span.bytes, path: "weights.bin"))
    }
    #expect(error?.code == .unsupportedFormat)
  }
}

@Suite("Published files") struct PublishedFileTests {
  @Test(
    "Files are known by their SHA-256, and an LFS pointer names the file it points to, with its size in MB")
  func pointers() throws {
    #expect(
      PublishedFile.name(ofSHA256: OfficialFile.all[7].sha256) == "OpenAI's ViT-L/14"
        && PublishedFile.name(ofSHA256: String(repeating: "0", count: 64)) == nil)
    let folder = try TemporaryFolder()
    let known = "a2bf730a0c7debf160f7a6b50b3aaf3703e7e88ac73de7a314903141db026dcb"
    for (oid, name) in [
      (known, "model.safetensors of openai/clip-vit-large-patch14"),
      (String(repeating: "0", count: 64), "not a file that we know"),
    ] {
      let text = "version https://git-lfs.github.com/spec/v1\noid sha256:\(oid)\nsize 1710540580\n"
      let path = try folder.write(Data(text.utf8), to: "\(oid).safetensors")
      do throws(ReadError) {
        _ = try Checkpoint.open(path)
        Issue.record("a pointer was opened")
      } catch {
        #expect(error.code == .gitLFSPointer && error.found == "a pointer to 1710.5 MB, \(name)")
      }
    }
  }
}
