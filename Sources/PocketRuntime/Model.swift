import Architecture
import BundleFormat
import CKernels
import CPlatform
import ImagePreprocessing
import Tokenizer

/// How weights meet activations; on floating-point bundles `fast` and `exact` are the same.
enum Arithmetic {
  /// Of int8 weights activations are quantized too: integer products.
  case fast
  /// Float activations.
  case exact
  /// FP16 weights and activations rounded to BF16, sums in FP32.
  case bf16(UnsafePointer<pk_bf16_kernels>)
}

/// An open bundle: immutable, used by any number of sessions and threads at once.
///
/// Unchecked because it holds pointers: they lead into `memory` and `products`, which nobody writes after `init`.
package final class Model: @unchecked Sendable {
  let header: BundleHeader
  let arithmetic: Arithmetic
  let compute: Compute
  let image: ImageWeights?
  let text: TextWeights?
  let tokenizer: Tokenizer?
  private let memory: FileMemory
  private let products: ScaleProducts

  /// Validates the header, builds the tokenizer's index and notes where each tensor lies: the work does not depend
  /// on the size of the weights, which are not read.
  ///
  /// No initializer, because one that throws never gives back the object's memory in Embedded Swift.
  static func open(_ memory: consuming FileMemory, _ options: OpenOptions) throws(RuntimeFault) -> Model {
    let header = try Model.header(memory.bytes)
    let arithmetic = try Model.arithmetic(options, header.description)
    guard let start = memory.bytes.baseAddress else { throw RuntimeFault.inconsistent(byteOffset: 0) }
    let products = try ScaleProducts(header)
    var binder = WeightBinder(header, start, products)
    let architecture = header.description.architecture
    var image: ImageWeights?
    if let tower = architecture.image { image = try binder.bind(tower) }
    var text: TextWeights?
    if let tower = architecture.text { text = try binder.bind(tower) }
    let tokenizer = try Model.tokenizer(header, start)
    return Model(memory, products, header, options.compute, arithmetic, image, text, tokenizer)
  }

  private init(
    _ memory: consuming FileMemory, _ products: consuming ScaleProducts, _ header: BundleHeader,
    _ compute: Compute, _ arithmetic: Arithmetic, _ image: ImageWeights?, _ text: TextWeights?,
    _ tokenizer: Tokenizer?
  ) {
    self.arithmetic = arithmetic
    self.compute = compute
    self.memory = memory
    self.products = products
    self.header = header
    self.image = image
    self.text = text
    self.tokenizer = tokenizer
  }

  var description: BundleDescription { header.description }
  var file: UnsafeRawBufferPointer { memory.bytes }

  /// What the tower's linear layers take.
  func rowForm(_ tower: Tower) -> RowForm {
    let precision = tower == .image ? description.imagePrecision : description.textPrecision
    switch (precision, arithmetic) {
    case (.int8, .fast): return .quantized
    case (.fp16, .bf16(let kernels)): return .rounded(kernels)
    case (.fp32, _), (.fp16, .fast), (.fp16, .exact), (.int8, .exact), (.int8, .bf16): return .floats
    }
  }

  /// The values of a tensor of F32, such as a self-test's expected vector.
  func floats(_ content: StoredTensor.Content) -> UnsafePointer<Float>? {
    guard let tensor = header.tensors.first(where: { $0.content == content }) else { return nil }
    return bytes(at: tensor.byteOffset)?.assumingMemoryBound(to: Float.self)
  }

  /// Hashes every tensor and checks the rules about contents.
  func checkContent() throws(RuntimeFault) {
    do throws(BundleFault) {
      try header.checkContent(of: file.bytes)
    } catch {
      throw RuntimeFault.bundle(error)
    }
  }

  private func bytes(at offset: Int) -> UnsafeRawPointer? { file.baseAddress.map { $0 + offset } }

  private static func header(_ bytes: UnsafeRawBufferPointer) throws(RuntimeFault) -> BundleHeader {
    do throws(BundleFault) {
      return try BundleHeader(file: bytes.bytes)
    } catch {
      throw RuntimeFault.bundle(error)
    }
  }

  private static func arithmetic(
    _ options: OpenOptions, _ description: BundleDescription
  ) throws(RuntimeFault) -> Arithmetic {
    let image = description.architecture.image == nil ? nil : description.imagePrecision
    let text = description.architecture.text == nil ? nil : description.textPrecision
    switch options.arithmetic {
    case .auto: return image == .int8 || text == .int8 ? .fast : .exact
    case .fast: return .fast
    case .exact: return .exact
    case .bf16:
      guard let kernels = pk_bf16_for(options.compute.kernels.pointee.isa) else {
        throw RuntimeFault.bf16Missing
      }
      guard image ?? .fp16 == .fp16, text ?? .fp16 == .fp16 else { throw RuntimeFault.bf16Weights }
      return .bf16(kernels)
    }
  }

  private static func tokenizer(
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
