import CKernels
import TestSupport
import Testing

@Suite("Patches, pixels and token embeddings") struct GatherTests {
  static let grids: [(name: String, grid: pk_patch_grid, outputHeight: Int)] = [
    grid("3 × 3, step 1", 5, 7, 6, kernel: 3, step: 1, padding: 1, planar: false),
    grid("3 × 3, step 2", 6, 9, 4, kernel: 3, step: 2, padding: 1, planar: false),
    grid("stem", 8, 8, 3, kernel: 3, step: 2, padding: 1, planar: true),
    grid("patches", 12, 8, 3, kernel: 4, step: 4, padding: 0, planar: true),
    grid("one pixel", 1, 1, 5, kernel: 3, step: 1, padding: 1, planar: false),
  ]

  private static func grid(
    _ name: String, _ height: Int, _ width: Int, _ channels: Int, kernel: Int, step: Int,
    padding: Int, planar: Bool
  ) -> (name: String, grid: pk_patch_grid, outputHeight: Int) {
    let outputs = { (size: Int) in (size + 2 * padding - kernel) / step + 1 }
    let grid = pk_patch_grid(
      height: height, width: width, channels: channels,
      row_stride: planar ? width : width * channels, column_stride: planar ? 1 : channels,
      channel_stride: planar ? height * width : 1, kernel: kernel, step: step, padding: padding,
      output_width: outputs(width))
    return (name, grid, outputs(height))
  }

  /// The definition, one element at a time.
  private func element(_ grid: pk_patch_grid, _ row: Int, _ column: Int, _ input: Int) -> Int? {
    let channel = input % grid.channels
    let kx = input / grid.channels % grid.kernel
    let ky = input / grid.channels / grid.kernel
    guard ky < grid.kernel else { return nil }
    let y = row * grid.step + ky - grid.padding
    let x = column * grid.step + kx - grid.padding
    guard (0..<grid.height).contains(y), (0..<grid.width).contains(x) else { return nil }
    return y * grid.row_stride + x * grid.column_stride + channel * grid.channel_stride
  }

  private func expected<Element>(
    _ grid: pk_patch_grid, rows: Range<Int>, _ image: [Element], fill: Element
  ) -> [Element] {
    let inputs = roundUp(grid.kernel * grid.kernel * grid.channels, to: 4)
    return rows.flatMap { row in
      (0..<grid.output_width).flatMap { column in
        (0..<inputs).map { element(grid, row, column, $0).map { image[$0] } ?? fill }
      }
    }
  }

  @Test(
    "Patches hold each window's pixels in the order ky, kx, channel, with the fill value outside the image",
    arguments: KernelTable.all)
  func patches(table: KernelTable) {
    var numbers = SplitMix(seed: 1)
    for (name, original, outputHeight) in Self.grids {
      let arena = Arena()
      defer { arena.free() }
      var grid = original
      let inputs = roundUp(grid.kernel * grid.kernel * grid.channels, to: 4)
      let floats = numbers.floats(grid.height * grid.width * grid.channels)
      let bytes = numbers.bytes(floats.count)
      for rows in [0..<outputHeight, 0..<1, outputHeight / 2..<outputHeight, 0..<0] {
        let count = rows.count * grid.output_width * inputs
        let found = arena.buffer(count: count, of: Float(-9))
        table.kernels.pointee.gather_patches_f32(
          &grid, rows.lowerBound, rows.upperBound, arena.copy(floats), 0, found, inputs)
        #expect(array(found, count) == expected(grid, rows: rows, floats, fill: 0), "\(name)")
        let foundBytes = arena.buffer(count: count, of: UInt8(9))
        table.kernels.pointee.gather_patches_u8(
          &grid, rows.lowerBound, rows.upperBound, arena.copy(bytes), 77, foundBytes, inputs)
        #expect(array(foundBytes, count) == expected(grid, rows: rows, bytes, fill: 77), "\(name)")
      }
    }
  }

  @Test("Four pixels are averaged in pairs, element by element", arguments: KernelTable.all)
  func pooling(table: KernelTable) {
    var numbers = SplitMix(seed: 2)
    for channels in [0, 1, 4, 16, 19, 64] {
      let arena = Arena()
      defer { arena.free() }
      let (top, bottom) = (numbers.floats(2 * channels), numbers.floats(2 * channels))
      let y = arena.buffer(count: channels, of: Float(0))
      table.kernels.pointee.average_pixels_f32(channels, arena.copy(top), arena.copy(bottom, slack: 1), y)
      let expected = (0..<channels).map {
        ((top[$0] + top[channels + $0]) + (bottom[$0] + bottom[channels + $0])) * 0.25
      }
      #expect(bits(y, channels) == bits(expected))
    }
  }

  @Test(
    "Token embeddings are the table's rows, widened and scaled, plus positions",
    arguments: KernelTable.all)
  func embeddings(table: KernelTable) {
    var numbers = SplitMix(seed: 3)
    for width in [1, 16, 35] {
      let arena = Arena()
      defer { arena.free() }
      let ids: [Int32] = [4, 0, 4, 2]
      let floats = numbers.floats(5 * width)
      let halves = floats.map { Float16($0).bitPattern }
      let integers = numbers.weights(5 * width)
      let scales = numbers.floats(5)
      let positions = numbers.floats(4 * width)
      let y = arena.buffer(count: 4 * width, of: Float(0))
      let expect = { (useful: Bool, value: (Int, Int) -> Float) in
        (0..<4 * width).map { index in
          value(Int(ids[index / width]), index % width) + (useful ? positions[index] : 0)
        }
      }
      for useful in [true, false] {
        let added: UnsafeMutablePointer<Float>? = useful ? arena.copy(positions) : nil
        let kernels = table.kernels.pointee
        kernels.embed_f32(4, width, ids, arena.copy(floats), added, y, width)
        #expect(array(y, 4 * width) == expect(useful) { floats[$0 * width + $1] })
        kernels.embed_f16(4, width, ids, arena.copy(halves), added, y, width)
        #expect(
          array(y, 4 * width)
            == expect(useful) { Float(Float16(bitPattern: halves[$0 * width + $1])) })
        kernels.embed_s8(4, width, ids, arena.copy(integers), scales, added, y, width)
        #expect(
          array(y, 4 * width)
            == expect(useful) { Float(integers[$0 * width + $1]) * scales[$0] })
      }
    }
  }
}
