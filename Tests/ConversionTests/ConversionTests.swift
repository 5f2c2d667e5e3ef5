import Architecture
import BundleFormat
import BundleWriter
import Calibration
import Checkpoints
import Conversion
import Foundation
import Models
import Output
import PocketCLIP
import Progress
import Synchronization
import TestSupport
import Testing
import Verification

/// A bundle is published only if it meets the required fidelity.
@Suite("Conversions") struct ConvertedBundleTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func request(_ precision: Precision) throws -> ConversionRequest {
    let model = try CLIPModel(
      Checkpoint.open(Fixture.url("minis/mini-vit.pt").path), options: ModelOptions())
    var request = ConversionRequest(model: model, output: folder.file("m.pclip"), tool: "ConversionTests")
    request.precision = precision
    request.reference = .underTest
    return request
  }

  private func policy(_ request: ConversionRequest, cosine: Double? = nil) -> FidelityPolicy {
    FidelityPolicy(
      precision: request.precision, architecture: request.model.architecture, minimumCosine: cosine,
      minimumAgreement: nil)
  }

  private func written() throws -> BundleHeader {
    try BundleHeader(file: [UInt8](folder.data("m.pclip")).span.bytes)
  }

  @Test("A bundle below the required fidelity is not written, and the measurement is reported")
  func belowDemand() throws {
    var request = try request(.int8)
    request.fidelity = policy(request, cosine: 1)
    do throws(ConversionError) {
      _ = try Conversion.run(request)
      Issue.record("int8 weights gave FP32's vectors")
    } catch {
      guard case .belowDemand(let reports, .int8) = error else { throw error }
      #expect(reports.map(\.verdict) == [.fail, .fail])
      #expect(reports.allSatisfy { $0.subject.hasPrefix(request.output) })
    }
    #expect(folder.names == [])
  }

  @Test("Each requirement has a report, and the bundle records both with the probes")
  func measured() throws {
    var request = try request(.int8)
    request.fidelity = policy(request)
    let converted = try Conversion.run(request)
    #expect(converted.reports.map(\.verdict) == [.pass, .pass])
    #expect(
      converted.reports.map(\.subject) == ["\(request.output), fast", "\(request.output), exact"])
    let header = try written()
    #expect(header.bundleID == converted.bundleID)
    #expect(folder.names == ["m.pclip"])
    #expect(try folder.data("m.pclip").count == converted.byteCount)
    #expect(String(decoding: header.description.fidelity.probes, as: UTF8.self) == ProbeSet.standard.id)
    #expect(header.description.fidelity.imageFast == 999_800)
    #expect(header.description.fidelity.textExact == 999_500)
  }

  @Test("Without measuring, the bundle states that it was not measured")
  func unmeasured() throws {
    #expect(try Conversion.run(request(.fp16)).reports.isEmpty)
    #expect(try written().description.fidelity == FidelityDemand())
  }

  @Test("The self-test equals the vectors that the bundle computes")
  func selfTest() throws {
    _ = try Conversion.run(request(.int8))
    let model = try Model(path: folder.file("m.pclip"))
    try Session(model).selfTest()
  }

  @Test("A single tower stores the ids of both")
  func oneTower() throws {
    let whole = try Conversion.run(request(.fp16)).description
    var half = try request(.fp16)
    half.output = folder.file("half.pclip")
    half.tower = .text
    let description = try Conversion.run(half).description
    #expect(description.architecture.image == nil && description.architecture.text != nil)
    #expect(description.imageID == whole.imageID && description.textID == whole.textID)
  }

  @Test(
    "Progress has as many phases as announced, each counted to its total, and the weights are written once",
    arguments: [Precision.fp16, .int8])
  func progress(_ precision: Precision) throws {
    let states = Mutex<[PhaseState?]>([])
    let writings = Mutex(0)
    var request = try request(precision)
    request.fidelity = policy(request)
    request.progress = WorkProgress { state in states.withLock { $0.append(state) } }
    request.onWritten = { writings.withLock { $0 += 1 } }
    _ = try Conversion.run(request)
    let heard = states.withLock { $0 }
    #expect(writings.withLock { $0 } == 1 && heard.last == .some(nil))
    let ends = Dictionary(grouping: heard.compactMap(\.self), by: \.step).mapValues { $0[$0.count - 1] }
    #expect(ends.count == ends[1]?.stepCount && ends.count == (precision == .int8 ? 7 : 6))
    for end in ends.values { #expect(end.done == end.phase.total, "\(end)") }
    #expect(Set(ends.values.map(\.phase.name)).count == ends.count)
  }

  /// Worst cosine of an image, `fast` and `exact`: 0.99947 and 0.99945 to nearest, 0.99978 and 0.99994 calibrated.
  private func missed() throws -> ConversionRequest {
    let model = try CLIPModel(Checkpoint.open(Fixture.url("minis/mini-rn.pt").path), options: ModelOptions())
    var request = try request(.int8)
    request.model = model
    request.fidelity = policy(request, cosine: 0.9996)
    return request
  }

  @Test("int8 that misses its bound to nearest is rounded by calibration")
  func calibrates() throws {
    let states = Mutex<[PhaseState?]>([])
    let heard = Mutex<[Report]>([])
    var request = try missed()
    request.progress = WorkProgress { state in states.withLock { $0.append(state) } }
    request.onRung = { rung, missed, _ in
      #expect(rung == .calibrated)
      heard.withLock { $0 += missed.filter { $0.verdict == .fail } }
    }
    let converted = try Conversion.run(request)
    #expect(heard.withLock { !$0.isEmpty })
    #expect(converted.reports.map(\.verdict) == [.pass, .pass])
    let rounding = try #require(converted.rounding)
    #expect(rounding.images == 32 && rounding.texts > 100 && rounding.set.hasPrefix("calibration-1-"))
    #expect(states.withLock { $0.contains { $0?.phase.name == "choosing roundings" } })
    let last = states.withLock { $0.compactMap(\.self).last }
    #expect(last?.step == last?.stepCount)
  }

  @Test("The effort `nearest` never calibrates")
  func nearestOnly() throws {
    var request = try missed()
    request.effort = .nearest
    request.onRung = { _, _, _ in Issue.record("climbed") }
    #expect(throws: ConversionError.self) { try Conversion.run(request) }
    #expect(folder.names == [])
  }

  @Test(
    "The effort `calibrated` begins with calibration; if rounding to nearest suffices, `auto` has its bytes")
  func efforts() throws {
    var bytes: [Data] = []
    for effort in [Effort.nearest, .automatic, .calibrated] {
      var request = try request(.int8)
      request.fidelity = policy(request)
      request.effort = effort
      request.replacesExisting = true
      #expect((try Conversion.run(request).rounding != nil) == (effort == .calibrated))
      bytes.append(try folder.data("m.pclip"))
    }
    #expect(bytes[0] == bytes[1] && bytes[1] != bytes[2])
  }

  @Test(
    "A bundle states the form of each matrix, and what chose its roundings",
    arguments: [Effort.nearest, .calibrated])
  func forms(effort: Effort) throws {
    var request = try request(.int8)
    request.fidelity = policy(request)
    request.effort = effort
    _ = try Conversion.run(request)
    let description = try written().description
    let isCalibrated = effort == .calibrated
    // Three blocks of four matrices, patch embedding, projection; two blocks, token table, projection.
    #expect(description.imageForms == (isCalibrated ? Array(repeating: .calibrated, count: 14) : []))
    #expect(
      description.textForms == (isCalibrated ? [.nearest] + Array(repeating: .calibrated, count: 9) : []))
    let set = ProbeSet.calibration(for: request.model.architecture).id
    #expect(String(decoding: description.provenance.calibration, as: UTF8.self) == (isCalibrated ? set : ""))
  }

  @Test("An existing file is an error before anything is computed, and is kept")
  func existing() throws {
    try folder.write(Data("mine".utf8), to: "m.pclip")
    let request = try request(.fp16)
    do throws(ConversionError) {
      _ = try Conversion.run(request)
      Issue.record("the file was replaced")
    } catch {
      guard case .write(.output(let problem)) = error else { throw error }
      #expect(problem.code == .exists)
    }
    #expect(try folder.data("m.pclip") == Data("mine".utf8))
  }
}
