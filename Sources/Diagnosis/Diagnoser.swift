internal import Architecture
public import Models
public import Progress
internal import ReferenceForward
internal import TensorTypes
public import Verification

/// Finds why vectors that another tool computed differ from the model's: computes the right ones with the FP32 reference,
/// then tries each known mistake, and pairs of mistakes, until the vectors meet.
public struct Diagnoser {
  public let model: CLIPModel
  public let given: GivenVectors
  public let inputs: DiagnosedInputs
  /// Inputs of the other tower, row by row, for vectors of the wrong tower.
  public var otherInputs: DiagnosedInputs?
  /// A sentence with {} in which the texts may have been put.
  public var template: String?
  public var reference = ReferenceRequest()
  public var progress = WorkProgress.unwatched

  public init(model: CLIPModel, given: GivenVectors, inputs: DiagnosedInputs) {
    self.model = model
    self.given = given
    self.inputs = inputs
  }

  /// Rows below which causes cannot be distinguished.
  static let fewestRows = 3

  public func run() throws(DiagnosisError) -> Diagnosis {
    var subject = Subject(model, inputs.tower)
    subject.template = template
    subject.stages = inputs.stages
    guard model.architecture.has(subject.tower) else {
      throw .inputsUnsupported(
        "the model has no \(subject.tower) tower", hint: "give the checkpoint of the \(subject.tower) tower")
    }
    let (given, isTransposed) = try oriented(subject)
    var diagnosis = try DiagnosisRun(diagnoser: self, subject: subject, given: given, product: product())
      .run()
    if isTransposed {
      diagnosis.causes.insert(.transposed, at: 0)
      if diagnosis.verdict == .right { diagnosis.verdict = .explained }
    }
    return diagnosis
  }

  /// Rows for inputs; an array with rows and columns exchanged is turned.
  private func oriented(_ subject: Subject) throws(DiagnosisError) -> (GivenVectors, isTransposed: Bool) {
    guard given.count != inputs.count else { return (given, false) }
    let width = ModelRecipe(architecture: model.architecture).outputWidth(subject.tower)
    guard given.width == inputs.count, given.count == width else {
      throw .otherCount(rows: given.count, inputs: inputs.count)
    }
    return (given.transposed, true)
  }

  private func product() throws(DiagnosisError) -> MatrixProduct {
    do throws(VerificationError) {
      return try reference.start()
    } catch {
      switch error {
      case .reference(let unavailable): throw .reference(unavailable)
      case .model(let error): throw .model(error)
      case .reading, .runtime, .golden, .incomparable:
        throw .inputsUnsupported(error.description, hint: error.hint)
      }
    }
  }
}
