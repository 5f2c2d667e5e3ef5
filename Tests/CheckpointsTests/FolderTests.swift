import Archives
import Checkpoints
import Foundation
import TensorTypes
import TestSupport
import Testing

@Suite("Folders, and files next to a file")
struct FolderTests {
  private func open(_ fixture: String) throws -> Checkpoint {
    try Checkpoint.open(Fixture.url("valid/" + fixture).path)
  }

  @Test(
    "the layout of a folder is recognised",
    arguments: [
      ("vit-hugging-face", CheckpointLayout.huggingFaceFolder), ("vit-open-clip", .openCLIPFolder),
      ("vit-sharded", .shards), ("vit-hub-cache/models--example--tiny-clip", .huggingFaceCache),
    ])
  func layouts(folder: String, layout: CheckpointLayout) throws {
    #expect(try open(folder).layout == layout)
  }

  @Test("a folder's configuration is evidence, with its origin")
  func folderEvidence() throws {
    let evidence = try open("vit-hugging-face").evidence
    #expect(evidence.huggingFaceConfig?.json["model_type"]?.stringValue == "clip")
    #expect(evidence.huggingFaceConfig?.origin == "config.json in the folder")
    #expect(evidence.preprocessorConfig != nil)
    #expect(try open("vit-open-clip").evidence.openCLIPConfig?.json["model_cfg"] != nil)
  }

  @Test("for a single file, the configuration next to it is found")
  func neighbourEvidence() throws {
    let evidence = try open("vit-hugging-face/model.safetensors").evidence
    #expect(evidence.huggingFaceConfig?.origin == "config.json beside the file")
  }

  @Test("a single index opens its shards")
  func indexAlone() throws {
    let alone = try open("vit-sharded/model.safetensors.index.json")
    let folder = try open("vit-sharded")
    #expect(alone.tensors.map(\.name) == folder.tensors.map(\.name))
    #expect(alone.files.count == 3)
  }

  @Test("the cache's model folder and its snapshot give the same tensors")
  func cacheEntry() throws {
    let cache = "vit-hub-cache/models--example--tiny-clip"
    let snapshots = try Folder.names(in: Fixture.url("valid/\(cache)/snapshots").path, limits: .standard)
    let snapshot = try open("\(cache)/snapshots/\(snapshots[0])")
    #expect(try open(cache).tensors.map(\.name) == snapshot.tensors.map(\.name))
  }

