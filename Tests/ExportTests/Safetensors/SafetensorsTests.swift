import Architecture
import BundleFormat
import Export
import Foundation
import Models
import TensorTypes
import TestSupport
import Testing

/// Half a step of FP16's 11 significant bits.
private let halfRounding: Float = 0x1p-11

@Suite("Exported safetensors") struct SafetensorsTests {
  static let sources: [SourceModel] = [
    .miniViT, .miniRN, .head80, .rn, .textHidden, .imageProjected,
  ]

  @Test("An FP32 file read again holds every weight bit for bit", arguments: sources)
  func everyBit(_ source: SourceModel) throws {
    let folder = try TemporaryFolder()
    let model = try source.open()
    _ = try Exporter.run(ExportRequest(model: model, target: .safetensors, output: folder.file("a")))
    let again = try CLIPModel.open(folder.file("a"), options: options(of: model))
    #expect(try largestDifference(model, again) == 0)
  }

  @Test("FP16 rounds matrices to nearest and leaves norms, biases and positions unchanged")
  func halves() throws {
    let folder = try TemporaryFolder()
    var request = try ExportRequest(.miniViT, .safetensors, to: folder.file("a"))
    request.precision = .fp16
    _ = try Exporter.run(request)
    let again = try CLIPModel.open(folder.file("a"), options: options(of: request.model))
    for parameter in again.schema.parameters {
      let (a, b) = (try request.model.values(of: parameter), try again.values(of: parameter))
      switch parameter.role {
      case .linear, .projection, .convolution, .tokenTable:
        #expect(again.storedType(of: parameter) == .f16)
        #expect(zip(a, b).allSatisfy { abs($0 - $1) <= halfRounding * max(abs($0), 0x1p-14) })
      case .positions, .vector, .batchNorm, .logitScale, .logitBias:
        #expect(a == b && again.storedType(of: parameter) == .f32)
      }
    }
  }

  @Test("The same model gives the same bytes, with one thread and with two")
  func sameBytes() throws {
    let folder = try TemporaryFolder()
    for (name, threads) in [("a", 1), ("b", 2)] {
      var request = try ExportRequest(.miniRN, .safetensors, to: folder.file(name))
      request.threads = threads
      _ = try Exporter.run(request)
    }
    #expect(try folder.data("a") == folder.data("b"))
  }

  @Test("The file states its space, and the settings that tensor shapes do not determine")
  func statements() throws {
    let folder = try TemporaryFolder()
    let request = try ExportRequest(.miniViT, .safetensors, to: folder.file("a"))
    let exported = try Exporter.run(request)
    #expect(
      exported.notes.contains { $0.contains("--activation quickgelu, --heads 2,1") }, "\(exported.notes)")
    #expect(
      String(decoding: try folder.data("a").prefix(400), as: UTF8.self).contains(exported.spaceID.description)
    )
  }

  @Test("int8 is an error that says what to use instead")
  func int8() throws {
    let folder = try TemporaryFolder()
    var request = try ExportRequest(.miniViT, .safetensors, to: folder.file("a"))
    request.precision = .int8
    guard case .refused(let refusal) = exportError(request) else { return #expect(Bool(false)) }
    #expect(refusal.code == .precision && refusal.hint.contains("--to onnx"))
    #expect(folder.names.isEmpty)
  }
}
