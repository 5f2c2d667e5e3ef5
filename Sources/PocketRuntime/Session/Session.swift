import Architecture
import BundleFormat
import CKernels
import CPlatform
import ImagePreprocessing
import Tokenizer

/// The scratch memory of one caller: one call at a time.
///
/// All memory for a call is allocated here, once. Encoding allocates nothing.
package final class Session {
  let model: Model
  let limits: SessionLimits
  let scratch: SessionScratch
  let preparation: ImagePreparation?
  var tokenizerScratch: TextTokenizer.Scratch
  /// Observes forward passes, for verification.
  package var observer: StageObserver?
  private let memory: UnsafeMutableRawPointer

  /// A static function instead of an initializer, for the reason given at `Model.open`.
  static func create(_ model: Model, _ limits: SessionLimits) throws(RuntimeFault) -> Session {
    let byteCount = try byteCount(model, limits)
    let reservation = try Reservation(byteCount, for: "a session")
    defer { reservation.close() }
    guard let scratchBytes = SessionScratch(model, limits, base: nil).byteCount,
      let memory = pf_alloc_aligned(scratchBytes, FileMemory.alignment)
    else { throw RuntimeFault.memory("a session", byteCount: byteCount) }
    return Session(model, limits, memory)
  }

  /// - Parameter memory: `SessionScratch.byteCount` bytes; freed with the session.
  private init(_ model: Model, _ limits: SessionLimits, _ memory: UnsafeMutableRawPointer) {
    self.model = model
    self.limits = limits
    self.memory = memory
    scratch = SessionScratch(model, limits, base: memory)
    scratch.claim.initialize(to: pf_claim())
    if let image = model.description.architecture.image {
      preparation = ImagePreparation(
        Session.preprocessor(model, image), limits, workers: Session.preparers(model, scratch))
    } else {
      preparation = nil
    }
    tokenizerScratch = TextTokenizer.Scratch(model.tokenizer, contextLength: Session.contextLength(model))
  }

  deinit { pf_free(memory) }

  /// Bytes that `create` reserves.
  ///
  /// - Throws: `argument` if they exceed an address space, or `memory`.
  static func byteCount(_ model: Model, _ limits: SessionLimits) throws(RuntimeFault) -> Int {
    let reservation = try Reservation(objectBytes, for: "a session")
    defer { reservation.close() }
    let scratch = SessionScratch(model, limits, base: nil)
    guard let scratchBytes = scratch.byteCount else {
      throw RuntimeFault.beyondAddressSpace("a session with these limits")
    }
    var total = scratchBytes + objectBytes
    total += TextTokenizer.Scratch.byteCount(model.tokenizer, contextLength: contextLength(model))
    if let image = model.description.architecture.image {
      total += ImagePreparation.byteCount(
        imageSize: image.imageSize, model.description.preprocessing.backend, limits,
        workers: preparers(model, scratch))
    }
    return total
  }

  /// Bytes reserved for a session's other allocations: a few objects and a list of 16 ResNet scratches.
  private static let objectBytes = 64 << 10

  private static func preprocessor(_ model: Model, _ tower: ImageTower) -> ImagePreprocessor {
    ImagePreprocessor(
      model.description.preprocessing, imageSize: tower.imageSize,
      kernels: ResizeKernels(isa: model.compute.kernels.pointee.isa))
  }

  private static func preparers(_ model: Model, _ scratch: SessionScratch) -> Int {
    min(model.compute.threads, scratch.image?.items ?? 1)
  }

  private static func contextLength(_ model: Model) -> Int {
    model.description.architecture.text?.contextLength ?? 0
  }
}

/// The output vectors of a batch, and the status of each item.
struct BatchOutput {
  let vectors: UnsafeMutablePointer<Float>
  /// Values per item.
  let width: Int
  let isNormalized: Bool
  let statuses: UnsafeMutablePointer<Int32>?
  let compute: Compute
  /// The failed item with the lowest index.
  private(set) var firstFault: (item: Int, fault: RuntimeFault)?

  init(
    vectors: UnsafeMutablePointer<Float>, width: Int, isNormalized: Bool,
    statuses: UnsafeMutablePointer<Int32>?, compute: Compute
  ) {
    self.vectors = vectors
    self.width = width
    self.isNormalized = isNormalized
    self.statuses = statuses
    self.compute = compute
  }

  mutating func store(_ values: UnsafeMutablePointer<Float>, item: Int) {
    let vector = vectors + item * width
    // A finite sum of squares proves that every value is finite. A vector that cannot be normalized is not an
    // embedding.
    let kernels = compute.kernels.pointee
    let squares = kernels.dot_f32(width, values, values)
    guard squares.isFinite else { return fail(item, RuntimeFault.vectorNotFinite(item: item)) }
    guard squares > 0 else { return fail(item, RuntimeFault.vectorZero(item: item)) }
    if isNormalized {
      kernels.l2_normalize_f32(1, width, values, width, vector, width)
    } else {
      vector.update(from: values, count: width)
    }
    statuses?[item] = 0
  }

  mutating func fail(_ item: Int, _ fault: RuntimeFault) {
    (vectors + item * width).update(repeating: 0, count: width)
    statuses?[item] = fault.code.rawValue
    if firstFault.map({ item < $0.item }) ?? true { firstFault = (item, fault) }
  }
}
