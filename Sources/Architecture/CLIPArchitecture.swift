/// Everything about a CLIP model that is not a weight: sizes, which tensor shapes determine, and heads, activation,
/// epsilon and pooling, which they do not.
///
/// A checkpoint may hold one tower only, so each tower is optional. A value without any tower is meaningless.
public struct CLIPArchitecture: Sendable, Equatable {
  public var image: ImageTower?
  public var text: TextTower?

  public init(image: ImageTower?, text: TextTower?) {
    self.image = image
    self.text = text
  }

  /// Activations of the towers that have a transformer, image tower first.
  public var activations: [Activation] {
    [image?.activation, text?.stack.activation].compactMap { $0 }
  }

  /// The architecture with only the chosen towers.
  public func keeping(image keepsImage: Bool, text keepsText: Bool) -> CLIPArchitecture {
    CLIPArchitecture(image: keepsImage ? image : nil, text: keepsText ? text : nil)
  }
}

/// The two encoders of CLIP.
public enum Tower: UInt8, Sendable, Equatable, Hashable, CaseIterable {
  case image, text
}
