import Architecture
import Archives
import BundleFormat
import Conversion
import Models
import PocketCLIP
import Verification

/// A page in Markdown to publish beside a bundle: what it is, where it comes from, and how to use it.
///
/// The bytes depend on the bundle and its file name alone.
struct BundleCard {
  let name: String
  let description: BundleDescription
  let information: ModelInformation
  /// Of a tokenizer's table.
  let textRules: String?

  /// - Parameter name: the file's name, without its folder.
  init(_ bundle: OpenBundle) {
    name = bundle.path.split(separator: "/").last.map(String.init) ?? bundle.path
    description = bundle.description
    information = bundle.model.information
    textRules = bundle.header.textRules(of: bundle.file)
  }

  var text: String {
    let sections = [title, origin, settings, quantization, fidelity, CardUse(self).text]
    return sections.compactMap(\.self).joined(separator: "\n\n") + "\n"
  }

  private var model: String { String(decoding: description.model, as: UTF8.self) }

  private var title: String {
    let towers = towers.map { "\($0)" }.joined(separator: " and ")
    return """
      # \(name.inMarkdown)

      This file is a PocketCLIP bundle of \(model.inMarkdown). It holds the \(towers) tower\(self.towers.count == 1 ? "" : "s"), with all \
      settings, and runs on a CPU with `libpocketclip`.

      \(table(facts))
      """
  }

  var towers: [Tower] { Tower.allCases.filter { description.architecture.has($0) } }

  private var facts: [(String, String)] {
    var rows = towers.map { tower in
      ("\(tower) tower", "\(precision(tower)), vectors of \(width(tower)) values")
    }
    rows.append(("size", "\(information.fileByteCount) bytes"))
    rows.append(("bundle id", "`\(information.bundleID)`"))
    rows.append(("embedding space", "`\(information.spaceID)`; compare only vectors of one space"))
    return rows
  }

  func precision(_ tower: Tower) -> Precision {
    tower == .image ? description.imagePrecision : description.textPrecision
  }

  func width(_ tower: Tower) -> Int { tower == .image ? information.imageOutput : information.textOutput }

  private var origin: String {
    let provenance = description.provenance
    func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self).inMarkdown }
    var rows = [("source", "\(text(provenance.file)) (\(text(provenance.format)))")]
    rows.append(
      ("SHA-256 of the source", provenance.sha256.map { "`\(hex($0))`" } ?? "none: generated weights"))
    rows.append(("converted by", text(provenance.tool)))
    rows.append(
      (
        "licence of the source",
        provenance.license.isEmpty ? "not stated by the source" : text(provenance.license)
      ))
    if !provenance.attribution.isEmpty { rows.append(("attribution", text(provenance.attribution))) }
    return "## Origin\n\n" + table(rows)
  }

  private func hex(_ digest: Digest) -> String { String(decoding: digest.hex, as: UTF8.self) }
}

extension BundleCard {
  private var settings: String {
    var rows: [(String, String)] = []
    if let image = description.architecture.image {
      let preprocessing = description.preprocessing
      rows.append(("images", "\(image.imageSize) × \(image.imageSize) pixels, \(preprocessing.summary)"))
      rows.append(("resize", "as \(preprocessing.backend.fieldText)"))
      rows.append(("transparency", preprocessing.alpha == .drop ? "alpha is dropped" : "composited on white"))
      rows.append(("mean", preprocessing.mean.text))
      rows.append(("standard deviation", preprocessing.standardDeviation.text))
      if let activation = image.activation { rows.append(("image activation", activation.fieldText)) }
      if let heads = image.heads { rows.append(("image heads", "\(heads)")) }
      rows.append(("image epsilon", "\(image.epsilon)"))
    }
    if let text = description.architecture.text {
      rows.append(("texts", "\(text.contextLength) tokens, tokenizer \(description.tokenizer.fieldText)"))
      if let rules = textRules { rows.append(("text rules", rules)) }
      rows.append(("text activation", text.stack.activation.fieldText))
      rows.append(("text heads", "\(text.stack.heads)"))
      rows.append(("text epsilon", "\(text.stack.epsilon)"))
      rows.append(("pooling", text.pooling.fieldText))
    }
    switch description.score {
    case .softmax:
      rows.append(("score", "softmax, logit scale \(fixed(Double(information.logitScale ?? 0), 4))"))
    case .sigmoid:
      rows.append(
        (
          "score",
          "sigmoid, logit scale \(fixed(Double(information.logitScale ?? 0), 4)), bias \(fixed(Double(information.logitBias ?? 0), 4))"
        ))
    case nil: rows.append(("score", "the source states no logit scale"))
    }
    return "## Settings\n\n" + table(rows)
  }

