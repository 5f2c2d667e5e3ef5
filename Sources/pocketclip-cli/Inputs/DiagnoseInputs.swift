import Architecture
import Diagnosis
import ImageFiles
import Models

/// The inputs of `diagnose`, with their names for messages.
struct DiagnoseInputs {
  let inputs: DiagnosedInputs
  /// Texts, row by row, that are given with images.
  private(set) var others: DiagnosedInputs?
  let kind: Kind
  private let names: [String]

  enum Kind: String, Encodable {
    case images, texts, pixels, ids
  }

  init(
    images: [String], texts: String?, pixels: String?, ids: String?, limits: ImageFiles.Limits,
    model: CLIPModel, _ console: Console
  ) throws(Failure) {
    let strings = try texts.map { path throws(Failure) in
      try Words.refusingEmpty("text", listed: [], fromFile: try ListFile.lines(of: path), path)
    }
    if !images.isEmpty {
      let files = try FoundImages(paths: images, list: nil, console).files
      kind = .images
      names = files
      inputs = .images(count: files.count) { index throws(ImageFileError) in
        try ImageFiles.read(files[index], limits: limits)
      }
      others = strings.map { .texts($0) }
    } else if let strings {
      (kind, names, inputs) = (.texts, strings, .texts(strings))
    } else if let ids {
      let rows = try Self.ids(ids, model)
      (kind, names, inputs) = (.ids, [], .ids(rows))
    } else {
      (kind, names) = (.pixels, [])
      inputs = try Self.pixels(pixels ?? "", model)
    }
  }

  /// The file or text of an input, or its position.
  func name(_ index: Int) -> String { names.indices.contains(index) ? names[index] : "row \(index + 1)" }

  /// Token ids, filled with zeros up to the context.
  private static func ids(_ path: String, _ model: CLIPModel) throws(Failure) -> [[Int32]] {
    let file = try ArrayFile(path, tensor: nil, axisCount: 2, isInteger: true)
    guard let tower = model.architecture.text else {
      throw Failure(.unsupported, "the model has no text tower", hint: "give the text tower's checkpoint")
    }
    guard file.shape[1] <= tower.contextLength else {
      throw Failure(
        .data, "\(path): \(file.shape[1]) ids per text, and the context has \(tower.contextLength)",
        hint: "give the ids that the other tool's model received")
    }
    let values = try file.floats()
    guard
      let outside = values.first(where: {
        !(0..<Float(tower.vocabularySize)).contains($0) || $0 != $0.rounded()
      })
    else {
      return (0..<file.shape[0]).map { row in
        values[row * file.shape[1]..<(row + 1) * file.shape[1]].map { Int32($0) }
          + [Int32](repeating: 0, count: tower.contextLength - file.shape[1])
      }
    }
    throw Failure(
      .data, "\(path): expected ids from 0 to \(tower.vocabularySize - 1), found \(outside)",
      hint: "give the ids that the other tool's model received")
  }

  private static func pixels(_ path: String, _ model: CLIPModel) throws(Failure) -> DiagnosedInputs {
    let file = try ArrayFile(path, tensor: nil, axisCount: 4)
    guard let size = model.architecture.image?.imageSize else {
      throw Failure(.unsupported, "the model has no image tower", hint: "give the image tower's checkpoint")
    }
    guard Array(file.shape[1...]) == [3, size, size] else {
      throw Failure(
        .data, "\(path): expected [images, 3, \(size), \(size)], found \(file.shape)",
        hint: "write planes (NCHW) of the model's size")
    }
    let count = 3 * size * size
    let values = try file.floats()
    return .pixels(count: file.shape[0]) { Array(values[$0 * count..<($0 + 1) * count]) }
  }
}
