import Archives
import BundleFormat
import Conversion
import Foundation
import Models

/// A recipe as a JSON file (Schemas/recipe.schema.json), or the one that a bundle states.
enum RecipeFile {
  private static let schema = "pocketclip.recipe"

  static func read(_ path: String) throws(Failure) -> Recipe {
    switch try Content(path) {
    case .json(let value): return try recipe(value, path)
    case .bundle(let description):
      let recipe = Recipe(description)
      guard !recipe.matrices.isEmpty else {
        throw Failure(
          .data, "\(path): its weights are not int8", hint: "name an int8 bundle, or a recipe file")
      }
      return recipe
    }
  }

  static func bytes(_ recipe: Recipe) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    return try [UInt8](encoder.encode(RecipeRow(recipe)) + Data("\n".utf8))
  }

  private enum Content {
    case json(JSONValue)
    case bundle(BundleDescription)

    init(_ path: String) throws(Failure) {
      let file: MappedFile
      do throws(ReadError) { file = try MappedFile(path: path) } catch { throw Failure(describing: error) }
      do throws(BundleFault) {
        self = .bundle(try BundleHeader(file: file.bytes).description)
        return
      } catch {
        // Another kind of file.
        guard error.rule == .headerLengthPresent || error.rule == .headerStart else {
          throw Failure(describing: ReadError(error, in: file))
        }
      }
      do throws(ReadError) {
        self = .json(try JSONParser.parse(file.bytes, limits: .standard))
      } catch {
        // What helps with a checkpoint does not help here.
        throw RecipeFile.fault(path, "neither a recipe nor a bundle: \(error)")
      }
    }
  }
}

// Reading JSON: every key is known and has its type.
extension RecipeFile {
  private static func recipe(_ value: JSONValue, _ path: String) throws(Failure) -> Recipe {
    let object = try members(
      value, ["schema", "version", "model", "calibration", "matrices"], "a recipe", path)
    guard object["schema"]?.stringValue == schema, object["version"]?.integerValue == 1 else {
      throw fault(path, "expected schema \(schema), version 1")
    }
    guard let model = object["model"]?.stringValue, let calibration = object["calibration"]?.stringValue,
      let rows = object["matrices"]?.arrayValue
    else { throw fault(path, "expected the texts model and calibration, and the array matrices") }
    var matrices: [Recipe.Matrix] = []
    for (index, row) in rows.enumerated() { matrices.append(try matrix(row, index, path)) }
    return Recipe(model: model, calibration: calibration, matrices: matrices)
  }

  private static func matrix(
    _ value: JSONValue, _ index: Int, _ path: String
  ) throws(Failure) -> Recipe.Matrix {
    let place = "matrix \(index)"
    let object = try members(
      value, ["tensor", "weights", "rounding", "inputs", "weight_error", "input_error"], place, path)
    guard let tensor = object["tensor"]?.stringValue else {
      throw fault(path, "\(place): expected a tensor's name")
    }
    let form = MatrixForm.allCases.first { form in
      let row = MatrixRow(Recipe.Matrix(tensor: tensor, form: form))
      return object["weights"] == .string(row.weights)
        && object["rounding"] == row.rounding.map { .string($0) }
        && object["inputs"] == row.inputs.map { .integer(Int64($0)) }
    }
    for key in ["weight_error", "input_error"] where object[key] != nil && object[key]?.doubleValue == nil {
      throw fault(path, "\(place): \(key) is not a number")
    }
    guard let form else {
      throw fault(
        path,
        "\(tensor): expected weights int8, rounding nearest or calibrated, inputs 8 or 16; or weights fp16 alone"
      )
    }
    return Recipe.Matrix(
      tensor: tensor, form: form, weightError: object["weight_error"]?.doubleValue,
      inputError: object["input_error"]?.doubleValue)
  }

  private static func members(
    _ value: JSONValue, _ keys: Set<String>, _ place: String, _ path: String
  ) throws(Failure) -> JSONObject {
    guard let object = value.objectValue else { throw fault(path, "\(place): expected a JSON object") }
    if let unknown = object.members.first(where: { !keys.contains($0.key) }) {
      throw fault(path, "\(place): unknown key \(unknown.key)")
    }
    return object
  }

  private static func fault(_ path: String, _ message: String) -> Failure {
    Failure(
      .data, "\(path): \(message)", hint: "write a recipe with --save-recipe, and change only its forms")
  }
}

/// The JSON of a recipe.
private struct RecipeRow: Encodable {
  var schema = "pocketclip.recipe"
  var version = 1
  var model, calibration: String
  var matrices: [MatrixRow]

  init(_ recipe: Recipe) {
    model = recipe.model
    calibration = recipe.calibration
    matrices = recipe.matrices.map(MatrixRow.init)
  }
}

/// A matrix in a recipe, and in `convert --json`.
struct MatrixRow: Encodable {
  var tensor, weights: String
  var rounding: String?
  var inputs: Int?
  var weightError, inputError: Double?

  init(_ matrix: Recipe.Matrix) {
    tensor = matrix.tensor
    weights = matrix.form == .half ? "fp16" : "int8"
    rounding = matrix.form == .half ? nil : matrix.form.isCalibrated ? "calibrated" : "nearest"
    inputs = matrix.form == .half ? nil : matrix.form.hasWideInputs ? 16 : 8
    weightError = matrix.weightError
    inputError = matrix.inputError
  }
}

extension [MatrixRow] {
  /// `  forms         3 of 100 matrices in FP16: NAME, …; 12 with 16-bit inputs`, if not all are the same.
  var summaryLines: [String] {
    let (halves, wide) = (filter { $0.weights == "fp16" }, filter { $0.inputs == 16 })
    guard !halves.isEmpty || !wide.isEmpty else { return [] }
    let halved = halves.isEmpty ? [] : ["\(halves.count) of \(count) matrices in FP16\(halves.examples)"]
    let widened = wide.isEmpty ? [] : ["\(wide.count) with 16-bit inputs in fast arithmetic\(wide.examples)"]
    return (halved + widened).enumerated().map { index, text in
      "  \((index == 0 ? "forms" : "").padding(to: 13)) \(text)"
    }
  }

  private var examples: String {
    let names = prefix(3).map(\.tensor).joined(separator: ", ")
    return ": \(names)\(count > 3 ? ", …" : "")"
  }
}
