internal import ReferenceForward

/// Collects summaries of stages while a forward pass runs.
final class TraceRecorder {
  private(set) var trace: StageTrace
  /// Probes in the batch.
  private let batch: Int
  /// The number of rows of each probe that count, and the pooled one among them; nil for pixels, which all count.
  private let tokens: [(count: Int, pooled: Int)]?

  /// Feature maps: every row counts, none is pooled.
  ///
  /// - Parameter trace: of the probes that ran before these.
  init(maps batch: Int, after trace: StageTrace = StageTrace()) {
    self.batch = batch
    self.trace = trace
    tokens = nil
  }

  /// Tokens: the first `counts[i]` of probe i count; `pooled[i]` is the row that becomes its embedding.
  init(tokens counts: [Int], pooled: [Int], after trace: StageTrace = StageTrace()) {
    batch = counts.count
    self.trace = trace
    tokens = Array(zip(counts, pooled)).map { (count: $0.0, pooled: $0.1) }
  }

  func record(_ stage: String, _ output: Tensor) {
    let rows = output.rowCount / batch
    for item in 0..<batch {
      let first = item * rows
      let isPooled = rows == 1
      let counted = isPooled ? 1 : min(rows, tokens?[item].count ?? rows)
      let view = StageView(
        rows: counted, width: output.width, pooledRow: isPooled ? 0 : tokens?[item].pooled
      ) { row, column in output.values[(first + row) * output.width + column] }
      trace.append(view, to: stage)
    }
  }
}
