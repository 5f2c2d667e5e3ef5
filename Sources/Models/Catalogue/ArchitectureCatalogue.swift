public import Architecture
internal import Archives

/// Published architectures by name: OpenAI's nine, open_clip's ResNets, native Vision Transformers and SigLIPs, and MetaCLIP 2.
///
/// MetaCLIP, DFN, LAION and DataComp weights use these architectures. OpenAI writes `ViT-B/32`, open_clip `ViT-B-32`.
/// open_clip's plain names use GELU, its `-quickgelu` twins QuickGELU, OpenAI always QuickGELU. Both use the name
/// `RN50`: here it is OpenAI's, and open_clip's GELU variant is `open_clip/RN50`.
public enum ArchitectureCatalogue {
  /// A name and its architecture.
  public struct Entry: Sendable {
    public var name: String
    public var architecture: CLIPArchitecture
  }

  /// Every name, OpenAI's first.
  public static let entries: [Entry] = openAI + openCLIP + sigLIP + metaCLIP2

  /// The architecture with this name in OpenAI's or open_clip's spelling; nil if unknown.
  public static func architecture(named name: String) -> CLIPArchitecture? {
    entries.first { $0.name == name }?.architecture
  }

  /// The error of a name that no entry has, with the nearest one.
  static func unknown(_ name: String) -> ModelError {
    var error = ModelError(.unknownArchitectureName, found: name)
    if let nearest = NearestName.of(name, in: entries.map(\.name)) {
      error.remedy = "did you mean \(nearest)? \(error.code.hint)"
    }
    return error
  }

  /// The first name whose towers equal those of `architecture`, ignoring towers and projections that it does not
  /// have. Nil if there is none, and for a single text tower, which many architectures share.
  public static func name(of architecture: CLIPArchitecture) -> String? {
    entries.first { matches($0.architecture, architecture) }?.name
  }

  /// Entries with these sizes, without OpenAI's, which open_clip's twins repeat. Heads, activation, epsilon and pooling, which
  /// tensor shapes do not determine, can differ.
  static func entries(withSizesOf architecture: CLIPArchitecture) -> [Entry] {
    (openCLIP + sigLIP + metaCLIP2).filter {
      matches($0.architecture, architecture.undecidedFields(from: $0.architecture))
    }
  }

  /// OpenAI's nine (`clip.available_models()`).
  public static let openAI: [Entry] =
    ResNetRow.all.map { Entry(name: $0.name, architecture: $0.architecture(.quickGELU)) }
    + ViTRow.openAI.map { Entry(name: $0.name, architecture: $0.architecture(.quickGELU)) }

  /// open_clip's `model_configs` that consist of the same blocks, each with its quickgelu twin.
  public static let openCLIP: [Entry] =
    ResNetRow.all.flatMap { row in
      [
        Entry(name: "open_clip/" + row.name, architecture: row.architecture(.gelu)),
        Entry(name: row.name + "-quickgelu", architecture: row.architecture(.quickGELU)),
      ]
    }
    + ViTRow.openCLIP.flatMap { row in
      [
        Entry(name: row.name, architecture: row.architecture(.gelu)),
        Entry(name: row.name + "-quickgelu", architecture: row.architecture(.quickGELU)),
      ]
    }

  /// SigLIP and SigLIP 2 as open_clip computes them.
  public static let sigLIP: [Entry] = SigLIPRow.all.map {
    Entry(name: $0.name, architecture: $0.architecture)
  }

  /// MetaCLIP 2, with MetaCLIP's names of its configurations.
  public static let metaCLIP2: [Entry] = MetaCLIP2Row.all.map {
    Entry(name: $0.name, architecture: $0.architecture)
  }

  private static func matches(_ entry: CLIPArchitecture, _ found: CLIPArchitecture) -> Bool {
    guard let image = found.image, image.projected(like: entry.image) == entry.image else { return false }
    guard let text = found.text else { return true }
    return text.projected(like: entry.text) == entry.text
  }
}

extension CLIPArchitecture {
  /// A copy with the other's heads, activation, epsilon and pooling.
  fileprivate func undecidedFields(from other: CLIPArchitecture) -> CLIPArchitecture {
    var result = self
    if let other = other.image {
      result.image?.heads = other.heads
      result.image?.activation = other.activation
      result.image?.epsilon = other.epsilon
    }
    if let text, let other = other.text {
      result.text?.stack = text.stack.undecidedFields(from: other.stack)
      result.text?.pooling = other.pooling
    }
    return result
  }
}

extension TransformerStack {
  fileprivate func undecidedFields(from other: TransformerStack) -> TransformerStack {
    var stack = self
    (stack.heads, stack.activation, stack.epsilon) = (other.heads, other.activation, other.epsilon)
    return stack
  }
}

extension ImageTower {
  /// A copy with the other's projection if this tower has none, so that a tower published without projection keeps
  /// its name.
  fileprivate func projected(like other: ImageTower?) -> ImageTower {
    guard projection == nil else { return self }
    var tower = self
    tower.projection = other?.projection
    return tower
  }
}

extension TextTower {
  fileprivate func projected(like other: TextTower?) -> TextTower {
    guard projection == nil else { return self }
    var tower = self
    tower.projection = other?.projection
    return tower
  }
}
