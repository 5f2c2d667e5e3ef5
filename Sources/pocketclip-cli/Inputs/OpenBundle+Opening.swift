import Architecture
import Archives
import ArgumentParser
import BundleFormat
import Checkpoints
import PocketCLIP
import Quantization
import Verification

/// How a bundle is run; the defaults are the runtime's.
struct RuntimeOptions: ParsableArguments {
  @Option(
    help:
      "On int8 bundles fast (int8 × int8) or exact (int8 × 16-bit activations), on FP16 bundles exact or bf16 (both sides rounded to BF16, where the processor multiplies it). Default: fast, exact."
  )
  var arithmetic: Model.Arithmetic?

  @Option(help: "How many threads a call may use. Default: all that this process may use.")
  var threads: Int?

  @Option(
    help: ArgumentHelp(
      "Kernels by name: \(Self.list(InstructionSets.x86)); \(Self.list(InstructionSets.arm)). Default: the best here.",
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

  mutating func validate() throws {
    if let threads, threads < 0 { throw ValidationError("--threads \(threads): expected 0 or more") }
  }
}

extension OpenBundle {
  /// Opens what a user names as a bundle.
  static func opened(_ path: String, _ options: Model.Options) throws(Failure) -> OpenBundle {
    do throws(PocketCLIPError) {
      return try OpenBundle(path: path, options: options)
    } catch {
      throw VectorLayout.notABundle(path) ?? notABundle(path) ?? Failure(error, file: path)
    }
  }

  /// The same bundle for calls that use fewer threads each.
  ///
  /// - Throws: what opening throws.
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
  /// Why texts cannot be encoded although there is a text tower.
  var lacksTokenizer: Failure {
    Failure(
      .unsupported, "\(path): no tokenizer travels in this bundle",
      hint:
        "give token ids, or convert again with --tokenizer openai if words and text cleaning are OpenAI's: "
        + "what `pocketclip inspect` says of the tokenizer tells whether they are")
  }

  /// What a file that the runtime refuses is, where it is something else that is known; nil for a damaged bundle.
  private static func notABundle(_ path: String) -> Failure? {
    do throws(ReadError) {
      let format = try Checkpoint.format(of: path)
      guard format != .bundle else { return nil }
      return Failure(
        .badData, "\(path): a checkpoint (\(format?.name ?? "in several files")), not a bundle",
        hint: "make a bundle of it first: pocketclip convert \(path) -o NAME.pclip")
    } catch {
      return notABundle(path, error)
    }
  }

  /// Codes are values that each format declares, so none of these lists can be complete.
  private static func notABundle(_ path: String, _ error: ReadError) -> Failure? {
    if [.unknownFormat, .unsupportedFormat, .notACheckpoint, .checkpointInArchive].contains(error.code) {
      return Failure(
        .badData, "\(path): not a bundle: \(error.found ?? error.description)",
        hint: "give a .pclip file that `pocketclip convert` wrote; convert again if it is damaged")
    }
    if [.emptyFile, .gitLFSPointer, .htmlPage, .fileNotFound].contains(error.code) {
      return Failure(describing: error)
    }
    guard (try? Folder.kind(of: path)) == .folder else { return nil }
    return Failure(
      .cannotOpen, "\(path): that is a folder, not a bundle", hint: "give the .pclip file itself")
  }
}

extension Failure {
  init(_ error: PocketCLIPError, file: String) {
    let status: ExitStatus =
      switch error.code {
      case .open, .memory: .cannotOpen
      case .format, .content, .imageSize, .tokens, .notFinite: .badData
      case .version, .unsupported, .noTower: .unsupported
      case .argument, .buffer: .internal
      case .selfTest: .verificationFailed
      }
    self.init(status, "\(file): \(error.message)", hint: Self.hint(error.code))
  }

  private static func hint(_ code: PocketCLIPError.Code) -> String? {
    switch code {
    case .open: "check the path and the permissions"
    case .format:
      "only .pclip bundles are run: make one with `pocketclip convert`; convert the checkpoint again if the bundle is damaged or of an earlier draft of the format"
    case .content: "the file changed after it was written: convert the checkpoint again"
    case .version: "update pocketclip"
    case .noTower: "use a bundle that has it: convert with --tower both"
    case .selfTest: "report this machine's CPU model, and use --isa scalar meanwhile"
    case .unsupported: "correct --isa or --arithmetic, or PCLIP_ISA or PCLIP_ARITHMETIC in the environment"
    case .memory: "raise the limit on address space (ulimit -v), or use a machine with more memory"
    case .argument, .buffer, .imageSize, .tokens, .notFinite: nil
    }
  }
}

extension BundleDescription {
  var hasInt8: Bool {
    architecture.image != nil && imagePrecision == .int8 || architecture.text != nil && textPrecision == .int8
  }
}
