import Architecture
import BundleFormat
import CKernels
import CPlatform
import ImagePreprocessing
import Tokenizer

/// How weights and activations are multiplied. On floating-point bundles `fast` and `exact` are the same.
enum Arithmetic {
  /// int8 weights × 8-bit activations.
  case fast
  /// int8 weights × 16-bit activations.
  case exact
  /// FP16 weights and activations rounded to BF16, sums in FP32.
  case bf16
}

/// An open bundle. It is immutable; any number of sessions and threads can use it at once.
///
/// Unchecked because it holds pointers. They point into `memory` and `products`, which nothing writes after `init`.
package final class Model: @unchecked Sendable {
  let header: BundleHeader
  let arithmetic: Arithmetic
  let compute: Compute
  let image: ImageWeights?
  let text: TextWeights?
  /// The form of rows that each tower's layers use, except that layers with FP16 weights in an int8 tower use floats.
  let imageForm, textForm: RowForm
  let tokenizer: TextTokenizer?
  /// The bytes of the tokenizer's table; empty without one.
  let tokenizerTable: UnsafeRawBufferPointer
  private let memory: FileMemory
  private let products: ScaleProducts

  /// Validates the header, builds the tokenizer's index and binds each tensor to its offset. The weights are not
  /// read, so the time does not depend on their size.
  ///
  /// A static function, because a throwing initializer never frees the object's memory in Embedded Swift.
  static func open(_ memory: consuming FileMemory, _ options: OpenOptions) throws(RuntimeFault) -> Model {
    let reservation = try Reservation(try Model.memoryBound(memory.bytes), for: "a model")
    defer { reservation.close() }
    let header = try Model.header(memory.bytes)
    let architecture = header.description.architecture
    let imagePrecision = architecture.image == nil ? nil : header.description.imagePrecision
    let textPrecision = architecture.text == nil ? nil : header.description.textPrecision
    let hasInt8 = imagePrecision == .int8 || textPrecision == .int8
    let arithmetic = options.arithmetic ?? (hasInt8 ? .fast : .exact)
    // Refuses a wrong combination before anything is asked of the system.
    try Model.check(arithmetic, imagePrecision, textPrecision, options.compute)
    guard let start = memory.bytes.baseAddress else { throw RuntimeFault.inconsistent(byteOffset: 0) }
    let products = try ScaleProducts(header)
    var binder = WeightBinder(header, start, products, arithmetic)
    var image: ImageWeights?
    if let tower = architecture.image { image = try binder.bind(tower) }
    var text: TextWeights?
    if let tower = architecture.text { text = try binder.bind(tower) }
    let table = Model.tokenizerTable(header, start)
    let tokenizer = try Model.tokenizer(header, start, table)
    let compute = hasInt8 || arithmetic == .bf16 ? try options.computeWithTiles() : options.compute
    try Model.check(arithmetic, imagePrecision, textPrecision, compute)
    return Model(
      memory, products, header, compute, arithmetic,
      Model.rowForm(imagePrecision, header.description.imageForms, arithmetic, compute),
      Model.rowForm(textPrecision, header.description.textForms, arithmetic, compute), image, text, tokenizer,
      table)
  }

  private init(
    _ memory: consuming FileMemory, _ products: consuming ScaleProducts, _ header: BundleHeader,
    _ compute: Compute, _ arithmetic: Arithmetic, _ imageForm: RowForm, _ textForm: RowForm,
    _ image: ImageWeights?, _ text: TextWeights?, _ tokenizer: TextTokenizer?,
    _ tokenizerTable: UnsafeRawBufferPointer
  ) {
    self.imageForm = imageForm
    self.textForm = textForm
    self.arithmetic = arithmetic
    self.compute = compute
    self.memory = memory
    self.products = products
    self.header = header
    self.image = image
    self.text = text
    self.tokenizer = tokenizer
    self.tokenizerTable = tokenizerTable
  }

  var description: BundleDescription { header.description }
  var file: UnsafeRawBufferPointer { memory.bytes }

  /// The values of an F32 tensor, such as the expected embedding of a self-test.
  func floats(_ content: StoredTensor.Content) -> UnsafePointer<Float>? {
    guard let tensor = header.tensors.first(where: { $0.content == content }) else { return nil }
    return bytes(at: tensor.byteOffset)?.assumingMemoryBound(to: Float.self)
  }

  /// Hashes every tensor and checks the rules about contents.
  func checkContent() throws(RuntimeFault) {
    let reservation = try Reservation(4096, for: "a check")
    defer { reservation.close() }
    do throws(BundleFault) {
      try header.checkContent(of: file.bytes)
    } catch {
      throw RuntimeFault.bundle(error)
    }
  }

  private func bytes(at offset: Int) -> UnsafeRawPointer? { file.baseAddress.map { $0 + offset } }

  private static func memoryBound(_ bytes: UnsafeRawBufferPointer) throws(RuntimeFault) -> Int {
    do throws(BundleFault) {
      return BundleHeader.memoryBound(byteCount: try BundleHeader.byteCount(in: bytes.bytes))
    } catch {
      throw RuntimeFault.bundle(error)
    }
  }

  private static func header(_ bytes: UnsafeRawBufferPointer) throws(RuntimeFault) -> BundleHeader {
    do throws(BundleFault) {
      return try BundleHeader(file: bytes.bytes)
    } catch {
      throw RuntimeFault.bundle(error)
    }
  }

  /// The widest form of rows that a tower's linear layers use.
  ///
  /// - Parameter precision: nil for a tower that is absent.
  @inline(never)
  private static func rowForm(
    _ precision: Precision?, _ forms: [MatrixForm], _ arithmetic: Arithmetic, _ compute: Compute
  ) -> RowForm {
    guard precision == .int8 else {
      guard arithmetic == .bf16, let kernels = pk_bf16_for(compute.kernels.pointee.isa) else {
        return .floats
      }
      return .rounded(kernels)
    }
    for form in forms where form.hasWideInputs { return .quantized(.twoBytes) }
    return .quantized(arithmetic == .exact ? .twoBytes : .oneByte)
  }

  /// Whether the kernels have the arithmetic, and the weights fit it.
  ///
  /// - Parameter image, text: nil for a tower that is absent.
  @inline(never)
  private static func check(
    _ arithmetic: Arithmetic, _ image: Precision?, _ text: Precision?, _ compute: Compute
  ) throws(RuntimeFault) {
    guard arithmetic == .bf16 else { return }
    guard pk_bf16_for(compute.kernels.pointee.isa) != nil else { throw RuntimeFault.bf16Missing }
    guard image ?? .fp16 == .fp16, text ?? .fp16 == .fp16 else { throw RuntimeFault.bf16Weights }
  }

  private static func tokenizer(
    _ header: BundleHeader, _ start: UnsafeRawPointer, _ table: UnsafeRawBufferPointer
  ) throws(RuntimeFault) -> TextTokenizer? {
    switch header.description.tokenizer {
    case .openAI: try openAITokenizer(header, start).map { .openAI($0) }
    // Checked with the header.
    case .table: (try? TableTokenizer(table.bytes)).map { .table($0) }
    case .none: nil
    }
  }

  private static func tokenizerTable(
    _ header: BundleHeader, _ start: UnsafeRawPointer
  ) -> UnsafeRawBufferPointer {
    for tensor in header.tensors {
      guard case .tokenizerTable(let byteCount) = tensor.content else { continue }
      return UnsafeRawBufferPointer(start: start + tensor.byteOffset, count: byteCount)
    }
    return UnsafeRawBufferPointer(start: nil, count: 0)
  }

  private static func openAITokenizer(
    _ header: BundleHeader, _ start: UnsafeRawPointer
  ) throws(RuntimeFault) -> Tokenizer? {
    guard let tensor = header.tensors.first(where: { $0.content == .merges }) else { return nil }
    let count = tensor.byteCount / MemoryLayout<UInt16>.size
    let values = UnsafeBufferPointer(
      start: (start + tensor.byteOffset).assumingMemoryBound(to: UInt16.self), count: count)
    let fillerRows = 2
    do throws(MergesFault) {
      return try Tokenizer(merges: values.span, count: tensor.shape[0] - fillerRows)
    } catch {
      throw RuntimeFault.bundle(BundleFault(.mergesValid, at: tensor.byteOffset))
    }
  }
}
