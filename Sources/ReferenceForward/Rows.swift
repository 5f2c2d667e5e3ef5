internal import Models
internal import Parallel

/// Splits rows into a few pieces per processor; each piece runs on one thread.
func forEachRowRange(_ rowCount: Int, _ body: (Range<Int>) -> Void) {
  let pieces = max(1, min(rowCount, usableProcessorCount * 4))
  parallelFor(pieces) { piece in
    let range = rowCount * piece / pieces..<rowCount * (piece + 1) / pieces
    if !range.isEmpty { body(range) }
  }
}

extension Tensor {
  /// Calls `body` with pieces of the rows, in parallel.
  mutating func forEachRow(_ body: (UnsafeMutableBufferPointer<Float>) -> Void) {
    let (width, rowCount) = (width, rowCount)
    values.withUnsafeMutableBufferPointer { buffer in
      forEachRowRange(rowCount) { rows in
        for row in rows {
          body(UnsafeMutableBufferPointer(rebasing: buffer[row * width..<(row + 1) * width]))
        }
      }
    }
  }

  /// x += y, shapes equal.
  mutating func add(_ other: Tensor) {
    precondition(shape == other.shape, "\(shape) + \(other.shape)")
    other.values.withUnsafeBufferPointer { added in
      let count = values.count
      values.withUnsafeMutableBufferPointer { buffer in
        forEachRowRange(count) { range in
          for index in range { buffer[index] += added[index] }
        }
      }
    }
  }

  /// x += table, the table repeated along the slower axes: positions, biases.
  mutating func addRepeating(_ table: Tensor) {
    precondition(values.count % table.values.count == 0, "\(shape) + \(table.shape) repeated")
    let period = table.values.count
    table.values.withUnsafeBufferPointer { added in
      let repeats = values.count / period
      values.withUnsafeMutableBufferPointer { buffer in
        forEachRowRange(repeats) { range in
          for index in range.lowerBound * period..<range.upperBound * period {
            buffer[index] += added[index % period]
          }
        }
      }
    }
  }
}

/// Splits rows into one piece per processor, because each piece of a product packs the complete other matrix.
func forEachProductRange(_ rowCount: Int, _ body: (Range<Int>) -> Void) {
  let pieces = max(1, min(rowCount / 16, usableProcessorCount))
  parallelFor(pieces) { piece in
    body(rowCount * piece / pieces..<rowCount * (piece + 1) / pieces)
  }
}
