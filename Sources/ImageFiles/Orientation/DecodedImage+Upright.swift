extension DecodedImage {
  /// The image rotated and mirrored by its EXIF orientation, like Pillow's `ImageOps.exif_transpose`.
  ///
  /// Published models were evaluated without this, so the embedding differs from the original code's.
  public func upright() -> DecodedImage {
    guard let orientation else { return self }
    // From 5 on, rows and columns are swapped.
    let isTransposed = orientation >= 5
    var turned = self
    turned.orientation = nil
    turned.width = isTransposed ? height : width
    turned.height = isTransposed ? width : height
    let pixelByteCount = mode.bytesPerPixel
    turned.samples.removeAll(keepingCapacity: true)
    turned.samples.reserveCapacity(samples.count)
    for y in 0..<turned.height {
      for x in 0..<turned.width {
        let (column, row) = source(ofColumn: x, row: y, orientation)
        let start = (row * width + column) * pixelByteCount
        turned.samples.append(contentsOf: samples[start..<start + pixelByteCount])
      }
    }
    return turned
  }

  /// The stored position of a pixel of the upright image (EXIF 2.32, tag 0x0112).
  private func source(ofColumn x: Int, row y: Int, _ orientation: Int) -> (column: Int, row: Int) {
    switch orientation {
    case 2: (width - 1 - x, y)
    case 3: (width - 1 - x, height - 1 - y)
    case 4: (x, height - 1 - y)
    case 5: (y, x)
    case 6: (y, height - 1 - x)
    case 7: (width - 1 - y, height - 1 - x)
    case 8: (width - 1 - y, x)
    default: (x, y)
    }
  }
}
