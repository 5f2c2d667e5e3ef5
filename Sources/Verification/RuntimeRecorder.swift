internal import PocketRuntime

/// Collects views of the runtime's stages, one probe after another.
final class RuntimeRecorder {
  enum PooledRow { case first, last, none }

  private(set) var trace = StageTrace()
  private let pooledRow: PooledRow

  private let onLayer: () -> Void

  init(pooledRow: PooledRow, onLayer: @escaping () -> Void) {
    self.pooledRow = pooledRow
    self.onLayer = onLayer
  }

  func record(_ stage: Stage, _ values: StageValues) {
    let pooled: Int?
    switch pooledRow {
    case .first: pooled = 0
    case .last: pooled = values.rows - 1
    case .none: pooled = nil
    }
    let view = StageView(rows: values.rows, width: values.width, pooledRow: pooled) { row, column in
      values.values[row * values.stride + column]
    }
    trace.append(view, to: stage.name)
    if stage.layerTower != nil { onLayer() }
  }

  /// The tower's output.
  func record(_ vector: [Float], as stage: String) {
    trace.append(StageView(pooled: vector, mean: nil), to: stage)
  }
}
