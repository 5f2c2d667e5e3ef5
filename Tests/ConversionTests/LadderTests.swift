import Architecture
import BundleFormat
import Checkpoints
import Conversion
import Foundation
import Models
import Progress
import Synchronization
import TestSupport
import Testing
import Verification

@Suite("The rungs of int8") struct LadderTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A bound that no mini meets with int8 alone.
  private static let strict = 0.99999

  private func request(_ mini: String = "mini-vit", cosine: Double? = Self.strict) throws -> ConversionRequest
  {
    let model = try CLIPModel(
      Checkpoint.open(Fixture.url("minis/\(mini).pt").path), options: ModelOptions())
    var request = ConversionRequest(model: model, output: folder.file("m.pclip"), tool: "LadderTests")
    request.precision = .int8
    request.reference = .underTest
    request.replacesExisting = true
    request.fidelity = FidelityPolicy(
      precision: .int8, architecture: model.architecture, minimumCosine: cosine, minimumAgreement: nil)
    return request
  }

  private func written() throws -> BundleDescription {
    try BundleHeader(file: [UInt8](folder.data("m.pclip")).span.bytes).description
  }

  @Test(
    "Where calibrated int8 misses a bound, some matrices get wider forms until it holds",
    arguments: ["mini-vit", "mini-rn"])
  func mixed(_ mini: String) throws {
    var request = try request(mini)
    let rungs = Mutex<[Rung]>([])
    let states = Mutex<[PhaseState?]>([])
    request.onRung = { rung, missed, forms in
      #expect(!missed.isEmpty && !forms.isEmpty)
      rungs.withLock { $0.append(rung) }
    }
    request.progress = WorkProgress { state in states.withLock { $0.append(state) } }
    let converted = try Conversion.run(request)
    #expect(rungs.withLock { $0.prefix(2) } == [.calibrated, .mixed])
    #expect(converted.reports.allSatisfy { $0.verdict == .pass })
    for report in converted.reports {
      for tower in Tower.allCases {
        #expect(try #require(report.tower(tower)).metrics.worstCosine >= Self.strict)
      }
    }
    let forms = try written().matrixForms
    #expect(forms.contains { $0.form == .half } && forms.contains { $0.form.precision == .int8 })
    let recipe = try #require(converted.recipe)
    #expect(recipe.matrices.map { $0.form } == forms.map { $0.form })
    #expect(recipe.matrices.map { $0.tensor } == forms.map { $0.name.description })
    #expect(recipe.matrices.allSatisfy { ($0.weightError ?? -1) >= 0 && ($0.inputError ?? -1) >= 0 })
    let last = states.withLock { $0.compactMap(\.self).last }
    #expect(last?.step == last?.stepCount)
  }

  @Test("Only the towers that miss a bound get wider forms")
  func oneTower() throws {
    var request = try request(cosine: nil)
    var demands = try #require(request.fidelity).demands
    for index in demands.indices { demands[index].thresholds?.image?.worstCosine = Self.strict }
    request.fidelity?.demands = demands
    _ = try Conversion.run(request)
    let description = try written()
    #expect(description.imageForms.contains(.half) || description.imageForms.contains(.calibratedWide))
    #expect(description.textForms.allSatisfy { $0 == .calibrated || $0 == .nearest })
  }

  @Test("A recipe repeats the bytes, from a conversion or from a bundle, without measuring sensitivities")
  func recipe() throws {
    let first = try Conversion.run(request())
    let bytes = try folder.data("m.pclip")
    for recipe in [try #require(first.recipe), Recipe(try written())] {
      var again = try request()
      again.recipe = recipe
      again.onRung = { _, _, _ in Issue.record("climbed") }
      _ = try Conversion.run(again)
      #expect(try folder.data("m.pclip") == bytes)
    }
  }

  @Test("A recipe of both towers serves each alone")
  func towersOfARecipe() throws {
    var request = try request(cosine: nil)
    request.keptHalves = Set(request.matrixNames.filter { $0.description.hasSuffix("c_proj.weight") })
    let recipe = try #require(try Conversion.run(request).recipe)
    request.keptHalves = []
    request.recipe = recipe
    for tower in Tower.allCases {
      request.tower = tower
      _ = try Conversion.run(request)
      let stated = try written().matrixForms
      #expect(
        stated.map { $0.form }
          == recipe.matrices.filter { row in
            stated.contains { $0.name.description == row.tensor }
          }.map { $0.form })
      #expect(stated.contains { $0.form == .half } && stated.allSatisfy { $0.tower == tower })
    }
  }

  @Test("Images that choose other texts lead to wider forms, even where every cosine is met")
  func agreement() throws {
    var request = try request("mini-rn", cosine: 0.9)
    request.fidelity = FidelityPolicy(
      precision: .int8, architecture: request.model.architecture, minimumCosine: 0.9, minimumAgreement: 1)
    let converted = try Conversion.run(request)
    #expect(converted.reports.allSatisfy { $0.agreement?.fraction == 1 })
  }

  @Test("A recipe that does not name each matrix once, or that other images chose, is an error")
  func foreignRecipes() throws {
    var request = try request()
    request.effort = .calibrated
    request.fidelity = nil
    let recipe = try #require(try Conversion.run(request).recipe)
    let first = recipe.matrices[0].tensor
    var changed = [Recipe](repeating: recipe, count: 5)
    changed[0].matrices.removeFirst()
    changed[1].matrices.append(recipe.matrices[0])
    changed[2].matrices[0].tensor = "visual.conv9.weight"
    changed[3].calibration = "other-1"
    let table = try #require(recipe.matrices.firstIndex { $0.tensor == "token_embedding.weight" })
    changed[4].matrices[table].form = .nearestWide
    let faults: [RecipeFault] = [
      .missingTensor(first), .repeatedTensor(first), .unknownTensor("visual.conv9.weight"),
      .otherCalibration(expected: "other-1", found: recipe.calibration), .tableForm("token_embedding.weight"),
    ]
    for (recipe, fault) in zip(changed, faults) {
      request.recipe = recipe
      do throws(ConversionError) {
        _ = try Conversion.run(request)
        Issue.record("\(fault)")
      } catch {
        guard case .recipe(fault) = error else { throw error }
      }
    }
  }

  @Test("Named matrices stay FP16, and the others are int8 to nearest")
  func kept() throws {
    var request = try request(cosine: nil)
    let names = Set(request.matrixNames.filter { $0.description.hasSuffix("c_proj.weight") })
    request.keptHalves = names
    _ = try Conversion.run(request)
    for matrix in try written().matrixForms {
      #expect(matrix.form == (names.contains(matrix.name) ? .half : .nearest), "\(matrix.name)")
    }
  }

  @Test("A bundle beyond the largest size is not written, at the first rung and at a later one")
  func largestSize() throws {
    let least = try Conversion.run(request(cosine: nil)).byteCount
    try FileManager.default.removeItem(atPath: folder.file("m.pclip"))
    for most in [1000, least] {
      var request = try request()
      request.maximumByteCount = most
      do throws(ConversionError) {
        _ = try Conversion.run(request)
        Issue.record("written within \(most) bytes")
      } catch {
        guard case .tooLarge(let byteCount, most: most, _) = error else { throw error }
        #expect(byteCount > most)
      }
      #expect(folder.names == [])
    }
  }
}
