import Architecture
import BundleFormat
import CKernels
import CPlatform
import ImagePreprocessing
import Tokenizer

/// How int8 weights meet activations; floating-point bundles know no difference.
enum Arithmetic {
  /// Activations quantized too: integer products.
  case fast
  /// Float activations.
  case exact
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
    guard let start = memory.bytes.baseAddress else { throw RuntimeFault.inconsistent(byteOffset: 0) }
    let products = try ScaleProducts(header)
    var binder = WeightBinder(header, start, products)
    let architecture = header.description.architecture
    var image: ImageWeights?
    if let tower = architecture.image { image = try binder.bind(tower) }
    var text: TextWeights?
    if let tower = architecture.text { text = try binder.bind(tower) }
    let tokenizer = try Model.tokenizer(header, start)
    return Model(memory, products, header, options, image, text, tokenizer)
  }

  private init(
    _ memory: consuming FileMemory, _ products: consuming ScaleProducts, _ header: BundleHeader,
    _ options: OpenOptions, _ image: ImageWeights?, _ text: TextWeights?, _ tokenizer: Tokenizer?
  ) {
    arithmetic = Model.arithmetic(options.arithmetic, header.description)
    compute = options.compute
    self.memory = memory
    self.products = products
    self.header = header
    self.image = image
    self.text = text
    self.tokenizer = tokenizer
  }

  var description: BundleDescription { header.description }
  var file: UnsafeRawBufferPointer { memory.bytes }

  /// Whether the tower's linear layers take quantized rows.
  func quantizes(_ tower: Tower) -> Bool {
    let precision = tower == .image ? description.imagePrecision : description.textPrecision
    return precision == .int8 && arithmetic == .fast
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
    _ requested: OpenOptions.RequestedArithmetic, _ description: BundleDescription
  ) -> Arithmetic {
    let hasInt8 =
      description.architecture.image != nil && description.imagePrecision == .int8
      || description.architecture.text != nil && description.textPrecision == .int8
    return switch requested {
    case .auto: hasInt8 ? .fast : .exact
    case .fast: .fast
    case .exact: .exact
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
