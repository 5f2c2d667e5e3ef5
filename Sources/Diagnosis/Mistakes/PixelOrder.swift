// The order of pixels and channels in memory.
extension Mistake {
  static let pixelOrder: [Mistake] = [
    Mistake(
      "layout-nhwc", .layout, "passes interleaved channels (NHWC) to a model that expects planes (NCHW)"
    ) {
      $0.image?.layout = .interleaved
    },
    Mistake("layout-transposed", .layout, "exchanges rows and columns of the image") {
      $0.image?.layout = .transposed
    },
    Mistake("layout-upside-down", .layout, "passes the bottom row first") { $0.image?.layout = .upsideDown },
    Mistake("layout-mirrored", .layout, "mirrors the image") { $0.image?.layout = .mirrored },
    Mistake(
      "layout-planes-reversed", .layout,
      "passes planes as blue, green, red after normalizing them as red, green, blue"
    ) { $0.image?.layout = .reversedPlanes },
  ]
}
