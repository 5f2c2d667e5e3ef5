import Archives
import ArgumentParser
import BundleFormat
import Checkpoints
import Models
import PocketCLIP
import Progress
import SystemPath
import Verification

struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Measure how close a model is to a reference: a checkpoint or golden file.",
    discussion: """
      verify BUNDLE
        checks checksums, format rules and the self-test on this machine.
      verify BUNDLE --against CHECKPOINT
        runs the bundle and the FP32 reference on built-in images and texts.
        Settings that the checkpoint does not record come from the bundle.
        With --image and --labels also on yours, and what they decide: labels,
        their probabilities and order, and the images that a text finds.
      verify BUNDLE or CHECKPOINT --golden FILE
        compares with embeddings of the original library (docs/GOLDEN.md).

      A cosine of 1 means the same direction as the reference. Figures are rounded towards the worse side. The exit status is 0 if all bounds are met, otherwise 1.

      Example: pocketclip verify b32.pclip --against ViT-B-32.pt
               pocketclip verify b32.pclip --against ViT-B-32.pt --image Photos/ \\
                 --labels birds.txt --template "a photo of a {}."
               pocketclip verify ViT-B-32.pt --golden golden.safetensors
      """)

  @Argument(
    help: ArgumentHelp(
      "A bundle or a checkpoint. Two checkpoints if each holds one tower.", valueName: "in"))
  var paths: [String]

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "The checkpoint that the bundle was made from. Two if each held one tower.", valueName: "checkpoint")
  )
  var against: [String] = []

  @Option(help: ArgumentHelp("A file with inputs and the original library's embeddings.", valueName: "file"))
  var golden: String?

  @Option(
    help: ArgumentHelp(
      "How products are computed. Without it, int8 bundles are verified with fast and with exact.",
      valueName: "kind"))
  var arithmetic: Model.Arithmetic?

  @Option(
    help: ArgumentHelp(
      "Smallest cosine to accept for any image or text. Default: by precision (docs/fidelity.md).",
      valueName: "cosine"))
  var minCosine: Double?

  @Option(
    help: ArgumentHelp(
      "Smallest fraction of images that must choose the same text as with the reference, from 0 to 1.",
      valueName: "fraction"))
  var minAgreement: Double?

  @Option(help: ArgumentHelp("Also write the report as one HTML file.", valueName: "file"))
  var html: String?

  @Flag(help: "Replace the HTML file if it exists.")
  var force = false

  @OptionGroup(title: "Your images and labels, with --against") var sample: SampleOptions
  @OptionGroup var reference: ReferenceOptions
  @OptionGroup(title: "Settings to supply when the file does not record them") var input: ModelInputOptions
  @OptionGroup var options: ConsoleOptions

  private var page: SmallOutput? { html.map { SmallOutput(path: $0, replacesExisting: force) } }

  private func check() throws(Failure) {
    guard against.isEmpty || golden == nil else {
      throw Failure(
        .usage, "--against and --golden exclude each other", hint: "give one of them")
    }
    if against.isEmpty, let option = sample.given.first {
      throw Failure(
        .usage, "\(option) needs --against",
        hint: "add --against CHECKPOINT; a golden file holds its own images and texts")
    }
    try sample.check()
    for (name, value) in [("--min-cosine", minCosine), ("--min-agreement", minAgreement)] {
      try FractionOption.check(name, value)
    }
    guard html != nil || !force else {
      throw Failure(.usage, "--force has no effect without --html", hint: "leave it out, or add --html FILE")
    }
    try page?.check(
      option: "--html", example: "report.html",
      sources: paths + against + [golden].compactMap(\.self) + sample.listFiles
        + [input.preprocess].compactMap(\.self))
    guard reference.reference == nil || !against.isEmpty || golden != nil else {
      throw Failure(
        .usage, "--reference has no effect without --against or --golden",
        hint: "give --against CHECKPOINT or --golden FILE, or leave --reference out")
    }
  }

  func run() throws {
    try options.run { console in
      try check()
      let started = ContinuousClock.now
      try requireOneSubject()
      defer { console.progress.end() }
      let sample = try VerifiedSample(sample, console)
      if let files = sample?.files {
        try page?.check(option: "--html", example: "report.html", sources: files)
      }
      let bundle = try bundle(console)
      var skipped: [Failure] = []
      var page = VerifyPage()
      if let bundle { page.add(bundle) }
      let selfTest = try bundle.flatMap { bundle throws(Failure) in try selfTestFailure(bundle, console) }
      // A comparison tells what makes it fail.
      if let selfTest, against.isEmpty, golden == nil { throw selfTest }
      var reports =
        try bundle.map { try self.reports(on: $0, sample, &skipped, &page, console) }
        ?? checkpointReports(&page, console)
      if let selfTest { for index in reports.indices { reports[index].fail(selfTest.message) } }
      let output = VerifyOutput(
        subject: paths.joined(separator: ", "),
        file: bundle.map { VerifyOutput.BundleFile($0.description, passesSelfTest: selfTest == nil) },
        reports: reports, seconds: started.duration(to: .now).seconds)
      console.progress.end()
      try self.page?.write(page.bytes(output))
      if options.json {
        try JSONOutput.print(output)
      } else {
        try console.print(output.lines)
      }
      if output.verdict != .pass { try warnOfOtherWeights(bundle, console) }
      guard output.verdict == .pass else { throw ExitStatus.answerIsNo.exitCode }
      if var failure = skipped.first {
        failure.message = "\(counted(skipped.count, "image")) skipped; the first: \(failure.message)"
        failure.status = .someSkipped
        throw failure.followingOutput()
      }
    }
  }

  /// - Throws: a usage error for a bundle together with another input, which is most likely its checkpoint.
  private func requireOneSubject() throws(Failure) {
    guard paths.count > 1, let bundle = paths.first(where: Self.isBundle) else { return }
    let others = paths.filter { $0 != bundle }.map(\.shellQuoted).joined(separator: " ")
    throw Failure(
      .usage, "\(paths.count) inputs, of which \(bundle) is a bundle",
      hint:
        "name the checkpoint with --against: `pocketclip verify \(bundle.shellQuoted) --against \(others)`")
  }

  private static func isBundle(_ path: String) -> Bool {
    !CLIPModel.isSynthetic(path) && (try? Checkpoint.format(of: path)) == .bundle
  }

  /// - Throws: a usage error for options about the comparison, if the bundle is compared with nothing.
  private func requireComparison() throws(Failure) {
    guard against.isEmpty, golden == nil else { return }
    guard try input.modelOptions() == ModelOptions(), arithmetic == nil, minCosine == nil, minAgreement == nil
    else {
      throw Failure(
        .usage, "\(path): a bundle alone is checked, not compared, so this option has no effect",
        hint: "add --against CHECKPOINT or --golden FILE, or leave the option out")
    }
  }

  /// The bundle, or the first file of a checkpoint in two files.
  private var path: String { paths[0] }

  /// The bundle to verify, after its checksums, rules and self-test were checked; nil for a checkpoint.
  private func bundle(_ console: Console) throws -> OpenBundle? {
    guard paths.count == 1, !CLIPModel.isSynthetic(path), try Folder.kind(of: path) != .folder else {
      return nil
    }
    let file = try MappedFile(path: path)
    guard try Checkpoint.format(of: file) == .bundle else { return nil }
    try requireComparison()
    return try checked(file, console)
  }

  private func checked(_ file: MappedFile, _ console: Console) throws(Failure) -> OpenBundle {
    let bundle: OpenBundle
    console.progress.begin("checking checksums", .bytes, of: 0)
    do throws(PocketCLIPError) {
      bundle = try OpenBundle(file)
      try bundle.model.checkContent()
    } catch {
      throw Failure(error, file: path)
    }
    return bundle
  }

  /// Nil if it passes.
  private func selfTestFailure(_ bundle: OpenBundle, _ console: Console) throws(Failure) -> Failure? {
    console.progress.begin("running the self-test", .operations, of: 0)
    let session = try bundle.session(batch: 1)
    do throws(PocketCLIPError) {
      try session.selfTest()
      return nil
    } catch {
      return Failure(error, file: path)
    }
  }

  /// Warns if `--against` names another file than the bundle's source, which is the most common reason to fail. The same
  /// weights in another file pass.
  private func warnOfOtherSource(_ bundle: OpenBundle, _ source: CLIPModel, _ console: Console) {
    guard let made = bundle.description.provenance.sha256, let given = try? source.source.sha256(),
      made != given
    else { return }
    func hex(_ digest: Digest) -> String { String(decoding: digest.hex, as: UTF8.self) }
    console.warn(
      "\(path) was made from another file: SHA-256 \(hex(made)), but that of \(against.joined(separator: ", ")) is "
        + hex(given))
  }

  /// Warns if the golden file was made from other weights, which is the most common reason to fail.
  private func warnOfOtherWeights(_ bundle: OpenBundle?, _ console: Console) throws {
    guard let golden, paths.count == 1, !CLIPModel.isSynthetic(path) else { return }
    let expected = try GoldenFile(path: golden).weights
    let digest =
      if let bundle {
        bundle.description.provenance.sha256
      } else {
        try CLIPModel.open(path, options: try input.modelOptions()).source.sha256()
      }
    let found = digest.map { String(decoding: $0.hex, as: UTF8.self) }
    guard expected.count == 64, let found, found != expected else { return }
    console.warn(
      "\(golden) was made from another file, and perhaps from other weights: SHA-256 \(expected), not \(found)"
    )
  }

  private func reports(
    on bundle: OpenBundle, _ sample: VerifiedSample?, _ skipped: inout [Failure], _ page: inout VerifyPage,
    _ console: Console
  ) throws -> [Report] {
    let description = bundle.description
    let isChoice = description.hasInt8 || arithmetic == .bf16
    let arithmetics: [Model.Arithmetic] = isChoice ? arithmetic.map { [$0] } ?? [.fast, .exact] : [.fast]
    let demands = arithmetics.map { arithmetic in
      Demand(arithmetic: arithmetic, thresholds: thresholds(isChoice ? arithmetic : nil))
    }
    if !against.isEmpty {
      let (source, isFilled) = try checkpoint(against, of: description, console)
      if html != nil { page.add(source, as: "truth") }
      do {
        var reports = try Verifier.compare(
          bundle, demands: demands, with: source, reference: reference.request(console),
          progress: console.progress)
        if isFilled { for index in reports.indices { reports[index].takesSettingsFromBundle = true } }
        if let sample {
          let (samples, failures) = try sample.reports(
            on: bundle, arithmetics, source, reference.request(console), console)
          for (index, sample) in samples.enumerated() { reports[index].include(sample) }
          skipped += failures
        }
        if reports.contains(where: { $0.verdict != .pass }) { warnOfOtherSource(bundle, source, console) }
        return reports
      } catch {
        warnOfOtherSource(bundle, source, console)
        throw error
      }
    }
    guard let golden = try golden.map({ try GoldenFile(path: $0) }) else { return [] }
    guard reference.reference == nil else {
      throw Failure(
        .usage, "--reference has no effect on a bundle with --golden: the reference does not run",
        hint: "leave --reference out, or compare the bundle --against its checkpoint")
    }
    return try demands.map { demand in
      try Verifier.compare(
        bundle, arithmetic: demand.arithmetic, with: golden, thresholds: demand.thresholds,
        progress: console.progress)
    }
  }

  private func checkpointReports(_ page: inout VerifyPage, _ console: Console) throws -> [Report] {
    guard let golden else {
      // A damaged bundle may look like a checkpoint. Its damage is reported first.
      if paths.count == 1, !CLIPModel.isSynthetic(path) {
        let checkpoint = try Checkpoint.open(path, taking: input.modelOptions().selection)
        if let bundle = checkpoint.bundle { _ = try BundleWeights(bundle) }
      }
      let swapped = against.first(where: Self.isBundle)
      throw Failure(
        .usage, "\(path): a checkpoint is verified with a golden file, a bundle with its checkpoint",
        hint: swapped.map {
          "the bundle comes first: pocketclip verify \($0.shellQuoted) --against \(path.shellQuoted)"
        }
          ?? "give --golden FILE (docs/GOLDEN.md shows how to make one), or convert it and verify the bundle")
    }
    let model = try sound(paths, try input.modelOptions(), console)
    if html != nil { page.add(model, as: "subject") }
    return [
      try Verifier.compare(
        model, with: try GoldenFile(path: golden),
        thresholds: thresholds(nil) ?? .fp32, reference: reference.request(console),
        progress: console.progress)
    ]
  }

  /// Settings that the checkpoint does not record were supplied when the bundle was made, so they come from the bundle.
  private func checkpoint(
    _ paths: [String], of bundle: BundleDescription, _ console: Console
  ) throws -> (model: CLIPModel, isFilled: Bool) {
    let options = try input.modelOptions()
    do throws(ModelError) {
      return (try sound(paths, options, console), false)
    } catch {
      guard error.code.isUndecided else { throw error }
      console.note(
        "note: settings that \(paths.joined(separator: " and ")) does not record come from the bundle")
      return (try sound(paths, options.filled(from: bundle), console), true)
    }
  }

  /// The checkpoint, after checking its checksums: a comparison with damaged weights is meaningless.
  private func sound(
    _ paths: [String], _ options: ModelOptions, _ console: Console
  ) throws(ModelError) -> CLIPModel {
    let model = try CLIPModel.open(paths, options: options)
    console.progress.begin("checking the checkpoint", .bytes, of: model.source.checkedByteCount)
    try model.source.checkChecksums(console.progress)
    return model
  }

  /// The user's bounds; nil for the defaults.
  ///
  /// - Parameter arithmetic: nil if the bundle has only one.
  private func thresholds(_ arithmetic: Model.Arithmetic?) -> Thresholds? {
    guard minCosine != nil || minAgreement != nil else { return nil }
    let bounds = Thresholds.Bounds(worstCosine: minCosine)
    let name = arithmetic.map { "\($0 == .bf16 ? "" : "int8 ")\($0), as given" } ?? "as given"
    return Thresholds(name: name, image: bounds, text: bounds, agreement: minAgreement)
  }
}

