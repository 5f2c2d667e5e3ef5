import Architecture
import Archives
import ArgumentParser
import BundleFormat
import Checkpoints
import Models
import PocketCLIP
import Quantization
import SystemPath
import Verification

/// An option that several commands share.
enum ThreadHelp {
  static var text: ArgumentHelp {
    ArgumentHelp(
      "Use at most this many threads; results do not depend on it. Default: all that this process may use.",
      valueName: "number")
  }
}

/// How a bundle is run; the defaults are the runtime's.
struct RuntimeOptions: ParsableArguments {
  @Option(help: ArgumentHelp("How products are computed.", valueName: "kind"))
  var arithmetic: Model.Arithmetic?

  @Option(help: ThreadHelp.text)
  var threads: Int?

  @Option(
    help: ArgumentHelp(
      "Kernels to use: \(Self.list(InstructionSets.x86)) (x86), \(Self.list(InstructionSets.arm)) (Arm). Default: the fastest on this machine.",
      valueName: "name"))
  var isa: String?

  var isGiven: Bool { arithmetic != nil || threads != nil || isa != nil }

  private static func list(_ names: [String]) -> String { names.joined(separator: ", ") }

  var modelOptions: Model.Options {
    var options = Model.Options()
    options.arithmetic = arithmetic
    options.threads = threads ?? 0
    options.instructionSet = isa
    return options
  }

  func check() throws(Failure) {
    try Self.checkThreads(threads)
    if let isa, !InstructionSets.all.contains(isa) {
      throw .unknownValue(isa, of: "--isa", among: InstructionSets.all)
    }
  }

  static func checkThreads(_ threads: Int?) throws(Failure) {
    guard let threads, threads < 0 else { return }
    throw Failure(
      .usage, "--threads \(threads): expected 0 or more", hint: "leave it out to use all processors")
  }
}

extension OpenBundle {
  /// Whether a file has a bundle's signature, even if it is damaged.
  static func isBundle(_ path: String) -> Bool {
    guard let file = try? MappedFile(path: path) else { return false }
    return (try? Checkpoint.format(of: file)) == .bundle
  }

  /// Opens what a user names as a bundle.
  static func opened(_ path: String, _ options: Model.Options) throws(Failure) -> OpenBundle {
    do throws(PocketCLIPError) {
      return try OpenBundle(path: path, options: options)
    } catch {
      throw notABundle(path) ?? Failure(error, file: path)
    }
  }

  /// The same bundle, for calls that each use fewer threads.
  ///
  /// - Throws: errors from opening.
  func limited(toThreads threads: Int) throws(Failure) -> OpenBundle {
    guard threads != model.information.threads else { return self }
    var options = options
    options.threads = threads
    do throws(PocketCLIPError) {
      return try running(options)
    } catch {
      throw Failure(error, file: path)
    }
  }

  /// - Parameters:
  ///   - width: of the widest image, in pixels.
  ///   - height: of the highest.
  func session(batch: Int, width: Int = 1, height: Int = 1) throws(Failure) -> Session {
    var limits = Session.Limits()
    (limits.batch, limits.width, limits.height) = (batch, width, height)
    do throws(PocketCLIPError) {
      return try Session(model, limits: limits)
    } catch {
      throw Failure(error, file: path)
    }
  }
}

extension OpenBundle {
  /// The error for a bundle with a text tower but without a tokenizer.
  var lacksTokenizer: Failure {
    Failure(
      .unsupported, "\(path): this bundle has no tokenizer",
      hint:
        "give token ids, or convert again with --tokenizer FILE, its spiece.model or tokenizer.json, or --tokenizer openai if the model uses OpenAI's words and text cleaning: "
        + "`pocketclip inspect` shows the tokenizer")
  }

  /// The error for a file that is not a bundle but another known kind of file; nil for a damaged bundle.
  private static func notABundle(_ path: String) -> Failure? {
    guard (try? Folder.kind(of: path)) != .folder else { return isFolder(path) }
    do throws(ReadError) {
      let file = try MappedFile(path: path)
      let format = try Checkpoint.format(of: file)
      guard format != .bundle else { return otherVersion(file) }
      return Failure(
        .data, "\(path): a checkpoint (\(format?.name ?? "in several files")), not a bundle",
        hint: "convert it first: `pocketclip convert \(path.shellQuoted) -o NAME.pclip`")
    } catch {
      return notABundle(path, error)
    }
  }