  @Test(
    "files without a CLIP's tensors, and variants of an existing file, are not candidates",
    arguments: ["optimizer.pt", "training_args.bin", "model.fp16.safetensors", "pytorch_model.bin"])
  func bystanders(_ name: String) throws {
    try withTemporaryFolder { folder in
      let model = Fixture.url("valid/vit.safetensors")
      try FileManager.default.copyItem(at: model, to: folder.appending(path: "model.safetensors"))
      let isVariant = name.hasSuffix("fp16.safetensors")
      // A PyTorch archive without a CLIP's tensors, like files of optimizers and arguments.
      let other = isVariant ? model : Fixture.url("malformed/pytorch-legacy/sparse-tensor.pt")
      try FileManager.default.copyItem(at: other, to: folder.appending(path: name))
      guard name != "pytorch_model.bin" else {
        // An unreadable file of a preferred name is reported.
        #expect(throws: ReadError.self) { try Checkpoint.open(folder.path) }
        return
      }
      let checkpoint = try Checkpoint.open(folder.path)
      #expect(checkpoint.files.map(\.name) == ["model.safetensors"])
      #expect(
        checkpoint.notes.contains { $0.contains("\(name) beside it were not read") }, "\(checkpoint.notes)")
    }
  }

  @Test(
    "two models in a folder are an error",
    arguments: [
      ("epoch_1.safetensors", "vit.safetensors"), ("clip.v2.safetensors", "vit.safetensors"),
      ("other.gguf", "vit-clip-cpp-f16.gguf"),
    ])
  func twoModels(_ other: String, _ fixture: String) throws {
    try withTemporaryFolder { folder in
      for (name, fixture) in [("clip.safetensors", "vit.safetensors"), (other, fixture)] {
        try FileManager.default.copyItem(
          at: Fixture.url("valid/\(fixture)"), to: folder.appending(path: name))
      }
      let error = try #require(throws: ReadError.self) { try Checkpoint.open(folder.path) }
      #expect(error.code == .severalCheckpoints)
    }
  }

  @Test(
    "an export in a folder onnx is found below the configuration, which also describes it as a single file")
  func exportFolder() throws {
    try withTemporaryFolder { folder in
      let source = Fixture.url("valid/vit-hugging-face-onnx")
      let onnx = folder.appending(path: "onnx")
      try FileManager.default.createDirectory(at: onnx, withIntermediateDirectories: true)
      for (name, target) in [("config.json", folder), ("model.onnx", onnx)] {
        try FileManager.default.copyItem(
          at: source.appending(path: name), to: target.appending(path: name))
      }
      let whole = try Checkpoint.open(folder.path)
      #expect(
        whole.format == .onnx && whole.evidence.huggingFaceConfig?.origin == "config.json in the folder")
      let alone = try Checkpoint.open(onnx.appending(path: "model.onnx").path)
      #expect(alone.evidence.huggingFaceConfig?.origin == "config.json above the file")
      let weights = folder.appending(path: "model.safetensors")
      try FileManager.default.copyItem(at: Fixture.url("valid/vit.safetensors"), to: weights)
      #expect(try Checkpoint.open(folder.path).format == .safetensors)
    }
  }

  @Test(
    "two graphs named as image and text tower are one model; any other two are an error",
    arguments: [
      ("visual/model.onnx", "textual/model.onnx", true), ("vision_model.onnx", "text_model.onnx", true),
      ("onnx/vision_model.onnx", "onnx/text_model.onnx", true),
      ("onnx/vision_model_fp16.onnx", "onnx/text_model_fp16.onnx", true), ("a.onnx", "b.onnx", false),
    ])
  func halves(_ image: String, _ text: String, areOne: Bool) throws {
    try withTemporaryFolder { folder in
      try copy("vit-hugging-face-image-onnx/model.onnx", to: folder, as: image)
      try copy("vit-hugging-face-text-onnx/model.onnx", to: folder, as: text)
      try copy("vit-hugging-face-image-onnx/config.json", to: folder, as: "config.json")
      guard areOne else {
        #expect(throws: ReadError.self) { try Checkpoint.open(folder.path) }
        return
      }
      let checkpoint = try Checkpoint.open(folder.path)
      #expect(checkpoint.files.count == 2 && checkpoint.evidence.huggingFaceConfig != nil)
      let names = Set(checkpoint.tensors.map(\.name))
      #expect(
        names.isSuperset(of: [
          "vision_model.embeddings.class_embedding", "text_model.embeddings.token_embedding.weight",
        ]))
      #expect(checkpoint.evidence.graph?.image.heads != nil && checkpoint.evidence.graph?.text.heads != nil)
    }
  }

  @Test("open_clip's configuration next to exported graphs is recognised")
  func exportedConfiguration() throws {
    try withTemporaryFolder { folder in
      try copy("vit-hugging-face-image-onnx/model.onnx", to: folder, as: "visual/model.onnx")
      let files = [
        ("config.json", #"{"embed_dim": 8, "vision_cfg": {}, "text_cfg": {}}"#),
        ("visual/preprocess_cfg.json", #"{"size": [8, 8], "interpolation": "bilinear"}"#),
      ]
      for (name, text) in files { try Data(text.utf8).write(to: folder.appending(path: name)) }
      let evidence = try Checkpoint.open(folder.path).evidence
      #expect(evidence.huggingFaceConfig == nil)
      #expect(evidence.openCLIPConfig?.json["model_cfg"]?["embed_dim"]?.integerValue == 8)
      #expect(evidence.openCLIPPreprocessing?.json["interpolation"]?.stringValue == "bilinear")
    }
  }

  @Test(
    "the only model one folder down is read, with the configuration next to it; two are listed",
    arguments: ["checkpoint-500", "0_CLIPModel", "text_encoder"])
  func oneFolderDown(_ name: String) throws {
    try withTemporaryFolder { folder in
      try copy("vit-hugging-face/model.safetensors", to: folder, as: name + "/model.safetensors")
      try copy("vit-hugging-face/config.json", to: folder, as: name + "/config.json")
      // Other parts of a pipeline, which are not a CLIP.
      try copy("../malformed/pytorch-legacy/sparse-tensor.pt", to: folder, as: "unet/diffusion.bin")
      try Data("{}".utf8).write(to: folder.appending(path: "model_index.json"))
      let checkpoint = try Checkpoint.open(folder.path)
      #expect(checkpoint.evidence.huggingFaceConfig != nil && checkpoint.tensors.count > 20)
      #expect(checkpoint.notes.contains("read the model in the folder \(name)"))
      try copy("vit.safetensors", to: folder, as: "safety_checker/model.safetensors")
      let error = try #require(throws: ReadError.self) { try Checkpoint.open(folder.path) }
      #expect(error.code == .severalCheckpoints && error.found?.contains("/safety_checker") == true)
    }
  }

  @Test("one shard is not accepted as the model, even if it holds a complete tower")
  func oneShard() throws {
    try withTemporaryFolder { folder in
      let name = "model-00002-of-00003.safetensors"
      try copy("vit-hugging-face-text-projection/model.safetensors", to: folder, as: name)
      for path in [folder.path, folder.appending(path: name).path] {
        let error = #expect(throws: ReadError.self) { try Checkpoint.open(path) }
        #expect(error?.code == .oneOfSeveralShards)
      }
      let single = folder.appending(path: "model-00001-of-00001.safetensors")
      try FileManager.default.moveItem(at: folder.appending(path: name), to: single)
      #expect(throws: Never.self) { try Checkpoint.open(single.path) }
    }
  }

  @Test("a sentence-transformers pipeline with a layer after the CLIP is not a CLIP")
  func sentenceTransformers() throws {
    try withTemporaryFolder { folder in
      try copy("vit-hugging-face/model.safetensors", to: folder, as: "0_CLIPModel/model.safetensors")
      let modules = folder.appending(path: "modules.json")
      let clip = #"{"idx": 0, "path": "0_CLIPModel", "type": "sentence_transformers.models.CLIPModel"}"#
      try Data("[\(clip)]".utf8).write(to: modules)
      #expect(try Checkpoint.open(folder.path).tensors.count > 20)
      let dense = #"{"idx": 1, "path": "1_Dense", "type": "sentence_transformers.models.Dense"}"#
      try Data("[\(clip),\(dense)]".utf8).write(to: modules)
      let error = #expect(throws: ReadError.self) { try Checkpoint.open(folder.path) }
      #expect(error?.code == .furtherModules && error?.found?.contains("Dense") == true)
    }
  }

  @Test("the tokenizer of a pipeline's text encoder is in the folder next to it")
  func pipelineTokenizer() throws {
    try withTemporaryFolder { folder in
      try copy("vit-hugging-face/model.safetensors", to: folder, as: "text_encoder/model.safetensors")
      let tokenizer = folder.appending(path: "tokenizer")
      try FileManager.default.createDirectory(at: tokenizer, withIntermediateDirectories: true)
      for name in ["vocab.json", "tokenizer_config.json"] {
        try Data("{}".utf8).write(to: tokenizer.appending(path: name))
      }
      for path in [folder.path, folder.appending(path: "text_encoder").path] {
        let evidence = try Checkpoint.open(path).evidence
        #expect(evidence.tokenizerFiles.map(\.name) == ["vocab.json"] && evidence.tokenizerConfig != nil)
      }
    }
  }

  @Test("--variant selects the variant of the weights, and is an error if it does not exist")
  func variants() throws {
    try withTemporaryFolder { folder in
      for name in ["model.safetensors", "model.fp16.safetensors"] {
        try copy("vit.safetensors", to: folder, as: name)
      }
      func file(_ variant: String?) throws -> String? {
        try Checkpoint.open(folder.path, taking: Selection(variant: variant)).files.first?.name
      }
      #expect(try file(nil) == "model.safetensors")
      #expect(try file("fp16") == "model.fp16.safetensors")
      #expect(throws: ReadError.self) { try file("bf16") }
      let single = folder.appending(path: "model.safetensors").path
      #expect(throws: ReadError.self) { try Checkpoint.open(single, taking: Selection(variant: "fp16")) }
    }
  }

  private func copy(_ fixture: String, to folder: URL, as name: String) throws {
    let target = folder.appending(path: name)
    try FileManager.default.createDirectory(
      at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: Fixture.url("valid/" + fixture), to: target)
  }

  @Test("of two containers of the same weights, the preferred one is read and the other reported")
  func preferredDuplicate() throws {
    try withTemporaryFolder { folder in
      let source = Fixture.url("valid/vit.safetensors")
      let pickle = Fixture.url("valid/vit-state-dict-2.13.pt")
      try FileManager.default.copyItem(at: source, to: folder.appending(path: "model.safetensors"))
      try FileManager.default.copyItem(at: pickle, to: folder.appending(path: "pytorch_model.bin"))
      let checkpoint = try Checkpoint.open(folder.path)
      #expect(checkpoint.files.map(\.name) == ["model.safetensors"])
      #expect(checkpoint.notes.contains { $0.contains("pytorch_model.bin") })
    }
  }

  @Test("a licence in a model card is evidence, with its origin")
  func licenceInCard() throws {
    try withTemporaryFolder { folder in
      let source = Fixture.url("valid/vit.safetensors")
      try FileManager.default.copyItem(at: source, to: folder.appending(path: "model.safetensors"))
      let card = "---\nlicense: mit\ntags:\n- clip\nauthor: \"A. Nonymous\"\n---\n# Model\n"
      try Data(card.utf8).write(to: folder.appending(path: "README.md"))
      let evidence = try Checkpoint.open(folder.path).evidence
      #expect(evidence.licence == Statement(text: "mit", origin: "README.md"))
      #expect(evidence.attribution?.text == "A. Nonymous")
    }
  }

  @Test(
    "an invalid neighbour of a single file is skipped with a note; in the model's own folder it is an error"
  )
  func brokenNeighbour() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "model.safetensors")
      try FileManager.default.copyItem(at: Fixture.url("valid/vit.safetensors"), to: path)
      try Data("{".utf8).write(to: folder.appending(path: "config.json"))
      let checkpoint = try Checkpoint.open(path.path)
      #expect(checkpoint.evidence.huggingFaceConfig == nil)
      #expect(checkpoint.notes.contains { $0.hasPrefix("config.json beside the file is not used") })
      #expect(throws: ReadError.self) { _ = try Checkpoint.open(folder.path) }
    }
  }

  @Test("a valid bundle next to a model makes two models; a truncated bundle is ignored")
  func bundleBesideModel() throws {
    try withTemporaryFolder { folder in
      let bundle = folder.appending(path: "other.pclip")
      try FileManager.default.copyItem(
        at: Fixture.url("valid/vit.safetensors"), to: folder.appending(path: "vit.safetensors"))
      try FileManager.default.copyItem(at: Fixture.url("runtime/vit-int8.pclip"), to: bundle)
      #expect(throws: ReadError.self) { try Checkpoint.open(folder.path) }
      try Data(contentsOf: bundle).dropLast(64).write(to: bundle)
      let checkpoint = try Checkpoint.open(folder.path)
      #expect(checkpoint.format == .safetensors)
      #expect(checkpoint.notes == ["read vit.safetensors; other.pclip beside it were not read"])
    }
  }

  @Test("the file name is ignored: weights of one format with another's extension are read")
  func misleadingName() throws {
    try withTemporaryFolder { folder in
      let path = folder.appending(path: "weights.h5")
      try FileManager.default.copyItem(at: Fixture.url("valid/vit.safetensors"), to: path)
      #expect(try Checkpoint.open(path.path).format == .safetensors)
    }
  }
}
