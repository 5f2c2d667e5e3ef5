internal import Architecture

extension Stated<Preprocessing.Alpha> {
  /// From one release on, all image processors of transformers composite transparent images on white.
  static func huggingFace(_ release: TransformersRelease?) -> Stated<Preprocessing.Alpha> {
    guard let release, release.isAtLeast(.firstOnWhite) else {
      return Stated(.drop, .libraryDefault, "transformers before 5.21")
    }
    return Stated(.white, .configuration, release.detail)
  }
}

extension Resolution {
  /// Decides the alpha handling, records its source, and notes if another handling is possible.
  mutating func decide(_ alpha: Stated<Preprocessing.Alpha>?, of preprocessing: Stated<Preprocessing>) {
    guard let alpha else { return }
    take(alpha, "preprocessing.alpha", \.fieldText)
    if let error = preprocessing.alphaRefusal(alpha) { undecided.append(error) }
    if alpha.source == .libraryDefault {
      notes.append(
        "transparent images lose their alpha: no transformers_version of 5.21 or later is stated. transformers 5.21 and "
          + "later lay them on white: --alpha white")
    }
  }
}

extension Stated<Preprocessing> {
  /// Why the rest of the preprocessing excludes it.
  fileprivate func alphaRefusal(_ stated: Stated<Preprocessing.Alpha>) -> ModelError? {
    guard stated.value == .white, value.conversion == .afterResize else { return nil }
    var error = ModelError(
      .unsupportedOption,
      expected:
        "drop, since the preprocessing (\(detail)) resizes images before it converts them to RGB",
      found: stated.detail)
    error.remedy =
      "leave --alpha out, or give transformers' preprocessor_config.json with --preprocess"
    return error
  }
}
