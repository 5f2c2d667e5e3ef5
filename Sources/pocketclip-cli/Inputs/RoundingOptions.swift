import Architecture
import Archives
import ArgumentParser
import BundleFormat
import Calibration
import Conversion
import Foundation
import ImageFiles
import ImagePreprocessing
import Models
import Verification

/// How `convert` rounds int8 weights.
struct RoundingOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "How far to go until the bounds are met. Default: auto.", valueName: "rounding"))
  var effort: EffortChoice?

  @Option(
    help: ArgumentHelp(
      "An image, or a folder of images, for calibrated rounding instead of the built-in ones. May be repeated.",
      valueName: "images"))
  var calibrate: [String] = []

  @Option(
    help: ArgumentHelp(
      "A file with one text per line, for calibrated rounding instead of the built-in ones.",
      valueName: "file"))
  var calibrateTexts: String?

  enum EffortChoice: String, ExpressibleByArgument, CaseIterable {
    case nearest, auto, calibrated, mixed

    var effort: Effort {
      switch self {
      case .nearest: .nearest
      case .auto: .automatic
      case .calibrated: .calibrated
      case .mixed: .mixed
      }
    }

    static var allValueDescriptions: [String: String] {
      [
        "nearest": "round every weight to nearest",
        "auto": "each of the others in turn, until the bounds hold",
        "calibrated": "minimise the output error on calibration images and texts (minutes)",
        "mixed": "calibrated; 16-bit inputs or FP16 for the matrices that need it",
      ]
    }
  }

  private var namesInputs: Bool { !calibrate.isEmpty || calibrateTexts != nil }

  func check(precision: Precision, isMeasured: Bool, hasRecipe: Bool) throws(Failure) {
    let given = [
      effort == nil ? nil : "--effort", calibrate.isEmpty ? nil : "--calibrate",
      calibrateTexts == nil ? nil : "--calibrate-texts",
    ].compactMap(\.self)
    if let option = given.first, precision != .int8 {
      throw Failure(
        .usage, "\(option) only applies to --precision int8",
        hint: "add --precision int8, or leave out \(option)")
    }
    if !isMeasured, effort == .mixed {
      throw Failure(
        .usage, "--no-measure excludes --effort mixed, which goes as far as the bounds need",
        hint: "leave out --no-measure, or take the forms from a --recipe")
    }
    guard namesInputs else { return }
    if effort == .nearest {
      throw Failure(
        .usage, "--effort nearest does not calibrate",
        hint: "leave out --effort, or the images and texts")
    }
    if !isMeasured, effort != .calibrated, !hasRecipe {
      throw Failure(
        .usage, "--no-measure with --effort auto never calibrates",
        hint: "add --effort calibrated, or leave out the images and texts")
    }
  }

  func apply(to request: inout ConversionRequest, _ console: Console) throws(Failure) {
    request.effort = effort?.effort ?? .automatic
    request.onRung = { rung, missed, forms in console.note(rung.note(missed, forms)) }
    guard namesInputs else { return }
    try checkUse(by: request.architecture)
    let builtIn = ProbeSet.calibration(for: request.architecture)
    request.calibrationSet = ProbeSet(
      name: "given", images: calibrate.isEmpty ? builtIn.images : try images(request, console),
      texts: try calibrateTexts.map { path throws(Failure) in try texts(path, request, console) }
        ?? builtIn.texts)
  }

  /// Refuses inputs of a tower that the bundle does not have.
  private func checkUse(by architecture: CLIPArchitecture) throws(Failure) {
    let useless = [
      architecture.image == nil && !calibrate.isEmpty ? ("--calibrate", "image") : nil,
      architecture.text == nil && calibrateTexts != nil ? ("--calibrate-texts", "text") : nil,
    ].compactMap(\.self)
    guard let (option, tower) = useless.first else { return }
    throw Failure(
      .usage, "\(option): the bundle gets no \(tower) tower to calibrate", hint: "leave out \(option)")
  }

  /// As many as fit in memory together.
  private func images(_ request: ConversionRequest, _ console: Console) throws(Failure) -> [ProbeImage] {
    guard let tower = request.model.architecture.image, let preprocessing = request.model.preprocessing else {
      return []
    }
    var files: [String] = []
    for path in calibrate {
      guard (try? Folder.kind(of: path)) == .folder else {
        files.append(path)
        continue
      }
      var search = FolderSearch()
      search.visit(path, console)
      files += search.images
    }
    guard !files.isEmpty else {
      throw Failure(
        .data, "no images in \(calibrate.joined(separator: ", "))",
        hint: "name a folder with JPEG, PNG or WebP files")
    }
    files = spaced(files, most: Calibration.mostImages(of: tower), "image", console)
    var images: [ProbeImage] = []
    for file in files {
      images.append(try ProbeImage(file: file, preprocessing, imageSize: tower.imageSize))
    }
    return images
  }

  private func texts(
    _ path: String, _ request: ConversionRequest, _ console: Console
  ) throws(Failure) -> [String] {
    guard let tower = request.model.architecture.text else { return [] }
    let lines = try ListFile.lines(of: path).filter { !$0.isEmpty }
    guard !lines.isEmpty else {
      throw Failure(.data, "\(path): no texts", hint: "save one text a line")
    }
    return spaced(lines, most: Calibration.mostTexts(of: tower), "text", console)
  }

  /// At most so many entries, evenly spaced.
  private func spaced(_ entries: [String], most: Int, _ name: String, _ console: Console) -> [String] {
    guard entries.count > most else { return entries }
    console.note(
      "note: \(most) of \(counted(entries.count, name)) calibrate, evenly spaced, because memory holds no more"
    )
    return (0..<most).map { entries[$0 * entries.count / most] }
  }
}

extension Rung {
  /// What follows a missed bound.
  fileprivate func note(_ missed: [Report], _ forms: String) -> String {
    let next =
      switch self {
      case .nearest, .recipe: "next"
      case .calibrated: "choosing roundings by calibration"
      case .mixed: "trying \(forms)"
      }
    let reasons = missed.missedBounds
    return "note: \(reasons.joined(separator: "; ")): \(next)"
  }
}

/// Calibrated rounding in `convert --json`.
struct RoundingRow: Encodable {
  var set: String
  var images, texts: Int
  var seconds: Double

  init(_ rounding: Rounding) {
    set = rounding.set
    images = rounding.images
    texts = rounding.texts
    seconds = rounding.choosing.seconds
  }
}
