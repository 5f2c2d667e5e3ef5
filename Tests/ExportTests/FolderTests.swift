import Architecture
import BundleFormat
import Export
import Foundation
import Models
import TestSupport
import Testing

/// Folders for transformers and open_clip, read again by PocketCLIP's own reader.
@Suite("Exported folders") struct FolderTests {
  static let huggingFace: [SourceModel] = [.miniViT, .head80, .textHidden, .imageProjected]
  static let openCLIP: [SourceModel] = [.miniViT, .miniRN, .head80, .rn, .sigmoid]

  @Test(
    "A Hugging Face folder read again is the same model, bit for bit and without options",
    arguments: huggingFace)
  func huggingFaceEveryBit(_ source: SourceModel) throws { try expectSameModel(source, .huggingFace) }

  @Test(
    "An open_clip folder read again is the same model, bit for bit and without options", arguments: openCLIP)
  func openCLIPEveryBit(_ source: SourceModel) throws { try expectSameModel(source, .openCLIP) }

  private func expectSameModel(_ source: SourceModel, _ target: ExportTarget) throws {
    let folder = try TemporaryFolder()
    let model = try source.open()
    let request = ExportRequest(model: model, target: target, output: folder.file("out"))
    let exported = try Exporter.run(request)
    let again = try CLIPModel.open(folder.file("out"))
    #expect(again.architecture == model.architecture)
    #expect(try again.score() == model.score())
    #expect(try largestDifference(model, again) == 0)
    #expect(try SpaceID(of: again) == exported.spaceID)
    #expect(again.tokenizer == model.tokenizer)
    #expect(again.preprocessing?.mean == model.preprocessing?.mean)
    #expect(again.preprocessing?.resize == model.preprocessing?.resize)
    #expect(folder.names == ["out"])
  }

  @Test(
    "A vocabulary of other words, with OpenAI's size, is not accepted as OpenAI's",
    arguments: ["vocab.json", "merges.txt"])
  func otherWords(_ file: String) throws {
    let folder = try TemporaryFolder()
    let model = try SourceModel.miniViT.open()
    _ = try Exporter.run(ExportRequest(model: model, target: .huggingFace, output: folder.file("out")))
    let path = folder.file("out") + "/" + file
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let swapped =
      file == "vocab.json"
      ? text.replacing("\"cat</w>\"", with: "\"chat</w>x\"") : text.replacing("c at</w>", with: "c hat</w>")
    try #require(swapped != text)
    try swapped.write(toFile: path, atomically: true, encoding: .utf8)
    let changed = try CLIPModel.open(folder.file("out"))
    #expect(changed.tokenizer == .none)
    #expect(changed.notes.contains { $0.contains(file) && $0.contains("not OpenAI's") }, "\(changed.notes)")
  }

