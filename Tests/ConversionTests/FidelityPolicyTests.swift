import Architecture
import BundleFormat
import Conversion
import Models
import PocketCLIP
import Testing
import Verification

/// Requirements that a bundle must meet before it is published.
@Suite("Fidelity policies") struct FidelityPolicyTests {
  private func architecture(_ name: String) throws -> CLIPArchitecture {
    try #require(ArchitectureCatalogue.architecture(named: name))
  }

  private func policy(
    _ precision: Precision, _ name: String, cosine: Double? = nil, agreement: Double? = nil
  ) throws -> FidelityPolicy {
    FidelityPolicy(
      precision: precision, architecture: try architecture(name), minimumCosine: cosine,
      minimumAgreement: agreement)
  }

  @Test("An int8 bundle is measured with both arithmetics, any other with its own")
  func arithmetics() throws {
    #expect(try policy(.fp32, "ViT-B-32").demands.map(\.arithmetic) == [.fast])
    #expect(try policy(.fp16, "ViT-B-32").demands.map(\.arithmetic) == [.fast])
    #expect(try policy(.int8, "ViT-B-32").demands.map(\.arithmetic) == [.fast, .exact])
  }

  @Test("Without options the defaults of the precision apply")
  func defaults() throws {
    #expect(try policy(.fp16, "ViT-B-32").demands.map(\.thresholds?.image) == [Thresholds.fp16.image])
    let image = try architecture("RN50").image
    #expect(
      try policy(.int8, "RN50").demands.map(\.thresholds?.image) == [
        Thresholds.int8Fast(image).image, Thresholds.int8Exact(image).image,
      ])
  }

  @Test("An option overrides the requirement of both towers, with every arithmetic")
  func options() throws {
    for demand in try policy(.int8, "ViT-B-32", cosine: 0.9, agreement: 0.75).demands {
      let thresholds = try #require(demand.thresholds)
      #expect(thresholds.image == Thresholds.Bounds(worstCosine: 0.9))
      #expect(thresholds.text == thresholds.image && thresholds.agreement == 0.75)
      #expect(thresholds.name.hasSuffix(", as given"))
    }
  }

  @Test(
    "Every variant of a kind of image tower has the same bounds of int8, and every text tower",
    arguments: [
      ("RN50", 0.998, 0.999), ("RN101", 0.998, 0.999), ("RN50x4", 0.998, 0.999), ("RN50x16", 0.998, 0.999),
      ("RN50x64", 0.998, 0.999), ("ViT-B-32", 0.9998, 0.9999), ("ViT-B-16", 0.9998, 0.9999),
      ("ViT-L-14", 0.9998, 0.9999), ("ViT-L/14@336px", 0.9998, 0.9999),
    ])
  func bounds(_ name: String, fast: Double, exact: Double) throws {
    let demands = try policy(.int8, name).demands.map(\.thresholds)
    #expect(demands.map(\.?.image?.worstCosine) == [fast, exact])
    #expect(demands.map(\.?.text?.worstCosine) == [0.999, 0.9995])
  }
}