struct VerifyOutput: SchemaOutput {
  static let schema = "verify"
  var subject: String
  /// Nil for a checkpoint.
  var file: BundleFile?
  var verdict: Report.Verdict
  var reports: [Report]
  var seconds: Double
  var peakByteCount = ProcessFacts.peakByteCount

  /// A bundle whose checksums and rules pass.
  struct BundleFile: Encodable {
    var passesSelfTest: Bool
    /// The file that it was made from, if it states one.
    var source: FileIdentity?

    init(_ bundle: BundleDescription, passesSelfTest: Bool) {
      self.passesSelfTest = passesSelfTest
      source = bundle.provenance.sha256.map { FileIdentity(sha256: String(decoding: $0.hex, as: UTF8.self)) }
    }

    var text: String {
      (passesSelfTest
        ? "checksums, rules and self-test pass" : "checksums and rules pass, the self-test fails")
        + (source.map { "; made from \($0.origin)" } ?? "")
    }
  }

  init(subject: String, file: BundleFile?, reports: [Report], seconds: Double) {
    self.file = file
    self.seconds = seconds
    self.subject = subject
    self.reports = reports
    verdict = reports.map(\.verdict).first { $0 != .pass } ?? .pass
  }

  var lines: [String] {
    let reportLines = Array(reports.map(\.lines).joined(separator: [""]))
    guard let file else { return reportLines }
    return ["\(subject.unbroken): \(file.text)"] + (reportLines.isEmpty ? [] : [""] + reportLines)
  }
}
