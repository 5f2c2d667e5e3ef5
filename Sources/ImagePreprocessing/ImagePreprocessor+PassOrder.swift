package import CKernels

extension ImagePreprocessor {
  /// Whether columns are resampled before rows: where the height loses more than twice as many samples as the width
  /// (images more than twice as tall as wide), since what lies between the passes is then smaller.
  ///
  /// This is Pillow 13's order, found by trial on some 1,500 sizes about that bound. Up to Pillow 12 rows always came
  /// first; the two differ in the last bits of some bytes of tall images.
  package static func isVerticalFirst(_ horizontal: pk_resize_axis, _ vertical: pk_resize_axis) -> Bool {
    let lostRows = vertical.input - vertical.output
    let lostColumns = horizontal.input - horizontal.output
    return horizontal.input != horizontal.output && lostRows > 0 && lostRows > 2 * lostColumns
  }
}
