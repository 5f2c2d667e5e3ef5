import Architecture
import BundleFormat
import BundleWriter
import Foundation
import TestSupport

/// Writes a small model and returns the file's bytes.
func writtenBundle(
  _ architecture: CLIPArchitecture, _ precision: Precision, in folder: TemporaryFolder,
  name: String = "model.pclip", options configure: (inout WriteOptions) -> Void = { _ in }
) throws -> [UInt8] {
  var options = WriteOptions(path: folder.file(name))
  configure(&options)
  let unfinished = try BundleWriter.write(SmallModels.request(architecture, precision), options: options)
  _ = try unfinished.finish(SmallModels.selfTest(architecture))
  return try fileBytes(folder.file(name))
}

func fileBytes(_ path: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path))) }

extension SmallModels {
  static func selfTest(_ architecture: CLIPArchitecture) -> UnfinishedBundle.SelfTest {
    UnfinishedBundle.SelfTest(
      image: architecture.image.map { [Float](repeating: 0.5, count: $0.outputWidth) },
      text: architecture.text.map { [Float](repeating: 0.25, count: $0.outputWidth) },
      imageTolerance: 0.001, textTolerance: 0.002)
  }

  static let all: [CLIPArchitecture] = [vision, resNet]
}