  /// Nil if no tower is int8.
  private var quantization: String? {
    let forms = description.matrixForms
    guard !forms.isEmpty else { return nil }
    let rows = towers.filter { precision($0) == .int8 }.map { tower -> (String, String) in
      let own = forms.filter { $0.tower == tower }.map(\.form)
      let counts = MatrixForm.allCases.compactMap { form -> String? in
        let count = own.count { $0 == form }
        return count == 0 ? nil : "\(count) \(form.words)"
      }
      return (
        "\(tower) tower",
        "\(own.count) matrices: \(counts.joined(separator: ", "))"
      )
    }
    let calibration = description.provenance.calibration
    let set =
      calibration.isEmpty
      ? "No rounding was chosen on calibration items."
      : "Calibrated roundings were chosen on the images and texts `\(String(decoding: calibration, as: UTF8.self).inMarkdown)`."
    return "## Quantization\n\n\(table(rows))\n\n\(set)"
  }

  /// The bundle records what was demanded, not what was measured.
  private var fidelity: String {
    let demand = description.fidelity
    guard !demand.probes.isEmpty else {
      return """
        ## Fidelity

        This bundle was written without measuring it (`--no-measure`). Nothing is known about its fidelity but what you measure:

        \(verification)
        """
    }
    let rows = [
      (Tower.image, "images", "fast", demand.imageFast), (.image, "images", "exact", demand.imageExact),
      (.text, "texts", "fast", demand.textFast), (.text, "texts", "exact", demand.textExact),
    ].compactMap { tower, items, arithmetic, bound in
      bound.map {
        (precision(tower) == .int8 ? "\(items), \(arithmetic) arithmetic" : items, "\(Double($0) / 1e6)")
      }
    }
    // One tower alone chooses no texts.
    let agreement = (towers.count == 2 ? demand.agreement : nil).map {
      " At least \(Double($0) / 1e6) of the images chose the same text as with FP32."
    }
    return """
      ## Fidelity

      `convert` compared the bundle with the FP32 model of the source, on the images and texts \
      `\(String(decoding: demand.probes, as: UTF8.self).inMarkdown)`, and wrote it because every cosine reached these bounds.\
      \(agreement ?? "") They are the bounds that were demanded: the bundle does not record the measured cosines. They say nothing \
      about the settings above, which both models share.

      \(table([("worst cosine of", "at least")] + rows, hasHeader: true))

      Measure it again, with the source:

      \(verification)
      """
  }

  private var verification: String {
    let source = String(decoding: description.provenance.file, as: UTF8.self)
    return "```sh\npocketclip verify \(CardUse.file(name)) --against \(CardUse.sourceFile(source))\n```"
  }

  private func table(_ rows: [(String, String)], hasHeader: Bool = false) -> String {
    let header = hasHeader ? "| \(rows[0].0) | \(rows[0].1) |" : "| | |"
    let body = (hasHeader ? Array(rows.dropFirst()) : rows).map { "| \($0.0) | \($0.1) |" }
    return ([header, "|---|---|"] + body).joined(separator: "\n")
  }
}

extension Preprocessing.RGB {
  fileprivate var text: String { "\(red) \(green) \(blue)" }
}

extension MatrixForm {
  fileprivate var words: String {
    switch self {
    case .nearest: "int8, rounded to nearest"
    case .nearestWide: "int8, rounded to nearest, with 16-bit inputs in fast arithmetic"
    case .calibrated: "int8, calibrated"
    case .calibratedWide: "int8, calibrated, with 16-bit inputs in fast arithmetic"
    case .half: "FP16"
    }
  }
}

extension String {
  /// Text from a file, so that no character of it is Markdown or HTML, or ends a table's row.
  var inMarkdown: String {
    printable.map { character in
      "\\`*_[]<>|&#!~".contains(character) ? "\\\(character)" : "\(character)"
    }.joined()
  }
}
