internal import Architecture
internal import Models
internal import Output
internal import Parallel
internal import Progress
internal import Quantization
private import Synchronization

/// Writes planned files: tensors in parallel and in any order. Each parameter is read once for all its tensors in a
/// file.
///
/// Memory holds only the tensors in progress. The bytes depend on the model and the plan only.
struct FileWriteRun: Sendable {
  let model: CLIPModel
  let threads: Int
  let progress: WorkProgress
  /// Called before each tensor.
  let isCancelled: @Sendable () -> Bool
  let kernels = WeightKernels()

  /// Fills an empty file.
  func write(_ file: PlannedFile, to region: OutputFile.Region) throws(ExportError) {
    try ExportError.ofOutput { () throws(OutputError) in try region.layOut(byteCount: file.byteCount) }
    for segment in file.segments {
      guard case .bytes(let bytes) = segment.content else { continue }
      try ExportError.ofOutput { () throws(OutputError) in
        try region.write(bytes.span.bytes, at: segment.offset)
      }
    }
    let jobs = Self.jobs(of: file)
    let failure = Mutex<(job: Int, error: ExportError)?>(nil)
    parallelFor(jobs.count, threads: threads) { index in
      guard failure.withLock({ $0 == nil }) else { return }
      do throws(ExportError) {
        guard !isCancelled() else { throw .cancelled }
        try run(jobs[index], region)
      } catch {
        let error = error
        failure.withLock { if $0.map({ index < $0.job }) ?? true { $0 = (index, error) } }
      }
    }
    if let (_, error) = failure.withLock({ $0 }) { throw error }
  }

  /// All tensors of a file that come from one parameter.
  private struct Job: Sendable {
    var parameter: Parameter
    var tensors: [(offset: Int, recipe: TensorRecipe)]
  }

  /// Long jobs first, so that the threads finish at about the same time.
  private static func jobs(of file: PlannedFile) -> [Job] {
    var jobs: [Job] = []
    var indices: [ParameterName: Int] = [:]
    for segment in file.segments {
      guard case .tensor(let recipe) = segment.content else { continue }
      if let index = indices[recipe.parameter.name] {
        jobs[index].tensors.append((segment.offset, recipe))
      } else {
        indices[recipe.parameter.name] = jobs.count
        jobs.append(Job(parameter: recipe.parameter, tensors: [(segment.offset, recipe)]))
      }
    }
    return jobs.enumerated().sorted { first, second in
      let (a, b) = (first.element.parameter.elementCount, second.element.parameter.elementCount)
      return a == b ? first.offset < second.offset : a > b
    }.map(\.element)
  }

  private func run(_ job: Job, _ region: OutputFile.Region) throws(ExportError) {
    let encoder = TensorEncoder(kernels: kernels, region: region)
    defer { progress.add(job.tensors.reduce(0) { $0 + $1.recipe.byteCount }) }
    let outcome: Result<Void, ExportError>
    do throws(ModelError) {
      outcome = try model.withValues(of: job.parameter) { values in
        Result { () throws(ExportError) in
          for (offset, recipe) in job.tensors { try encoder.write(recipe, of: values, at: offset) }
        }
      }
    } catch { throw .model(error) }
    try outcome.get()
  }
}

extension ExportError {
  /// Converts errors of writing to this module's errors.
  static func ofOutput<Result: ~Copyable>(
    _ body: () throws(OutputError) -> Result
  ) throws(ExportError) -> Result {
    do throws(OutputError) { return try body() } catch { throw .output(error) }
  }
}