  @Test(
    "A token added to OpenAI's makes another tokenizer", arguments: ["added_tokens.json", "tokenizer.json"])
  func addedToken(_ file: String) throws {
    let folder = try TemporaryFolder()
    let model = try SourceModel.miniViT.open()
    _ = try Exporter.run(ExportRequest(model: model, target: .huggingFace, output: folder.file("out")))
    let path = folder.file("out") + "/" + file
    var json: [String: Any] = ["cat": 1481]
    if file == "tokenizer.json" {
      let old = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: path)))
      json = try #require(old as? [String: Any])
      let added = try #require(json["added_tokens"] as? [[String: Any]])
      json["added_tokens"] = added + [["id": 1481, "content": "cat"]]
    }
    try JSONSerialization.data(withJSONObject: json).write(to: URL(filePath: path))
    let changed = try CLIPModel.open(folder.file("out"))
    #expect(changed.tokenizer == .none)
    #expect(changed.notes.contains { $0.contains("the added token \"cat\"") }, "\(changed.notes)")
  }

  @Test(
    "An export notes how open_clip computes pixels differently", arguments: [ExportTarget.openCLIP, .onnx])
  func pixelsOfOpenCLIP(_ target: ExportTarget) throws {
    var preprocessing = try #require(try SourceModel.miniViT.open().preprocessing)
    for conversion in Preprocessing.ColorConversion.allCases {
      preprocessing.conversion = conversion
      var options = ModelOptions()
      options.preprocessing = .exactly(preprocessing)
      let model = try CLIPModel.open(SourceModel.miniViT.location, options: options)
      let folder = try TemporaryFolder()
      let exported = try Exporter.run(ExportRequest(model: model, target: target, output: folder.file("out")))
      let isNamed = exported.notes.contains { $0.contains("differ in their pixels") }
      #expect(isNamed == (conversion == .beforeResize), "\(exported.notes)")
    }
  }

  @Test("A shorter edge larger than the crop is kept if the target can state it, otherwise an error")
  func resizeEdge() throws {
    var options = ModelOptions()
    var preprocessing = try #require(try SourceModel.miniViT.open().preprocessing)
    (preprocessing.resizeEdge, preprocessing.conversion) = (80, .beforeResize)
    options.preprocessing = .exactly(preprocessing)
    let folder = try TemporaryFolder()
    let model = try CLIPModel.open(SourceModel.miniViT.location, options: options)
    _ = try Exporter.run(ExportRequest(model: model, target: .huggingFace, output: folder.file("out")))
    #expect(try CLIPModel.open(folder.file("out")).preprocessing?.resizeEdge == 80)
    for target in [ExportTarget.openCLIP, .onnx] {
      let error = exportError(ExportRequest(model: model, target: target, output: folder.file("other")))
      guard case .refused(let refusal) = error else {
        Issue.record("\(target.identifier): \(String(describing: error))")
        continue
      }
      #expect(refusal.code == .resizeEdge)
    }
  }

  @Test(
    "The resize backend is kept if the target can state it, otherwise an error",
    arguments: Preprocessing.Backend.allCases)
  func resizeBackend(_ backend: Preprocessing.Backend) throws {
    var options = ModelOptions()
    var preprocessing = try #require(try SourceModel.miniViT.open().preprocessing)
    (preprocessing.backend, preprocessing.conversion) = (backend, .beforeResize)
    preprocessing.interpolation = .bilinear
    options.preprocessing = .exactly(preprocessing)
    let folder = try TemporaryFolder()
    let model = try CLIPModel.open(SourceModel.miniViT.location, options: options)
    let statable: Set<ExportTarget> =
      switch backend {
      case .pillow: [.safetensors, .huggingFace, .openCLIP, .onnx]
      case .torchvision: [.safetensors, .huggingFace]
      case .torchvisionFloat: [.safetensors]
      }
    for target in ExportTarget.all {
      let output = folder.file(target.identifier)
      let error = exportError(ExportRequest(model: model, target: target, output: output))
      guard !statable.contains(target) else {
        #expect(error == nil)
        continue
      }
      guard case .refused(let refusal) = error else {
        Issue.record("\(target.identifier): \(String(describing: error))")
        continue
      }
      #expect(refusal.code == .resizeBackend)
    }
    guard statable.contains(.huggingFace) else { return }
    let again = try CLIPModel.open(folder.file("huggingface"))
    #expect(again.preprocessing?.backend == backend)
    #expect(again.decisions.contains { $0.field == "preprocessing.backend" && $0.source == .configuration })
  }

  @Test("Compositing on white is kept if the target can state it, otherwise an error")
  func alpha() throws {
    var options = ModelOptions()
    var preprocessing = try #require(try SourceModel.miniViT.open().preprocessing)
    (preprocessing.alpha, preprocessing.conversion) = (.white, .beforeResize)
    options.preprocessing = .exactly(preprocessing)
    let folder = try TemporaryFolder()
    let model = try CLIPModel.open(SourceModel.miniViT.location, options: options)
    for target in ExportTarget.all {
      let error = exportError(
        ExportRequest(model: model, target: target, output: folder.file(target.identifier)))
      guard ![.safetensors, .huggingFace].contains(target) else {
        #expect(error == nil)
        continue
      }
      guard case .refused(let refusal) = error else {
        Issue.record("\(target.identifier): \(String(describing: error))")
        continue
      }
      #expect(refusal.code == .alpha && refusal.hint.contains("--alpha drop"))
    }
    let again = try CLIPModel.open(folder.file("huggingface"))
    #expect(again.preprocessing?.alpha == .white)
    #expect(again.decisions.contains { $0.field == "preprocessing.alpha" && $0.source == .configuration })
  }

  @Test("Two towers from two files make one folder")
  func halves() throws {
    let folder = try TemporaryFolder()
    let text = SourceModel(path: "valid/vit-hugging-face-text-projection")
    let model = try CLIPModel.open(
      [SourceModel.imageProjected.location, text.location], options: SourceModel.imageProjected.options)
    let exported = try Exporter.run(
      ExportRequest(model: model, target: .huggingFace, output: folder.file("out")))
    let whole = try CLIPModel.open(folder.file("out"))
    #expect(whole.architecture == model.architecture && whole.scoreKind == .softmax)
    #expect(
      model.scoreKind != nil || exported.notes.contains { $0.contains("no logit scale") }, "\(exported.notes)"
    )
  }

  @Test(
    "A sigmoid's bias is in the tensor file, and in the metadata and a note of graphs, which end at embeddings"
  )
  func sigmoid() throws {
    let folder = try TemporaryFolder()
    let model = try SourceModel.sigmoid.open()
    _ = try Exporter.run(
      ExportRequest(model: model, target: .safetensors, output: folder.file("m.safetensors")))
    let again = try CLIPModel.open(folder.file("m.safetensors"), options: options(of: model))
    #expect(try again.score() == model.score() && model.score() != nil)
    let exported = try Exporter.run(ExportRequest(model: model, target: .onnx, output: folder.file("onnx")))
    #expect(exported.notes.contains { $0.contains("logit_bias") }, "\(exported.notes)")
    for tower in ["visual", "textual"] {
      let graph = try folder.data("onnx/\(tower)/model.onnx")
      for text in ["pocketclip.logit_scale", "4.59375", "pocketclip.logit_bias", "-12.5"] {
        #expect(graph.range(of: Data(text.utf8)) != nil, "\(tower): \(text)")
      }
    }
    var half = ModelOptions()
    half.tower = .text
    let text = try CLIPModel.open(SourceModel.sigmoid.location, options: half)
    let tower = try Exporter.run(
      ExportRequest(model: text, target: .huggingFace, output: folder.file("text")))
    #expect(tower.notes.contains { $0.contains("bias") }, "\(tower.notes)")
    #expect(try CLIPModel.open(folder.file("text")).scoreKind == nil)
  }

  @Test(
    "The same model gives the same bytes, with one thread and with two",
    arguments: [ExportTarget.huggingFace, .openCLIP, .onnx])
  func sameBytes(_ target: ExportTarget) throws {
    let folder = try TemporaryFolder()
    for (name, threads) in [("a", 1), ("b", 2)] {
      var request = try ExportRequest(.miniViT, target, to: folder.file(name))
      request.threads = threads
      request.precision = target == .onnx ? .int8 : .fp16
      _ = try Exporter.run(request)
    }
    #expect(try folder.tree("a") == folder.tree("b"))
  }

  @Test("A model that a target cannot represent is an error with what it can, and nothing is written")
  func refusals() throws {
    let folder = try TemporaryFolder()
    let cases: [(SourceModel, ExportTarget, ExportRefusal.Code, String)] = [
      (.miniRN, .huggingFace, .resNet, "--to open-clip"),
      (.hidden, .huggingFace, .projections, "--to onnx"),
      (.textHidden, .openCLIP, .halfModel, "--to huggingface"),
      (.hidden, .openCLIP, .projections, "--to onnx"),
      (.sigmoid, .huggingFace, .score, "--to open-clip"),
    ]
    for (source, target, code, remedy) in cases {
      let error = exportError(try ExportRequest(source, target, to: folder.file("out")))
      guard case .refused(let refusal) = error else {
        Issue.record("\(source.path) for \(target.identifier): \(String(describing: error))")
        continue
      }
      #expect(refusal.code == code && refusal.hint.contains(remedy), "\(refusal)")
      #expect(!refusal.description.contains("\n"))
    }
    #expect(folder.names.isEmpty)
  }
}
