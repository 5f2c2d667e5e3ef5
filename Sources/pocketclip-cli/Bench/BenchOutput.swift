import Architecture
import BundleFormat
import MachinePeak
import PocketCLIP
import Verification

struct BenchOutput: SchemaOutput {
  static let schema = "bench"
  var toolVersion = runtimeVersion
  var instructionSet: String
  var threads: Int
  /// Operations per second; nil if there is no measuring loop for this kind of processor. `peakInt16`: 16-bit by 8-bit
  /// factors, which `exact` multiplies on int8 bundles.
  var peakFp32, peakBf16, peakInt8, peakInt16: Double?
  /// nil if the machine has no AMX, or refuses it.
  var peakBf16WithoutAmx, peakInt8WithoutAmx, peakInt16WithoutAmx: Double?
  var variants: [Variant]
  /// Nil without a comparison, and if no variant reaches the target.
  var recommendation: Recommendation?
  /// Warnings against a choice on this machine, with figures.
  var warnings: [String] = []
  /// Errors of images that were left out.
  var skipped: [String]?

  init(_ peak: PeakRate, _ information: ModelInformation, _ variants: [Variant]) {
    instructionSet = information.instructionSet
    threads = information.threads
    peakFp32 = peak.fp32
    peakBf16 = peak.bf16
    peakInt8 = peak.int8
    peakInt16 = peak.int16
    if peak.hasTiles {
      peakBf16WithoutAmx = peak[.bf16]
      peakInt8WithoutAmx = peak[.int8]
      peakInt16WithoutAmx = peak[.int16]
    }
    self.variants = variants
  }

  struct Variant: Encodable {
    var name, model, arithmetic: String
    /// Nil for a bundle that bench made.
    var path: String?
    var towers: [String]
    var fileByteCount: UInt64
    var rows: [Row] = []
    var stages: [Stage] = []
    /// Whether the bundle runs so if nothing else is requested.
    var isDefault: Bool
    /// The command that makes the bundle, if bench made it.
    var command: String?
    /// Whether the cosines of the others are relative to this variant; nil if nothing is compared.
    var isTruth: Bool?
    var worstImageCosine, meanImageCosine, worstTextCosine, meanTextCosine: Double?
    var agreement: AgreementRow?
    /// What it lacks to reach the target; nil without a target.
    var missed: [String]?

    init(_ variant: BenchVariant) {
      name = variant.name
      path = variant.command == nil ? variant.bundle.path : nil
      model = String(decoding: variant.description.model, as: UTF8.self)
      arithmetic = "\(variant.information.arithmetic)"
      towers = Tower.allCases.filter { variant.description.architecture.has($0) }.map { "\($0)" }
      fileByteCount = variant.information.fileByteCount
      command = variant.command
      isDefault = variant.arithmetic == (variant.description.hasInt8 ? .fast : .exact)
    }

    mutating func set(_ fidelity: BenchFidelity, isTruth: Bool) {
      self.isTruth = isTruth
      // Of the reference, 1 but for rounding.
      (worstImageCosine, meanImageCosine) = (fidelity.image?.worst, fidelity.image?.mean)
      (worstTextCosine, meanTextCosine) = (fidelity.text?.worst, fidelity.text?.mean)
      if isTruth {
        (worstImageCosine, meanImageCosine) = (
          worstImageCosine.map { _ in 1 }, meanImageCosine.map { _ in 1 }
        )
        (worstTextCosine, meanTextCosine) = (worstTextCosine.map { _ in 1 }, meanTextCosine.map { _ in 1 })
      }
      agreement = fidelity.agreement.map(AgreementRow.init)
    }
  }

  /// Images that choose the text that they choose with the reference.
  struct AgreementRow: Encodable {
    var agreeing, images, texts: Int
    /// Wilson's interval of 95 %.
    var least, most: Double

    init(_ agreement: Agreement) {
      (agreeing, images, texts) = (agreement.agreeing, agreement.images, agreement.texts)
      (least, most) = (agreement.interval.lowerBound, agreement.interval.upperBound)
    }

    /// `99.6 (99.2-99.8)`, in percent.
    var percentages: String {
      let numbers = [Double(agreeing) / Double(images), least, most].map { fixed(100 * $0, 1) }
      return "\(numbers[0]) (\(numbers[1])-\(numbers[2]))"
    }
  }

  struct Row: Encodable {
    /// `images`, `texts` (a full context) or `captions`.
    var input: String
    var batch: Int
    /// How often the batch was run.
    var runs: Int
    /// Of one item, like the least.
    var medianMilliseconds, leastMilliseconds: Double
    /// By the median.
    var itemsPerSecond: Double
    /// Of one item, a multiply-add counted as two, in the original code and in the runtime; nil for captions.
    var operations, computedOperations: Double?
    /// Of the computed operations.
    var shareOfPeak: Double?

    init(_ test: BenchCase, _ times: BenchTimes, _ variant: BenchVariant, _ peak: PeakRate) {
      input = test.input.rawValue
      batch = test.batch
      runs = times.seconds.count
      let items = Double(test.batch)
      medianMilliseconds = times.median / items * 1000
      leastMilliseconds = times.least / items * 1000
      itemsPerSecond = items / times.median
      operations = test.input.operations(variant.description.architecture)
      computedOperations = test.input.computedOperations(variant.description.architecture)
      let best = variant.best(test.input.tower, of: peak)
      if let computedOperations, let best { shareOfPeak = computedOperations * itemsPerSecond / best }
    }
  }

  struct Stage: Encodable {
    var tower, name: String
    /// The number of stages of the forward pass in this sum.
    var count: Int
    var milliseconds, share: Double

    init(_ part: StageTimes.Part, share: Double) {
      tower = "\(part.tower)"
      name = part.name
      count = part.stages
      milliseconds = part.seconds * 1000
      self.share = share
    }
  }
}

extension BenchOutput.Variant {
  /// The worse of both towers; 1 if nothing could be compared.
  var worstCosine: Double { min(worstImageCosine ?? 1, worstTextCosine ?? 1) }

  /// The shortest time of one item at batch 1, which other load on the machine affects least: of an image if there is an
  /// image tower.
  var milliseconds: Double { rows.first?.leastMilliseconds ?? .infinity }
}
