import Checkpoints
import Foundation
import Models
import TestSupport

/// A preprocessor_config.json, and a config.json that states a release of transformers, next to a model.
struct ProcessorFiles {
  static let pixels =
    #""image_mean":[0.5,0.5,0.5],"image_std":[0.5,0.5,0.5],"size":{"shortest_edge":24},"crop_size":24"#

  /// Members of the preprocessor_config.json besides `pixels`.
  var processor: String
  var version: String?

  static func config(_ version: String?) -> String {
    #"{"model_type":"clip"\#(version.map { #","transformers_version":"\#($0)""# } ?? "")}"#
  }

  private var texts: [String: String] {
    [
      "preprocessor_config.json": "{\(processor),\(Self.pixels)}", "config.json": Self.config(version),
    ]
  }

  /// The inspection of a model with the files next to it.
  func inspection(_ options: ModelOptions = ModelOptions()) throws -> ModelInspection {
    try Self.inspection(beside: texts, options)
  }

  static func inspection(
    beside neighbours: [String: String], _ options: ModelOptions = ModelOptions()
  ) throws -> ModelInspection {
    var edited = try EditedCheckpoint("vit-hugging-face")
    edited.neighbours = neighbours
    return try edited.open { try ModelInspection($0, options: options) }
  }

  /// The inspection of a model without the files, with --preprocess.
  func namedInspection() throws -> ModelInspection {
    let folder = try TemporaryFolder()
    for (name, text) in texts { try folder.write(Data(text.utf8), to: name) }
    var options = ModelOptions()
    options.preprocessing = .file(path: folder.file("preprocessor_config.json"))
    return try Self.inspection(beside: [:], options)
  }
}
