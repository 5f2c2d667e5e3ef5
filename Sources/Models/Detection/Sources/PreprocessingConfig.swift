internal import Architecture
internal import Archives
internal import Checkpoints

/// Preprocessing according to the libraries' configuration files.
enum PreprocessingConfig {
  /// `preprocess_cfg` of `open_clip_config.json`. Absent fields have open_clip's defaults.
  static func openCLIP(_ root: ConfigReader, imageSize: Int?) throws(ModelError) -> Stated<Preprocessing> {
    guard let config = try root.object("preprocess_cfg") else {
      return Stated(.openAI, .libraryDefault, "\(root.location): preprocess_cfg")
    }
    return try openCLIP(fields: config, imageSize: imageSize)
  }

  /// open_clip's `PreprocessCfg`. Only the unsupported mode `longest` uses a fill colour.
  private static let openCLIPKeys = ConfigKeys(
    used: ["mean", "std", "interpolation", "resize_mode", "mode", "size"], irrelevant: ["fill_color"])

  static func openCLIP(
    fields config: ConfigReader, imageSize: Int?
  ) throws(ModelError) -> Stated<Preprocessing> {
    try openCLIPKeys.requireAll(of: config)
    var result = Preprocessing.openAI
    try config.readMeanAndDeviation("mean", "std", into: &result)
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
    if let side = try config.side("size") { try config.requireImageSize(side, imageSize, "size") }
    return Stated(result, .configuration, config.location)
  }

  /// transformers' `CLIPImageProcessor` and its fast twin.
  private static let huggingFaceKeys = ConfigKeys(
    used: [
      "image_processor_type", "feature_extractor_type", "image_mean", "image_std", "do_resize", "do_rescale",
      "do_normalize", "do_convert_rgb", "do_center_crop", "do_pad", "do_flip_channel_order", "resample",
      "rescale_factor", "size", "crop_size", "default_to_square", "use_fast", "transformers_version",
    ],
    irrelevant: [
      "processor_class", "auto_map", "return_tensors", "data_format", "input_data_format", "device",
      "disable_grouping", "_valid_processor_keys", "model_input_names",
    ])

  private static let huggingFaceProcessors: Set = [
    "CLIPImageProcessor", "CLIPImageProcessorFast", "CLIPImageProcessorPil", "CLIPFeatureExtractor",
  ]
  private static let sigLIPProcessors: Set = [
    "SiglipImageProcessor", "SiglipImageProcessorFast", "SiglipImageProcessorPil",
  ]

  /// `preprocessor_config.json` of transformers' CLIP or SigLIP. Absent fields have the defaults of `CLIPImageProcessor` or
  /// `SiglipImageProcessor`.
  ///
  /// - Parameter imageSize: the tower's; nil if it is not known yet.
  static func huggingFace(
    _ config: ConfigReader, imageSize: Int?
  ) throws(ModelError) -> Stated<Preprocessing> {
    try huggingFaceKeys.requireAll(of: config)
    var isSigLIP = false
    for key in ["image_processor_type", "feature_extractor_type"] {
      guard let type = try config.text(key) else { continue }
      isSigLIP = isSigLIP || sigLIPProcessors.contains(type)
      guard isSigLIP || huggingFaceProcessors.contains(type) else {
        throw config.unsupported("\(key) \(type)")
      }
    }
    for step in ["do_resize", "do_rescale", "do_normalize"] where try config.isOff(step) {
      throw config.unsupported("\(step) \(config.json[step]?.brief ?? "false")")
    }
    // SigLIP's files say null: then transformers takes RGB images alone, which a conversion does not change.
    if try config.bool("do_convert_rgb") == false { throw config.unsupported("do_convert_rgb false") }
    for step in ["do_pad", "do_flip_channel_order"] where try config.bool(step) == true {
      throw config.unsupported("\(step) true")
    }
    if let factor = try config.number("rescale_factor"), abs(factor * 255 - 1) > 1e-6 {
      throw config.unsupported("rescale_factor \(factor)")
    }
    var result = Preprocessing.openAI
    result.conversion = .beforeResize
    result.crop = .down
    if isSigLIP {
      result.mean = .init(0.5, 0.5, 0.5)
      result.standardDeviation = .init(0.5, 0.5, 0.5)
    }
    try config.readMeanAndDeviation("image_mean", "image_std", into: &result)
    switch try config.integer("resample") ?? 3 {
    case 3: result.interpolation = .bicubic
    case 2: result.interpolation = .bilinear
    case let other: throw config.unsupported("resample \(other)")
    }
    try readGeometry(config, isSigLIP: isSigLIP, imageSize: imageSize, into: &result)
    return Stated(result, .configuration, config.location)
  }

