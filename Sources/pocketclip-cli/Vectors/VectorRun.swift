import Archives
import ImageFiles
import PocketCLIP
import Progress
import Verification

/// Runs `embed -o`: computes the vectors that the output does not have, and publishes the complete output.
struct VectorRun {
  let paths: VectorPaths
  let bundle: OpenBundle
  let settings: VectorSettings
  let limits: ImageFiles.Limits
  let mode: VectorStore.Mode
  /// Whether rows of files that no longer exist are removed.
  let prunes: Bool
  /// Whether one failed image prevents the output from being published.
  let isStrict: Bool
  let text: TextOptions
  let console: Console

  struct Result {
    var counts = Counts()
    var skipped: [EmbedOutput.Skipped] = []
    /// The first failure. The other vectors are published.
    var failure: Failure?
  }

  struct Counts: Encodable {
    /// Vectors of the output, how many of them earlier runs computed, and how many this run computed.
    var vectors = 0
    var kept = 0
    var embedded = 0
    /// Rows whose file has changed, or no longer exists.
    var stale = 0
    var missing = 0
    var pruned = 0
  }

  /// - Throws: also an interruption, after everything is saved.
  func run(texts: [String], images: FoundImages) throws -> Result {
    let width = try width(hasTexts: !texts.isEmpty, hasImages: !images.files.isEmpty)
    Interruption.isNoted()
    let store = try VectorStore(paths, settings, width: width, mode)
    defer { store.finish() }
    if store.continuesReplacing {
      console.warn(
        "an interrupted --force run goes on: earlier vectors of \(paths.vectors) that neither run names are removed"
      )
    }
    defer { console.progress.end() }
    do {
      return try run(store, texts: texts, images: images)
    } catch {
      if store.hasUnpublished, !Interruption.isRequested {
        try? store.save()
        console.note("note: computed vectors are saved in \(paths.journal); --resume continues from there")
      }
      throw error
    }
  }

  private func run(_ store: VectorStore, texts: [String], images: FoundImages) throws -> Result {
    var result = Result()
    result.skipped = images.unreadable.map { EmbedOutput.Skipped(input: $0.path, failure: $0.failure) }
    let threads = bundle.model.information.threads
    let plan = try ResumePlan(store, texts: texts, images: images.files, threads: threads, console)
    tell(plan, store)
    try embed(plan.texts, store, &result)
    var encoder = try ImageEncoder(
      bundle, files: plan.images.map(\.input), unreadable: images.unreadable,
      isNormalized: settings.isNormalized, isTurnedUpright: settings.isUpright,
      scalesJPEG: settings.scalesJPEG, limits: limits,
      contents: store.contents)
    try embed(plan.images, of: &encoder, store, &result)
    try stopIfInterrupted(store, of: plan)
    result.failure = encoder.finish(console, isStrict: isStrict, hasOthers: store.isPublishable)
    if isStrict, let failure = result.failure { throw failure }
    if prunes { result.counts.pruned = try store.prune() }
    if store.isPublishable { try publish(store, &result) }
    return result
  }

  /// - Throws: `unsupported` if the vectors of the inputs have different lengths.
  private func width(hasTexts: Bool, hasImages: Bool) throws(Failure) -> Int {
    let information = bundle.model.information
    let (image, text) = (information.imageOutput, information.textOutput)
    guard !(hasTexts && hasImages) || image == text else {
      throw Failure(
        .unsupported,
        "\(paths.vectors): images of this bundle have \(image) values, texts \(text): one file cannot hold both",
        hint: "embed them into two files")
    }
    return hasImages ? image : text
  }

  private func tell(_ plan: ResumePlan, _ store: VectorStore) {
    guard mode == .resume else { return }
    let changed =
      plan.changedCount > 0 ? ", \(counted(plan.changedCount, "file")) changed since the last run" : ""
    console.note("note: \(paths.vectors): \(counted(plan.keptCount, "vector")) kept\(changed)")
    let missing = store.entries.lazy.filter { $0.row.status == .missing }.map(\.row.input)
    guard let first = missing.first, !prunes else { return }
    let count = missing.count
    console.warn(
      "\(counted(count, "file")) no longer exist\(count == 1 ? "s" : ""): \(first)\(count > 1 ? ", …" : ""); "
        + "the vectors stay with status missing (--prune removes them)")
  }
}

extension VectorRun {
  /// The number of texts encoded between two checks for a signal.
  private static let textBatch = 64

  private func embed(_ items: [ResumePlan.Item], _ store: VectorStore, _ result: inout Result) throws {
    guard !items.isEmpty else { return }
    let session = try bundle.session(batch: Session.textBatch)
    console.progress.begin("embedding texts", .texts, of: items.count)
    for start in stride(from: 0, to: items.count, by: Self.textBatch) where !Interruption.isRequested {
      let texts = items[start..<min(start + Self.textBatch, items.count)].map(\.input)
      try text.check(texts, session, console, file: bundle.path)
      let vectors = try session.encode(
        texts: texts, normalized: settings.isNormalized, console.progress)
      for (text, vector) in zip(texts, vectors) {
        try store.record(.text, text, InputContent(text: text), vector, at: nil)
        result.counts.embedded += 1
      }
    }
  }

  private func embed(
    _ items: [ResumePlan.Item], of encoder: inout ImageEncoder, _ store: VectorStore,
    _ result: inout Result
  ) throws {
    if !items.isEmpty { console.progress.begin("embedding images", .images, of: items.count) }
    for item in items where !Interruption.isRequested {
      guard let outcome = encoder.next(console) else { break }
      console.progress.add()
      switch (outcome.vector, outcome.content) {
      case (.success(let vector), let content?):
        try store.record(.image, item.input, content, vector, at: item.index)
        result.counts.embedded += 1
      case (.failure(let failure), _):
        result.skipped.append(EmbedOutput.Skipped(input: item.input, failure: failure))
      case (.success, nil): break  // Contents are recorded wherever there is a store.
      }
    }
  }

  private func stopIfInterrupted(_ store: VectorStore, of plan: ResumePlan) throws(Failure) {
    guard Interruption.isRequested else { return }
    guard store.hasUnpublished else {
      throw Interruption.beforeAnyChange
    }
    try store.save()
    let all = plan.keptCount + plan.texts.count + plan.images.count
    throw Failure(
      Interruption.status,
      "interrupted: \(store.entries.count) of \(counted(all, "vector")) are saved in \(paths.journal)",
      hint: remedy)
  }

  private var remedy: String {
    switch mode {
    case .new: "add --resume to the same command to continue"
    case .resume: "give the same command to continue"
    case .replace: "give the same command with --resume in place of --force to continue"
    }
  }

  private func publish(_ store: VectorStore, _ result: inout Result) throws {
    console.progress.begin("writing vectors", .bytes, of: 0)
    try store.publish()
    result.counts.vectors = store.entries.count
    result.counts.kept = store.entries.count - result.counts.embedded
    result.counts.stale = store.entries.count { $0.row.status == .stale }
    result.counts.missing = store.entries.count { $0.row.status == .missing }
    let stale =
      result.counts.stale > 0 ? "; \(result.counts.stale) of files that changed since (status stale)" : ""
    let pruned = result.counts.pruned > 0 ? ", \(result.counts.pruned) removed" : ""
    console.note(
      "\(paths.vectors) and \(paths.rows): \(counted(store.entries.count, "vector")) of \(store.width) values\(pruned)\(stale)"
    )
  }
}
