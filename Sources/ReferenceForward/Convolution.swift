internal import Models
internal import Parallel

/// Feature maps are channels-last here, `[B, H, W, C]`, so that a 1×1 convolution is directly a matrix product.
extension Tensor {
  /// Pixels `[B, C, H, W]` → `[B, H, W, C]`
  var channelsLast: Tensor {
    let (batch, channels, area) = (shape[0], shape[1], shape[2] * shape[3])
    return Tensor([batch, shape[2], shape[3], channels]) { output in
      for item in 0..<batch {
        for channel in 0..<channels {
          let plane = (item * channels + channel) * area
          for position in 0..<area {
            output[(item * area + position) * channels + channel] = values[plane + position]
          }
        }
      }
    }
  }

  /// A 1×1 convolution: kernel `[N, C, 1, 1]`, no bias → `[B, H, W, N]`
  func convolved1x1(_ kernel: Tensor, by product: MatrixProduct) -> Tensor {
    linear(kernel.reshaped([kernel.shape[0], kernel.shape[1]]), by: product)
  }

  /// A 3×3 convolution with padding 1: kernel `[N, C, 3, 3]`, no bias → `[B, H / stride, W / stride, N]`
  func convolved3x3(_ kernel: Tensor, stride: Int = 1, by product: MatrixProduct) -> Tensor {
    let convolution = Convolution3x3(input: self, stride: stride)
    let weights = Convolution3x3.tapMajor(kernel)  // [N, 9·C]
    return convolution.run(weights, by: product)
  }

  /// 2×2 average pooling → `[B, H / 2, W / 2, C]`
  var averagePooled: Tensor {
    let (batch, height, width, channels) = (shape[0], shape[1] / 2, shape[2] / 2, shape[3])
    let sourceRow = shape[2] * channels
    return Tensor([batch, height, width, channels]) { output in
      values.withUnsafeBufferPointer { input in
        forEachRowRange(batch * height) { rows in
          for row in rows {
            // Rows 2y and 2y + 1 of the item are contiguous.
            let (item, y) = row.quotientAndRemainder(dividingBy: height)
            let top = (item * self.shape[1] + 2 * y) * sourceRow
            for x in 0..<width {
              let (left, target) = (top + 2 * x * channels, (row * width + x) * channels)
              for channel in 0..<channels {
                let upper = input[left + channel] + input[left + channels + channel]
                let lower =
                  input[left + sourceRow + channel] + input[left + sourceRow + channels + channel]
                output[target + channel] = (upper + lower) * 0.25
              }
            }
          }
        }
      }
    }
  }
}

/// A 3×3 convolution by patch matrices of a few thousand rows, so that memory does not grow with the image.
struct Convolution3x3 {
  var input: Tensor
  var stride: Int

  var channels: Int { input.shape[3] }
  var outputHeight: Int { (input.shape[1] - 1) / stride + 1 }
  var outputWidth: Int { (input.shape[2] - 1) / stride + 1 }
  /// Output positions of all maps.
  var rowCount: Int { input.shape[0] * outputHeight * outputWidth }

  /// Kernel `[N, C, 3, 3]` → `[N, 9·C]`, columns in the order (ky, kx, c) of the patches.
  static func tapMajor(_ kernel: Tensor) -> Tensor {
    let (outputs, channels) = (kernel.shape[0], kernel.shape[1])
    return Tensor([outputs, 9 * channels]) { result in
      for output in 0..<outputs {
        for channel in 0..<channels {
          for tap in 0..<9 {
            result[(output * 9 + tap) * channels + channel] =
              kernel.values[(output * channels + channel) * 9 + tap]
          }
        }
      }
    }
  }

  func run(_ weights: Tensor, by product: MatrixProduct) -> Tensor {
    let outputs = weights.shape[0]
    let rowCount = rowCount
    let chunk = max(64, Self.patchValues / weights.width)
    let chunkCount = (rowCount + chunk - 1) / chunk
    return Tensor([input.shape[0], outputHeight, outputWidth, outputs]) { output in
      input.values.withUnsafeBufferPointer { source in
        weights.values.withUnsafeBufferPointer { matrix in
          guard let w = matrix.baseAddress, let y = output.baseAddress else { return }
          parallelFor(chunkCount) { index in
            let rows = index * chunk..<min((index + 1) * chunk, rowCount)
            let patches = gather(rows, from: source)  // [rows, 9·C]
            patches.withUnsafeBufferPointer { buffer in
              guard let x = buffer.baseAddress else { return }
              product(
                .init(base: x, stride: weights.width), .init(base: w, stride: weights.width), .transposed,
                into: .init(base: y + rows.lowerBound * outputs, stride: outputs),
                .init(m: rows.count, n: outputs, k: weights.width))
            }
          }
        }
      }
    }
  }

  /// Values of one patch matrix: 8 MB.
  private static let patchValues = 1 << 21

  /// The 3×3 neighbourhoods of output positions, zero beyond the border.
  func gather(_ rows: Range<Int>, from source: UnsafeBufferPointer<Float>) -> [Float] {
    let (height, width, width9) = (input.shape[1], input.shape[2], 9 * channels)
    return [Float](unsafeUninitializedCapacity: rows.count * width9) { buffer, initialized in
      var next = 0
      for row in rows {
        let (line, x) = row.quotientAndRemainder(dividingBy: outputWidth)
        let (item, y) = line.quotientAndRemainder(dividingBy: outputHeight)
        for tap in 0..<9 {
          let (sourceY, sourceX) = (y * stride + tap / 3 - 1, x * stride + tap % 3 - 1)
          let isInside = sourceY >= 0 && sourceY < height && sourceX >= 0 && sourceX < width
          if isInside {
            let start = ((item * height + sourceY) * width + sourceX) * channels
            for channel in 0..<channels { buffer[next + channel] = source[start + channel] }
          } else {
            for channel in 0..<channels { buffer[next + channel] = 0 }
          }
          next += channels
        }
      }
      initialized = rows.count * width9
    }
  }
}
