package import CKernels

extension ImagePreprocessor {
  /// Whether columns are resampled before rows: if the height loses more than twice as many samples as the width
  /// (images more than twice as tall as wide), because the intermediate result is then smaller.
  ///
  /// This is the order of Pillow 13, determined experimentally with some 1,500 sizes around that bound. Up to Pillow
  /// 12, rows always came first. The two orders differ in the last bits of some bytes of tall images.
  package static func isVerticalFirst(_ horizontal: pk_resize_axis, _ vertical: pk_resize_axis) -> Bool {
    let lostRows = vertical.input - vertical.output
    let lostColumns = horizontal.input - horizontal.output
    return horizontal.input != horizontal.output && lostRows > 0 && lostRows > 2 * lostColumns
  }
}
