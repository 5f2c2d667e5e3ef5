private import Architecture
private import BundleFormat
private import Models
private import Output
private import Progress

/// Writes a model in the formats of other tools.
public enum Exporter {
  /// - Throws: first what the target cannot represent and problems of the output path, then errors of reading the
  ///   weights and of writing. After an error nothing remains under the output's name.
  public static func run(_ request: ExportRequest) throws(ExportError) -> ExportedModel {
    try request.requireStorable()
    try request.requireWritableOutput()
    request.progress.expect(steps: 3)
    defer { request.progress.end() }
    let spaceID: SpaceID
    do throws(ModelError) {
      spaceID = try SpaceID(of: request.model, request.progress)
    } catch { throw .model(error) }
    guard request.isCancelled?() != true else { throw .cancelled }
    let plan = try request.target.plan(request, spaceID)
    try write(plan, request)
    return ExportedModel(
      files: plan.files.map { .init(name: $0.name, byteCount: $0.byteCount) }, spaceID: spaceID,
      notes: plan.notes)
  }

  private static func write(_ plan: ExportPlan, _ request: ExportRequest) throws(ExportError) {
    request.progress.begin(
      "writing weights", .bytes, of: plan.files.reduce(0) { $0 + $1.tensorByteCount })
    let run = FileWriteRun(
      model: request.model, threads: request.threads, progress: request.progress,
      isCancelled: { request.isCancelled?() ?? false })
    if request.target.isFolder {
      try writeFolder(plan.files, request, run)
    } else if let file = plan.files.first {
      try writeFile(file, request, run)
    }
  }

  private static func writeFile(
    _ file: PlannedFile, _ request: ExportRequest, _ run: FileWriteRun
  ) throws(ExportError) {
    let output = try ExportError.ofOutput { () throws(OutputError) in
      try OutputFile(
        path: request.output, replacesExisting: request.replacesExisting, sources: request.model.source.paths)
    }
    try run.write(file, to: output.region)
    try request.requireUndamagedSource()
    guard !run.isCancelled() else { throw .cancelled }
    do throws(OutputError) { try output.publish() } catch { throw .output(error) }
  }

  private static func writeFolder(
    _ files: [PlannedFile], _ request: ExportRequest, _ run: FileWriteRun
  ) throws(ExportError) {
    let folder = try ExportError.ofOutput { () throws(OutputError) in
      try OutputFolder(
        path: request.output, replacesExisting: request.replacesExisting,
        replaceable: ExportTarget.layouts, sources: request.model.source.paths)
    }
    for file in files {
      do throws(ExportError) {
        try write(file, into: folder, run)
      } catch { throw error.atPath(request.output) }
    }
    try request.requireUndamagedSource()
    guard !run.isCancelled() else { throw .cancelled }
    do throws(OutputError) { try folder.publish() } catch { throw .output(error) }
  }

  private static func write(
    _ file: PlannedFile, into folder: borrowing OutputFolder, _ run: FileWriteRun
  ) throws(ExportError) {
    let path = "\(folder.partialPath)/\(file.name)"
    let output: OutputFile
    do throws(OutputError) {
      if let slash = file.name.firstIndex(of: "/") { try folder.makeFolder(String(file.name[..<slash])) }
      output = try OutputFile(path: path, replacesExisting: false)
    } catch { throw .output(error) }
    try run.write(file, to: output.region)
    do throws(OutputError) { try output.publish() } catch { throw .output(error) }
  }
}

extension ExportRequest {
  fileprivate func requireStorable() throws(ExportError) {
    guard target.precisions.contains(precision) else {
      throw .refused(ExportRefusal(.precision, target, found: "\(precision)"))
    }
  }
}

extension ExportRequest {
  /// Reports a problem of the output path before the work begins.
  fileprivate func requireWritableOutput() throws(ExportError) {
    try ExportError.ofOutput { () throws(OutputError) in
      guard !target.isFolder else {
        return try OutputFolder.checkDestination(
          output, replacesExisting: replacesExisting, replaceable: ExportTarget.layouts,
          sources: model.source.paths)
      }
      try OutputFile.checkDestination(
        output, replacesExisting: replacesExisting, sources: model.source.paths)
    }
  }
}

extension ExportRequest {
  /// Compares a source that has checksums with them before anything is published.
  fileprivate func requireUndamagedSource() throws(ExportError) {
    progress.begin("checking the source", .bytes, of: model.source.checkedByteCount)
    do throws(ModelError) { try model.source.checkChecksums(progress) } catch { throw .model(error) }
  }
}

extension ExportError {
  /// The error with the output path that the user gave.
  fileprivate func atPath(_ path: String) -> ExportError {
    guard case .output(let error) = self else { return self }
    return .output(OutputError(error.code, path: path, reason: error.reason))
  }
}
