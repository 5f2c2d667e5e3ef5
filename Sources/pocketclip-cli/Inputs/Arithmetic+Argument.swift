public import ArgumentParser
public import PocketCLIP

/// `fast`, `exact` and `bf16` as users write them.
extension Model.Arithmetic: ExpressibleByArgument {
  public init?(argument: String) {
    guard let choice = Self.allCases.first(where: { "\($0)" == argument }) else { return nil }
    self = choice
  }

  public static var allValueStrings: [String] { allCases.map { "\($0)" } }

  public var defaultValueDescription: String { "\(self)" }
}
