import Foundation
public import ReferenceForward
public import Verification

extension MatrixProduct {
  /// The matrix product for numeric tests: OpenBLAS, or the one that POCKETCLIP_TEST_REFERENCE names. `make
  /// test-numeric` runs them on every kernel set of OpenBLAS and on the portable product; a fallback would hide one
  /// of these.
  public static var underTest: MatrixProduct {
    get throws { try MatrixProduct(choiceUnderTest) }
  }

  fileprivate static var choiceUnderTest: Choice {
    switch ProcessInfo.processInfo.environment["POCKETCLIP_TEST_REFERENCE"] {
    case nil, "openblas": .openBLAS
    case "portable": .portable
    case let other?: preconditionFailure("POCKETCLIP_TEST_REFERENCE=\(other): expected openblas or portable")
    }
  }
}

extension ReferenceRequest {
  public static var underTest: ReferenceRequest { ReferenceRequest(MatrixProduct.choiceUnderTest) }
}
