package import Architecture

extension CLIPArchitecture {
  /// Whether it has this tower; false for nil, what belongs to neither.
  package func has(_ tower: Tower?) -> Bool {
    switch tower {
    case .image: image != nil
    case .text: text != nil
    case nil: false
    }
  }
}
