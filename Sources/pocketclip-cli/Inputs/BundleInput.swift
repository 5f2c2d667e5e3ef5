import Architecture
import Archives
import ArgumentParser
import BundleFormat
import PocketCLIP

/// How a bundle is run; the defaults are the runtime's.
struct RuntimeOptions: ParsableArguments {
  @Option(help: "Arithmetic on int8 bundles: fast (int8 × int8) or exact (float activations). Default: fast.")
  var arithmetic: ArithmeticChoice?

  @Option(help: "How many threads a call may use. Default: all that this process may use.")
  var threads = 0

  @Option(
    help: ArgumentHelp(
      "Kernels by name: scalar, avx2, avx512vnni. Default: the best here.", valueName: "name"))
  var isa: String?

  enum ArithmeticChoice: String, ExpressibleByArgument, CaseIterable {
    case fast, exact

    var arithmetic: Model.Arithmetic {
      switch self {
      case .fast: .fast
      case .exact: .exact
      }
    }
  }

  var modelOptions: Model.Options {
    var options = Model.Options()
    options.arithmetic = arithmetic?.arithmetic ?? .automatic
    options.threads = threads
    options.instructionSet = isa
    return options
  }

  mutating func validate() throws {
    guard threads >= 0 else { throw ValidationError("--threads \(threads): expected 0 or more") }
  }
}

/// An open bundle with its header.
struct BundleInput {
  let path: String
  let model: Model
  let header: BundleHeader
  let openSeconds: Double

  init(_ path: String, _ options: Model.Options = Model.Options()) throws {
    self.path = path
    let started = ContinuousClock.now
    do throws(PocketCLIPError) {
      model = try Model(path: path, options: options)
    } catch {
      throw Failure(error, file: path)
    }
    openSeconds = started.duration(to: .now).seconds
    let file = try MappedFile(path: path)
    do throws(BundleFault) {
      header = try BundleHeader(file: file.bytes)
    } catch {
      throw Failure(.badData, "\(path): \(error)", hint: "convert the checkpoint again")
    }
  }

  func session(batch: Int, pictures: [PictureInput] = []) throws -> Session {
    var limits = Session.Limits()
    limits.batch = batch
    limits.width = pictures.map(\.picture.width).max() ?? model.information.imageSize
    limits.height = pictures.map(\.picture.height).max() ?? model.information.imageSize
    limits.width = max(limits.width, 1)
    limits.height = max(limits.height, 1)
    do throws(PocketCLIPError) {
      return try Session(model, limits: limits)
    } catch {
      throw Failure(error, file: path)
    }
  }
}

extension Failure {
  init(_ error: PocketCLIPError, file: String) {
    let status: ExitStatus =
      switch error.code {
      case .open: .cannotOpen
      case .format, .content, .imageSize, .tokens, .notFinite: .badData
      case .version, .unsupported, .noTower: .unsupported
      case .argument, .buffer, .memory: .internal
      case .selfTest: .verificationFailed
      }
    let place = error.code == .format ? " at byte \(error.byteOffset)" : ""
    self.init(status, "\(file): \(error.message)\(place)", hint: Self.hint(error.code))
  }

  private static func hint(_ code: PocketCLIPError.Code) -> String? {
    switch code {
    case .open: "check the path and the permissions"
    case .format:
      "only .pclip bundles are run; make one with `pocketclip convert`, or convert again if it is damaged"
    case .content: "the file changed after it was written: convert the checkpoint again"
    case .version: "update pocketclip"
    case .noTower: "use a bundle that has it: convert with --tower both"
    case .selfTest: "report this machine's CPU model, and use --isa scalar meanwhile"
    case .argument, .buffer, .unsupported, .memory, .imageSize, .tokens, .notFinite: nil
    }
  }
}

extension BundleDescription {
  var hasInt8: Bool {
    architecture.image != nil && imagePrecision == .int8 || architecture.text != nil && textPrecision == .int8
  }
}
