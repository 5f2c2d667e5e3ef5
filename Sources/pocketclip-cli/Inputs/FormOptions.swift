import Architecture
import ArgumentParser
import BundleFormat
import Conversion

/// How `convert` chooses the form of each matrix of an int8 bundle.
struct FormOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Store matrices in FP16 whose names match, such as visual.layer1.* or *.c_proj.weight. May be repeated.",
      valueName: "pattern"))
  var keepFp16: [String] = []

  @Option(
    help: ArgumentHelp(
      "Write no bundle larger than this, such as 160MB. MB are 1,000,000 bytes.", valueName: "size"))
  var maxSize: ByteSize?

  @Option(
    help: ArgumentHelp(
      "Take each matrix's form from a recipe file or from an int8 bundle, instead of searching.",
      valueName: "file"))
  var recipe: String?

  @Option(help: ArgumentHelp("Also write the forms to this file, for --recipe.", valueName: "file"))
  var saveRecipe: String?

  /// - Parameter sources: the files to convert.
  func checkRecipes(output: String, replacesExisting: Bool, sources: [String]) throws(Failure) {
    guard let saved = savedRecipe(replacesExisting: replacesExisting) else { return }
    guard saved.path != output else {
      throw Failure(.usage, "--save-recipe and -o name the same file", hint: "give the recipe another name")
    }
    try saved.check(
      option: "--save-recipe", example: "b32.json", sources: sources + [recipe].compactMap(\.self))
  }

  func savedRecipe(replacesExisting: Bool) -> SmallOutput? {
    saveRecipe.map { SmallOutput(path: $0, replacesExisting: replacesExisting) }
  }

  func check(precision: Precision, effort: RoundingOptions.EffortChoice?) throws(Failure) {
    let given = [
      keepFp16.isEmpty ? nil : "--keep-fp16", maxSize == nil ? nil : "--max-size",
      recipe == nil ? nil : "--recipe", saveRecipe == nil ? nil : "--save-recipe",
    ].compactMap(\.self)
    if let option = given.first, precision != .int8 {
      throw Failure(
        .usage, "\(option) only applies to --precision int8",
        hint: "add --precision int8, or leave out \(option)")
    }
    if recipe != nil, effort != nil || !keepFp16.isEmpty {
      throw Failure(
        .usage, "--recipe excludes --effort and --keep-fp16: it states every form",
        hint: "leave out --recipe, or the others")
    }
  }

  func apply(to request: inout ConversionRequest) throws(Failure) {
    request.maximumByteCount = maxSize?.byteCount
    if let recipe {
      let read = try RecipeFile.read(recipe)
      guard read.isCalibrated || request.calibrationSet == nil else {
        throw Failure(
          .usage, "\(recipe) has no calibrated matrix: --calibrate and --calibrate-texts have no effect",
          hint: "leave them out")
      }
      request.recipe = read
    }
    for pattern in keepFp16 {
      let names = request.matrixNames.filter { NamePattern(pattern).matches($0.description) }
      guard let example = request.matrixNames.last else { return }
      guard !names.isEmpty else {
        throw Failure(
          .usage, "--keep-fp16 \(pattern): no matrix has a name like this",
          hint: "name matrices such as \(example); * stands for any characters")
      }
      request.keptHalves.formUnion(names)
    }
  }
}

/// A name in which * stands for any characters.
struct NamePattern {
  private let parts: [Substring]

  init(_ text: String) { parts = text.split(separator: "*", omittingEmptySubsequences: false) }

  func matches(_ name: String) -> Bool {
    guard let first = parts.first, let last = parts.last, name.hasPrefix(first) else { return false }
    guard parts.count > 1 else { return name == first }
    var rest = name.dropFirst(first.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let range = rest.firstRange(of: part) else { return false }
      rest = rest[range.upperBound...]
    }
    return rest.hasSuffix(last)
  }
}

/// `160MB`, `1.5GB`, `900000`.
struct ByteSize: ExpressibleByArgument {
  var byteCount: Int

  init?(argument: String) {
    let units = [("kB", 1e3), ("KB", 1e3), ("MB", 1e6), ("GB", 1e9)]
    let unit = units.first { argument.hasSuffix($0.0) }
    let digits = argument.dropLast(unit?.0.count ?? 0)
    guard digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), let number = Double(digits),
      let count = Int(exactly: (number * (unit?.1 ?? 1)).rounded(.down)), count > 0
    else { return nil }
    byteCount = count
  }
}
