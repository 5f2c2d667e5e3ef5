public import Architecture
internal import Archives
package import BundleFormat
public import Checkpoints
public import TensorTypes

/// A CLIP, or one tower of it, with canonical names and FP32 values that are read on demand.
///
/// A value type. Copies share the mapped file and the record of checked parameters.
public struct CLIPModel: Sendable {
  public let architecture: CLIPArchitecture
  /// `ViT-B/32`, or a description of an architecture without a name.
  public let name: String
  /// Nil for a text tower without an image tower.
  public let preprocessing: Preprocessing?
  public let tokenizer: ModelTokenizer
  /// Exactly the parameters that this model has.
  public let schema: ParameterSchema
  public let decisions: [Decision]
  public let accounting: Accounting
  public let notes: [String]
  public let source: ModelSource
  /// The tower ids that a bundle states for its source checkpoint.
  package let inheritedSpace: SpaceID?
  package let store: any ParameterStore
  private let valueCheck = ValueCheck()

  package init(
    architecture: CLIPArchitecture, preprocessing: Preprocessing?, tokenizer: ModelTokenizer,
    schema: ParameterSchema, decisions: [Decision] = [], accounting: Accounting, notes: [String] = [],
    source: ModelSource, inheritedSpace: SpaceID? = nil, store: any ParameterStore
  ) {
    self.architecture = architecture
    self.name = ArchitectureCatalogue.name(of: architecture) ?? architecture.summary
    self.preprocessing = preprocessing
    self.tokenizer = tokenizer
    self.schema = schema
    self.decisions = decisions
    self.accounting = accounting
    self.notes = notes
    self.source = source
    self.inheritedSpace = inheritedSpace
    self.store = store
  }

  /// - Throws: the inspection's first problem.
  public init(_ inspection: ModelInspection) throws(ModelError) {
    if let refusal = inspection.refusal { throw refusal }
    self.init(
      architecture: inspection.architecture, preprocessing: inspection.preprocessing,
      tokenizer: inspection.tokenizer, schema: inspection.schema, decisions: inspection.decisions,
      accounting: inspection.accounting, notes: inspection.notes,
      source: ModelSource(inspection.checkpoint), inheritedSpace: inspection.inheritedSpace,
      store: inspection.store)
  }

  public init(_ checkpoint: Checkpoint, options: ModelOptions = ModelOptions()) throws(ModelError) {
    try self.init(ModelInspection(checkpoint, options: options))
  }

  /// Opens the user's path of a checkpoint or bundle, or the spelling of a synthetic model.
  ///
  /// - Throws: read errors too, as `unreadable`.
  public static func open(
    _ path: String, options: ModelOptions = ModelOptions()
  ) throws(ModelError) -> CLIPModel {
    if isSynthetic(path) { return try CLIPModel(synthetic: path) }
    let checkpoint: Checkpoint
    do throws(ReadError) {
      checkpoint = try Checkpoint.open(path, taking: options.selection)
    } catch {
      throw ModelError(error)
    }
    return try CLIPModel(checkpoint, options: options)
  }

  /// Nil for a source without a scale.
  public var scoreKind: Score.Kind? { schema.scoreKind }
}

extension CLIPModel {
  /// Calls `body` with the canonical values of a parameter in C order: mapped if the source stores them in this form,
  /// otherwise widened and rearranged in `scratch`.
  ///
  /// - Throws: `notFinite`, `negativeVariance`, or read errors.
  public func withValues<Result>(
    of parameter: Parameter, scratch: inout FloatScratch, _ body: (UnsafeBufferPointer<Float>) -> Result
  ) throws(ModelError) -> Result {
    let mapped: Swift.Result<Result, ModelError>? = try store.withMappedValues(of: parameter) { values in
      guard let values else { return nil }
      return checked(values, of: parameter, body)
    }
    if let mapped { return try mapped.get() }
    let values = scratch.reserve(parameter.elementCount)
    try store.read(parameter, from: 0, into: values)
    return try checked(UnsafeBufferPointer(values), of: parameter, body).get()
  }

  /// Nil for a source without a scale.
  public func score() throws(ModelError) -> Score? {
    guard let logScale = try scalar(.logitScale) else { return nil }
    guard let bias = try scalar(.logitBias) else { return .softmax(logScale: logScale) }
    return .sigmoid(logScale: logScale, bias: bias)
  }

  private func scalar(_ role: Parameter.Role) throws(ModelError) -> Float? {
    guard let parameter = schema.parameters.first(where: { $0.role == role }) else { return nil }
    return try values(of: parameter).first
  }

  /// A copy of the values of a small parameter.
  public func values(of parameter: Parameter) throws(ModelError) -> [Float] {
    try values(of: parameter, in: 0..<parameter.elementCount)
  }

  /// A copy of a range of a parameter's values, by flat index, such as rows of a token table.
  public func values(of parameter: Parameter, in range: Range<Int>) throws(ModelError) -> [Float] {
    var values = [Float](repeating: 0, count: range.count)
    var outcome = Swift.Result<Void, ModelError>.success(())
    values.withUnsafeMutableBufferPointer { buffer in
      do throws(ModelError) {
        try store.read(parameter, from: range.lowerBound, into: buffer)
        try valueCheck.require(UnsafeBufferPointer(buffer), of: parameter, from: range.lowerBound)
      } catch {
        outcome = .failure(error)
      }
    }
    try outcome.get()
    return values
  }

  /// The parameter with a canonical name; nil if the model has none.
  public func parameter(_ name: ParameterName) -> Parameter? {
    schema.parameters.first { $0.name == name }
  }

  /// The element type that the source stores a parameter in.
  public func storedType(of parameter: Parameter) -> DType { store.storedType(of: parameter) }

  /// The tensors of the source that hold a parameter.
  public func origin(of parameter: Parameter) -> ParameterOrigin { store.origin(of: parameter) }

  /// Releases the memory that reading a parameter used, including pages of the mapped file.
  public func release(_ parameter: Parameter) { store.release(parameter) }

  private func checked<Result>(
    _ values: UnsafeBufferPointer<Float>, of parameter: Parameter,
    _ body: (UnsafeBufferPointer<Float>) -> Result
  ) -> Swift.Result<Result, ModelError> {
    do throws(ModelError) {
      try valueCheck.require(values, of: parameter)
      return .success(body(values))
    } catch {
      return .failure(error)
    }
  }
}
