public import ArgumentParser
public import PocketCLIP

/// `fast`, `exact` and `bf16` as users write them.
extension Model.Arithmetic: ExpressibleByArgument {
  public init?(argument: String) {
    guard let choice = Self.allCases.first(where: { "\($0)" == argument }) else { return nil }
    self = choice
  }

  public static var allValueStrings: [String] { allCases.map { "\($0)" } }

  public static var allValueDescriptions: [String: String] {
    Dictionary(uniqueKeysWithValues: allCases.map { ("\($0)", $0.words) })
  }

  public var defaultValueDescription: String { "\(self)" }

  private var words: String {
    switch self {
    case .fast: "int8 weights and int8 activations; the default on int8 bundles"
    case .exact: "16-bit activations on int8 bundles, FP32 on others; the default on FP16 and FP32 bundles"
    case .bf16: "both operands rounded to BF16; for FP16 bundles, on processors with BF16 instructions"
    }
  }
}
