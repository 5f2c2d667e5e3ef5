internal import Architecture
internal import Models

extension ExportPlan {
  /// - Throws: `resizeEdge`, `alpha` or `resizeBackend`, if open_clip's configuration would give other pixels.
  static func requirePixelsOfOpenCLIP(
    _ preprocessing: Preprocessing, _ target: ExportTarget
  ) throws(ExportError) {
    if let edge = preprocessing.resizeEdge {
      throw .refused(ExportRefusal(.resizeEdge, target, found: "a shorter edge of \(edge) pixels"))
    }
    switch preprocessing.alpha {
    case .drop: break
    case .white: throw .refused(ExportRefusal(.alpha, target, found: preprocessing.alpha.fieldText))
    }
    switch preprocessing.backend {
    case .pillow: return
    case .torchvision, .torchvisionFloat:
      throw .refused(ExportRefusal(.resizeBackend, target, found: preprocessing.backend.fieldText))
    }
  }
}

extension Preprocessing {
  /// Per channel (R, G, B).
  var meanJSON: JSONText { mean.json }
  var deviationJSON: JSONText { standardDeviation.json }

  /// `preprocess_cfg` of open_clip, without the size.
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
