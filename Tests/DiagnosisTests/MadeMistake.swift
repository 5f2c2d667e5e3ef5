import Architecture
import Diagnosis
import Foundation
import ImageFiles
import Models
import ReferenceForward
import TestSupport
import Testing
import Verification

/// A case of Fixtures/diagnose/manifest.json: vectors that an original library computed, with the true causes.
struct MadeMistake: Decodable, Sendable, CustomTestStringConvertible {
  var name, file, model, library: String
  var causes: [String]
  var images: [String]?
  var texts: String?
  var history: String?
  var also, options: [String]?

  var testDescription: String { name }

  private struct Manifest: Decodable { var cases: [MadeMistake] }

  static let all: [MadeMistake] = {
    let manifest = try? Fixture.decoded("diagnose/manifest.json", as: Manifest.self)
    return manifest?.cases ?? []
  }()

  /// What the engine finds.
  func diagnosis() throws -> Diagnosis {
    let model = try options == nil ? Self.minis[model]?.get() ?? CLIPModel.open(path) : opened()
    var diagnoser = Diagnoser(model: model, given: try vectors(), inputs: try inputs())
    if let texts = also?.last { diagnoser.otherInputs = .texts(try Self.lines(texts)) }
    diagnoser.reference = .underTest
    return try diagnoser.run()
  }

  private var path: String { Fixture.url(model).path() }

  /// Opening compares checksums, which takes as long as a diagnosis.
  private static let minis = Dictionary(
    uniqueKeysWithValues: ["minis/mini-vit.pt", "minis/mini-rn.pt"].map { path in
      (path, Result { try CLIPModel.open(Fixture.url(path).path()) })
    })

  /// The model with the case's options.
  private func opened() throws -> CLIPModel {
    var options = ModelOptions()
    for (option, value) in zip(self.options ?? [], (self.options ?? []).dropFirst()) {
      if option == "--preprocess" { options.preprocessing = .file(path: Fixture.url(value).path()) }
      if option == "--resize-backend" { options.resizeBackend = value == "pillow" ? .pillow : .torchvision }
    }
    return try CLIPModel.open(path, options: options)
  }

  private func inputs() throws -> DiagnosedInputs {
    guard let images else { return .texts(try Self.lines(texts ?? "")) }
    return .images(count: images.count) { index throws(ImageFileError) in
      try ImageFiles.read(Fixture.url(images[index]).path())
    }
  }

  private static func lines(_ path: String) throws -> [String] {
    String(decoding: try Fixture.data(path), as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// A .npy file of little-endian FP32 in C order; other forms are read by the command (DiagnoseTests).
  private func vectors() throws -> GivenVectors {
    let bytes = try Fixture.bytes("diagnose/mistakes/\(file)")
    let length = Int(bytes[8]) + Int(bytes[9]) << 8
    let header = String(decoding: bytes[10..<10 + length], as: UTF8.self)
    let shape = header.firstMatch(of: /'shape': \((\d+), (\d+)\)/).map { [Int($0.1) ?? 0, Int($0.2) ?? 0] }
    let values = bytes[(10 + length)...].withUnsafeBytes { raw in
      (0..<raw.count / 4).map {
        Float(bitPattern: raw.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self))
      }
    }
    return GivenVectors(Tensor(shape ?? [0, 0], values), storedType: "F32")
  }

  /// Whether `vectors` reads its file.
  var isPlain: Bool {
    guard let bytes = try? Fixture.bytes("diagnose/mistakes/\(file)"), file.hasSuffix(".npy") else {
      return false
    }
    let header = String(decoding: bytes.prefix(128), as: UTF8.self)
    return header.contains("'<f4'") && header.contains("False") && header.contains(/\(\d+, \d+\)/)
  }
}
