import BundleWriter
import Export
import Foundation
import Output
import TestSupport
import Testing

@Suite("Exports appear complete or not at all") struct AtomicityTests {
  @Test("An existing file is kept unless it may be replaced")
  func existingFile() throws {
    let folder = try TemporaryFolder()
    try Data("mine".utf8).write(to: URL(filePath: folder.file("a")))
    var request = try ExportRequest(.miniRN, .safetensors, to: folder.file("a"))
    #expect(outputError(request)?.code == .exists)
    #expect(try folder.data("a") == Data("mine".utf8))
    request.replacesExisting = true
    _ = try Exporter.run(request)
    #expect(try folder.data("a").count > 1000)
    #expect(folder.names == ["a"])
  }

  @Test(
    "The folder of an earlier export is kept unless it may be replaced; it is then replaced completely")
  func existingExport() throws {
    let folder = try TemporaryFolder()
    _ = try Exporter.run(ExportRequest(.miniViT, .huggingFace, to: folder.file("a")))
    var request = try ExportRequest(.miniRN, .onnx, to: folder.file("a/"))
    #expect(outputError(request)?.code == .folderExists)
    request.replacesExisting = true
    _ = try Exporter.run(request)
    let names = try folder.tree("a").keys
    #expect(names.contains("visual/model.onnx") && !names.contains("model.safetensors"))
    #expect(folder.names == ["a"])
  }

  @Test("A folder with other files is never replaced; an empty folder is used")
  func foreignFolder() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.createDirectory(
      atPath: folder.file("a/visual"), withIntermediateDirectories: true)
    try Data("mine".utf8).write(to: URL(filePath: folder.file("a/visual/holiday.jpg")))
    var request = try ExportRequest(.miniRN, .onnx, to: folder.file("a"))
    request.replacesExisting = true
    let error = outputError(request)
    #expect(error?.code == .folderHoldsOthers && error?.description.contains("visual/holiday.jpg") == true)
    #expect(try folder.data("a/visual/holiday.jpg") == Data("mine".utf8))
    try FileManager.default.createDirectory(atPath: folder.file("b"), withIntermediateDirectories: false)
    _ = try Exporter.run(ExportRequest(.miniRN, .openCLIP, to: folder.file("b")))
    #expect(folder.names == ["a", "b"])
  }

  @Test("A folder written by transformers is never replaced, although an export uses the same names")
  func foreignModel() throws {
    let folder = try TemporaryFolder()
    try FileManager.default.copyItem(
      atPath: Fixture.url("valid/vit-hugging-face").path(), toPath: folder.file("a"))
    let before = try folder.tree("a")
    var request = try ExportRequest(.miniRN, .onnx, to: folder.file("a"))
    request.replacesExisting = true
    let error = outputError(request)
    #expect(error?.code == .folderHoldsOthers, "\(error?.description ?? "none")")
    #expect(try folder.tree("a") == before)
    #expect(folder.names == ["a"])
  }

  @Test("The checkpoint itself and its folder are never replaced")
  func source() throws {
    let folder = try TemporaryFolder()
    _ = try Exporter.run(ExportRequest(.rn, .safetensors, to: folder.file("a")))
    _ = try Exporter.run(ExportRequest(.rn, .openCLIP, to: folder.file("b")))
    let copies: [(String, ExportTarget)] = [("a", .safetensors), ("b", .openCLIP)]
    for (name, target) in copies {
      let copy = SourceModel(path: folder.file(name), options: options(of: try SourceModel.rn.open()))
      var request = try ExportRequest(copy, target, to: folder.file(name))
      request.replacesExisting = true
      #expect(outputError(request)?.code == .isSource)
    }
  }

  @Test("Leftovers of an interrupted run are removed", arguments: [ExportTarget.safetensors, .onnx])
  func leftover(_ target: ExportTarget) throws {
    let folder = try TemporaryFolder()
    let partial = folder.file(".a.pclip-partial")
    if target.isFolder {
      try FileManager.default.createDirectory(
        atPath: partial + "/visual", withIntermediateDirectories: true)
    } else {
      try Data("half".utf8).write(to: URL(filePath: partial))
    }
    _ = try Exporter.run(ExportRequest(.miniRN, target, to: folder.file("a")))
    #expect(folder.names == ["a"])
  }

  @Test("A missing or forbidden output folder is reported before any work")
  func impossiblePlaces() throws {
    let folder = try TemporaryFolder()
    try Data("mine".utf8).write(to: URL(filePath: folder.file("file")))
    #expect(outputError(try ExportRequest(.miniRN, .onnx, to: folder.file("none/a")))?.code == .folderMissing)
    #expect(outputError(try ExportRequest(.miniRN, .onnx, to: folder.file("file")))?.code == .exists)
    #expect(outputError(try ExportRequest(.miniRN, .safetensors, to: folder.path))?.code == .isFolder)
    #expect(folder.names == ["file"])
  }

  @Test("A full disk leaves nothing", arguments: ExportTarget.all.map(\.identifier))
  func fullDisk(_ name: String) async throws {
    await #expect(processExitsWith: .success) { [name] in
      try limitFileSizes(to: 4096)
      guard let target = ExportTarget(identifier: name) else { exit(3) }
      let folder = try TemporaryFolder()
      let error = outputError(try ExportRequest(.miniViT, target, to: folder.file("a")))
      guard error?.code == .diskFull, error?.path == folder.file("a") else { exit(4) }
      exit(folder.names.isEmpty ? 0 : 5)
    }
  }
}
