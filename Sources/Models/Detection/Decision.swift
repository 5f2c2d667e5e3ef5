/// A setting that tensor shapes do not determine, and where its value came from.
public struct Decision: Sendable, Equatable {
  public enum Source: String, Sendable, Equatable, CaseIterable {
    /// The user's explicit option.
    case option
    /// The file itself: module types, scalar buffers, a bundle's header.
    case evidence
    /// A configuration file next to the weights.
    case configuration
    /// The SHA-256 of a published file.
    case fingerprint
    /// A shape that leaves only one possibility.
    case tensors
    /// The default of the library whose names the tensors have.
    case libraryDefault = "library default"
  }

  /// `image.activation`, `text.heads`, `preprocessing`, …
  public var field: String
  public var value: String
  public var source: Source
  /// The exact source: `config.json: text_config.hidden_act`.
  public var detail: String
}

/// A value and its source.
struct Stated<Value: Sendable>: Sendable {
  var value: Value
  var source: Decision.Source
  var detail: String

  init(_ value: Value, _ source: Decision.Source, _ detail: String) {
    self.value = value
    self.source = source
    self.detail = detail
  }

  func map<Other: Sendable>(_ change: (Value) -> Other) -> Stated<Other> {
    Stated<Other>(change(value), source, detail)
  }
}
