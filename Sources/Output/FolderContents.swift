internal import Foundation

/// What lies in the folder of an export.
enum FolderContents {
  /// Every name that an export gives a file or a folder.
  private static let exportedNames: Set<String> = [
    "config.json", "merges.txt", "model.onnx", "model.onnx.data", "model.safetensors",
    "open_clip_config.json", "open_clip_model.safetensors", "preprocess_cfg.json",
    "preprocessor_config.json", "special_tokens_map.json", "textual", "tokenizer.json",
    "tokenizer_config.json", "visual", "vocab.json",
  ]

  static func names(_ path: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? []
  }

  /// Something below a folder that no export writes, or nil.
  static func foreignName(_ path: String) -> String? {
    let below = (try? FileManager.default.subpathsOfDirectory(atPath: path).sorted()) ?? []
    return below.first { name in
      !name.split(separator: "/").allSatisfy { exportedNames.contains(String($0)) }
    }
  }

  static func remove(_ path: String) { try? FileManager.default.removeItem(atPath: path) }
}
