internal import Architecture
internal import Archives
internal import Checkpoints

/// Preprocessing as the libraries' configuration files state it.
enum PreprocessingConfig {
  /// `preprocess_cfg` of `open_clip_config.json`; a field that is absent has open_clip's default.
  static func openCLIP(_ root: ConfigReader) throws(ModelError) -> Stated<Preprocessing> {
    guard let config = try root.object("preprocess_cfg") else {
      return Stated(.openAI, .libraryDefault, "\(root.place): preprocess_cfg")
    }
    return try openCLIP(fields: config)
  }

  private static func openCLIP(fields config: ConfigReader) throws(ModelError) -> Stated<Preprocessing> {
    var result = Preprocessing.openAI
    try config.readMoments("mean", "std", into: &result)
    switch try config.text("interpolation") ?? "bicubic" {
    case "bicubic", "random": result.interpolation = .bicubic
    case "bilinear": result.interpolation = .bilinear
    case let other: throw config.unsupported("interpolation \(other)")
    }
    switch try config.text("resize_mode") ?? "shortest" {
    case "shortest": result.resize = .shortest
    case "squash": result.resize = .squash
    case let other: throw config.unsupported("resize_mode \(other)")
    }
    if let mode = try config.text("mode"), mode != "RGB" { throw config.unsupported("mode \(mode)") }
    return Stated(result, .configuration, config.place)
  }

  /// `preprocessor_config.json` of transformers' CLIP; a field that is absent has `CLIPImageProcessor`'s default.
  static func huggingFace(_ config: ConfigReader) throws(ModelError) -> Stated<Preprocessing> {
    var result = Preprocessing.openAI
    result.conversion = .beforeResize
    result.crop = .down
    try config.readMoments("image_mean", "image_std", into: &result)
    for step in ["do_resize", "do_rescale", "do_normalize", "do_convert_rgb"]
    where try config.bool(step) == false {
      throw config.unsupported("\(step) false")
    }
    switch try config.integer("resample") ?? 3 {
    case 3: result.interpolation = .bicubic
    case 2: result.interpolation = .bilinear
    case let other: throw config.unsupported("resample \(other)")
    }
    if let factor = try config.number("rescale_factor"), abs(factor * 255 - 1) > 1e-6 {
      throw config.unsupported("rescale_factor \(factor)")
    }
    result.resize = try resize(config)
    return Stated(result, .configuration, config.place)
  }

  /// The shortest edge and a crop of the same size, or both edges without a crop.
  private static func resize(_ config: ConfigReader) throws(ModelError) -> Preprocessing.ResizeRule {
    let crops = try config.bool("do_center_crop") ?? true
    guard let size = config.json["size"], size.objectValue != nil else {
      guard crops else { throw config.unsupported("do_center_crop false") }
      return .shortest
    }
    if size["shortest_edge"] != nil {
      guard crops else { throw config.unsupported("do_center_crop false") }
      return .shortest
    }
    guard let height = size["height"]?.integerValue, height == size["width"]?.integerValue else {
      throw config.unsupported("size \(size.brief)")
    }
    // A crop of the size that resizing just gave does nothing.
    return .squash
  }

  /// A configuration file that the user names.
  static func read(path: String) throws(ModelError) -> Preprocessing {
    let json: JSONValue
    do throws(ReadError) {
      let file = try MappedFile(path: path)
      json = try JSONParser.parse(file.bytes, limits: .standard)
    } catch {
      throw ModelError(error.inFile(path))
    }
    let config = ConfigReader(path: path, place: path, json: json)
    if json["preprocess_cfg"] != nil { return try openCLIP(config).value }
    if json["image_mean"] != nil || json["resample"] != nil { return try huggingFace(config).value }
    if json["mean"] != nil { return try openCLIP(fields: config).value }
    throw config.bad("image_mean or preprocess_cfg", "there", nil)
  }
}

extension ConfigReader {
  fileprivate func readMoments(
    _ mean: String, _ deviation: String, into result: inout Preprocessing
  ) throws(ModelError) {
    if let (red, green, blue) = try triple(mean) { result.mean = .init(red, green, blue) }
    guard let (red, green, blue) = try triple(deviation) else { return }
    guard red > 0, green > 0, blue > 0 else { throw bad(deviation, "positive", json[deviation]) }
    result.standardDeviation = .init(red, green, blue)
  }
}
