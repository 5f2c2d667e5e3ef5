internal import Architecture
internal import Archives
internal import Checkpoints

/// The backend that resizes images, and a contradiction that only an option can resolve.
struct StatedBackend: Sendable {
  var backend: Stated<Preprocessing.Backend>
  var problem: ModelError?

  init(_ backend: Stated<Preprocessing.Backend>, problem: ModelError? = nil) {
    self.backend = backend
    self.problem = problem
  }

  /// Reads transformers' files. A class name that ends in `Fast` or `Pil`, or `use_fast`, identifies the backend.
  /// Otherwise the release that wrote the files decides, because torchvision is the default from release 5 on.
  ///
  /// - Parameter config: the image processor's.
  static func huggingFace(
    _ config: ConfigReader, _ release: TransformersRelease?
  ) throws(ModelError) -> StatedBackend {
    var named: [Stated<Preprocessing.Backend>] = []
    if let type = try config.text("image_processor_type") {
      let detail = "\(config.location): image_processor_type \(type)"
      if type.hasSuffix("Fast") { named.append(Stated(.torchvision, .configuration, detail)) }
      if type.hasSuffix("Pil") { named.append(Stated(.pillow, .configuration, detail)) }
    }
    if let isFast = try config.bool("use_fast") {
      named.append(
        Stated(isFast ? .torchvision : .pillow, .configuration, "\(config.location): use_fast \(isFast)"))
    }
    if let first = named.first {
      let isAgreed = named.allSatisfy { $0.value == first.value }
      return StatedBackend(first, problem: isAgreed ? nil : contradiction(named, config.path))
    }
    if let release, release.isAtLeast(.firstWithTorchvision) {
      return StatedBackend(Stated(.torchvision, .configuration, release.detail))
    }
    return StatedBackend(Stated(.pillow, .libraryDefault, "transformers before 5"))
  }

  private static func contradiction(
    _ statements: [Stated<Preprocessing.Backend>], _ path: String
  ) -> ModelError {
    var error = ModelError(
      .badConfiguration, expected: "image_processor_type and use_fast to name one resize",
      found: statements.map(\.detail).joined(separator: " and "), file: path)
    error.remedy =
      "give --resize-backend pillow (the slow processor) or --resize-backend torchvision (the fast one)"
    return error
  }
}

extension Resolution {
  /// Sets backend and alpha handling of the preprocessing and records their sources.
  mutating func decide(
    _ preprocessing: Stated<Preprocessing>?, _ stated: StatedBackend?, _ alpha: Stated<Preprocessing.Alpha>?
  ) {
    guard var preprocessing else {
      undecided.append(ModelError(.undecidedPreprocessing))
      return
    }
    if let stated {
      preprocessing.value.backend = stated.backend.value
      if let problem = stated.problem { undecided.append(problem) }
    }
    if let alpha { preprocessing.value.alpha = alpha.value }
    self.preprocessing = take(preprocessing, "preprocessing", \.fieldText)
    decide(alpha, of: preprocessing)
    guard let stated else { return }
    take(stated.backend, "preprocessing.backend", \.fieldText)
    if let error = preprocessing.value.backendRefusal(stated.backend, of: preprocessing) {
      undecided.append(error)
    }
    noteResize(stated.backend, preprocessing.value.interpolation)
  }

  /// Notes if another resize is possible.
  private mutating func noteResize(
    _ backend: Stated<Preprocessing.Backend>, _ interpolation: Preprocessing.Interpolation
  ) {
    if backend.source == .libraryDefault {
      notes.append(
        "images are resized with Pillow: no fast image processor, use_fast or transformers_version of 5 or later is "
          + "stated. transformers 5 resizes them with torchvision: --resize-backend torchvision")
    }
    if backend.source == .configuration, backend.value == .torchvision, interpolation == .bilinear {
      notes.append(
        "images are resized with torchvision's 8-bit kernel; torchvision up to 0.23 on AVX-512 resized bilinearly "
          + "through floats: --resize-backend torchvision_float")
    }
  }
}

extension Preprocessing {
  /// Why the backend does not support the rest of the preprocessing.
  fileprivate func backendRefusal(
    _ stated: Stated<Backend>, of preprocessing: Stated<Preprocessing>
  ) -> ModelError? {
    if backend != .pillow, conversion == .afterResize {
      var error = ModelError(
        .unsupportedOption,
        expected:
          "pillow, since the preprocessing (\(preprocessing.detail)) resizes images before it converts them to RGB",
        found: stated.detail)
      error.remedy =
        "leave --resize-backend out, or give transformers' preprocessor_config.json with --preprocess"
      return error
    }
    if backend == .torchvisionFloat, interpolation == .bicubic {
      var error = ModelError(
        .unsupportedOption,
        expected: "torchvision, which resizes bicubically in 8 bits on every processor",
        found: stated.detail)
      error.remedy = "give --resize-backend torchvision"
      return error
    }
    return nil
  }
}