  /// Accepts a shorter edge with a crop of at most that size, or both edges without a crop.
  private static func readGeometry(
    _ config: ConfigReader, isSigLIP: Bool, imageSize: Int?, into result: inout Preprocessing
  ) throws(ModelError) {
    let crops = try isSigLIP ? config.bool("do_center_crop") ?? false : !config.isOff("do_center_crop")
    if crops {
      let crop = try config.side("crop_size") ?? defaultSide
      try config.requireImageSize(crop, imageSize, "crop_size")
    }
    switch try config.resizedSize() ?? (isSigLIP ? .square(defaultSide) : .shortestEdge(defaultSide)) {
    case .shortestEdge(let edge):
      guard crops else { throw config.unsupported("do_center_crop false") }
      try readEdge(edge, config, imageSize, into: &result)
    case .square(let side):
      result.resize = .squash
      // A crop to the size of the resized image does nothing.
      try config.requireImageSize(side, imageSize, "size")
    }
  }

  /// The default shortest edge and crop of `CLIPImageProcessor`.
  private static let defaultSide = 224

  private static func readEdge(
    _ edge: Int, _ config: ConfigReader, _ imageSize: Int?, into result: inout Preprocessing
  ) throws(ModelError) {
    let crop = try config.side("crop_size") ?? defaultSide
    guard edge != crop else { return }
    guard edge > crop else {
      throw config.unsupported(
        "size.shortest_edge \(edge), below the crop of \(crop): the border would be padded")
    }
    result.resizeEdge = edge
  }

  /// Reads a configuration file that the user specifies.
  static func read(path: String, imageSize: Int?) throws(ModelError) -> StatedFacts {
    var config = try reader(path)
    // transformers 5 writes `processor_config.json`, which contains the image processor.
    if let inner = try config.object("image_processor") { config = inner }
    var facts = StatedFacts()
    if config.json["preprocess_cfg"] != nil {
      facts.preprocessing = try openCLIP(config, imageSize: imageSize)
    } else if config.json["image_mean"] != nil || config.json["resample"] != nil {
      facts.preprocessing = try huggingFace(config, imageSize: imageSize)
      let folder = path.lastIndex(of: "/").map { path[...$0] } ?? ""
      try facts.readTransformersRules(config, model: try? reader(folder + "config.json"))
    } else if config.json["mean"] != nil {
      facts.preprocessing = try openCLIP(fields: config, imageSize: imageSize)
    } else {
      throw config.bad("image_mean or preprocess_cfg", "there", nil)
    }
    return facts
  }

  /// Pixels along each side of the images that the user's configuration file makes; nil if it does not state them.
  static func imageSize(path: String) throws(ModelError) -> Int? {
    let config = try reader(path)
    let inner = [try config.object("image_processor"), try config.object("preprocess_cfg")].compactMap { $0 }
    let fields = inner.first ?? config
    if let crop = try fields.side("crop_size"), try !fields.isOff("do_center_crop") { return crop }
    switch try fields.resizedSize() {
    case .square(let side): return side
    case .shortestEdge, nil: return nil
    }
  }

  private static func reader(_ path: String) throws(ModelError) -> ConfigReader {
    do throws(ReadError) {
      let file = try MappedFile(path: path)
      return ConfigReader(
        path: path, location: path, json: try JSONParser.parse(file.bytes, limits: .standard))
    } catch {
      throw ModelError(error.inFile(path))
    }
  }
}

extension ConfigReader {
  fileprivate func readMeanAndDeviation(
    _ mean: String, _ deviation: String, into result: inout Preprocessing
  ) throws(ModelError) {
    if let (red, green, blue) = try triple(mean) { result.mean = .init(red, green, blue) }
    guard let (red, green, blue) = try triple(deviation) else { return }
    guard red > 0, green > 0, blue > 0 else { throw bad(deviation, "positive", json[deviation]) }
    result.standardDeviation = .init(red, green, blue)
  }

  /// The forms of transformers' `size`.
  fileprivate enum ResizedSize {
    case shortestEdge(Int)
    case square(Int)
  }

  fileprivate func resizedSize() throws(ModelError) -> ResizedSize? {
    guard let size = json["size"], !size.isNull else { return nil }
    // Old configurations have a number: the shorter edge, or both edges if they state so.
    if let edge = size.integerValue {
      return try bool("default_to_square") == true ? .square(edge) : .shortestEdge(edge)
    }
    if let edge = size["shortest_edge"]?.integerValue, size.objectValue?.members.count == 1 {
      return .shortestEdge(edge)
    }
    guard let side = try side("size") else { throw unsupported("size \(size.brief)") }
    return .square(side)
  }

  /// The side of a square: `224`, `[224, 224]` or `{"height": 224, "width": 224}`; nil if absent or null.
  fileprivate func side(_ key: String) throws(ModelError) -> Int? {
    guard let value = json[key], !value.isNull else { return nil }
    if let side = value.integerValue { return side }
    let sides = [value["height"], value["width"]].compactMap { $0?.integerValue }
    let listed = (value.arrayValue ?? []).compactMap(\.integerValue)
    for pair in [sides, listed] where pair.count == 2 && pair[0] == pair[1] { return pair[0] }
    throw unsupported("\(key) \(value.brief)")
  }

  fileprivate func requireImageSize(_ side: Int, _ imageSize: Int?, _ key: String) throws(ModelError) {
    guard let imageSize, side != imageSize else { return }
    throw ModelError(
      .badConfiguration, expected: "\(key) to be \(imageSize), the size of the tensors' image tower",
      found: "\(side)", file: path)
  }
}