  private static func isFolder(_ path: String) -> Failure {
    let names = (SystemPath.names(in: path) ?? []).filter { $0.hasSuffix(".pclip") }
    let example = Folder.join(path, names.first ?? "NAME.pclip")
    return Failure(
      .input, "\(path): a folder, not a bundle",
      hint: names.isEmpty
        ? "give a bundle; `pocketclip convert \(path.shellQuoted) -o NAME.pclip` makes one of a checkpoint in the folder"
        : names.count == 1
          ? "give the bundle in it: \(example)" : "give one of the bundles in it, such as \(example)")
  }

  /// The error for a bundle of a later version; nil for any other.
  private static func otherVersion(_ file: MappedFile) -> Failure? {
    do throws(ReadError) {
      _ = try BundleWeights(file)
      return nil
    } catch {
      return error.code == .bundleTooNew ? Failure(describing: error) : nil
    }
  }

  /// Codes are values that each format declares, so a switch over them cannot be exhaustive.
  private static func notABundle(_ path: String, _ error: ReadError) -> Failure? {
    if [.unknownFormat, .unsupportedFormat, .notACheckpoint, .checkpointInArchive].contains(error.code) {
      return Failure(
        .data, "\(path): not a bundle: \(error.found ?? error.description)",
        hint: error.advice ?? "give a .pclip file that `pocketclip convert` wrote")
    }
    if [.emptyFile, .gitLFSPointer, .htmlPage, .fileNotFound].contains(error.code) {
      return Failure(describing: error)
    }
    return nil
  }
}

extension Failure {
  init(_ error: PocketCLIPError, file: String) {
    let status: ExitStatus =
      switch error.code {
      case .open: .input
      case .memory: .memory
      case .format, .content, .imageSize, .tokens, .notFinite: .data
      case .version, .unsupported, .noTower: .unsupported
      case .argument, .buffer: error.isAboutVariable ? .usage : .internal
      case .selfTest: .answerIsNo
      }
    // The runtime's messages are one line. If they state a remedy, it follows a semicolon.
    let parts = error.message.split(separator: "; ", maxSplits: 1).map(String.init)
    let message = Self.withoutPath(parts.first ?? error.message, file)
    let remedy = parts.count > 1 ? parts[1].replacing("use exact", with: "use --arithmetic exact") : nil
    self.init(
      status, "\(file): \(message)",
      hint: error.isAboutVariable
        ? "correct the environment variable, or unset it" : remedy ?? Self.hint(error.code))
  }

  /// `no such file: x.pclip` names the file itself.
  private static func withoutPath(_ message: String, _ file: String) -> String {
    message.hasSuffix(": " + file) ? String(message.dropLast(file.count + 2)) : message
  }

  static func hint(_ code: PocketCLIPError.Code) -> String {
    switch code {
    case .open: "check the path and its permissions"
    case .format:
      "convert the checkpoint again: the bundle is damaged, from an earlier draft, or not written by PocketCLIP"
    case .content: "the file changed after it was written: convert the checkpoint again"
    case .version: "update pocketclip"
    case .noTower: "use a bundle that has it: convert with --tower both"
    case .selfTest:
      "if it passes with PCLIP_ISA=scalar in the environment, report this machine's CPU model; otherwise the bundle was changed after its conversion: `pocketclip verify --against` its checkpoint tells where"
    case .unsupported: "leave out --isa and --arithmetic, and unset PCLIP_ISA and PCLIP_ARITHMETIC"
    case .memory: "raise the limit on address space (ulimit -v), or use a machine with more memory"
    case .argument, .buffer: bugReport
    case .imageSize: "resize the image first"
    case .tokens: "shorten the text"
    case .notFinite: "convert the original weights again: a weight or the input holds values that overflow"
    }
  }
}

extension PocketCLIPError {
  /// Options are checked before, so a wrong value is an environment variable's.
  var isAboutVariable: Bool { code == .argument && message.hasPrefix("PCLIP_") }
}

extension BundleDescription {
  var hasInt8: Bool {
    architecture.image != nil && imagePrecision == .int8 || architecture.text != nil && textPrecision == .int8
  }
}
