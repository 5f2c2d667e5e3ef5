internal import Architecture

extension Preprocessing {
  /// Per channel (R, G, B).
  var meanJSON: JSONText { mean.json }
  var deviationJSON: JSONText { standardDeviation.json }

  /// `preprocess_cfg` of open_clip, all but the size.
  var openCLIPMembers: [(key: String, value: JSONText)] {
    [
      ("mode", "RGB"), ("mean", meanJSON), ("std", deviationJSON),
      ("interpolation", interpolation == .bicubic ? "bicubic" : "bilinear"),
      ("resize_mode", resize == .shortest ? "shortest" : "squash"), ("fill_color", 0),
    ]
  }
}

extension Preprocessing.RGB {
  fileprivate var json: JSONText { [.float(red), .float(green), .float(blue)] }
}
