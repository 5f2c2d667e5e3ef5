import ArgumentParser
import ReferenceForward
import Verification

/// How the FP32 reference multiplies.
struct ReferenceOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Matrix product of the FP32 reference. portable is slower, with the same bits on every machine. Default: openblas if it can run.",
      valueName: "product"))
  var reference: ProductChoice?

  enum ProductChoice: String, ExpressibleByArgument, CaseIterable {
    case openblas, portable

    var choice: MatrixProduct.Choice {
      switch self {
      case .openblas: .openBLAS
      case .portable: .portable
      }
    }
  }

  func request(_ console: Console) -> ReferenceRequest {
    ReferenceRequest(reference?.choice) { product in
      guard let reason = product.fallbackReason else { return }
      console.note("note: the reference runs on its portable product, which is slower: \(reason)")
    }
  }
}
