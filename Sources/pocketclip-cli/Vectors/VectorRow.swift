import BundleFormat
import PocketCLIP
import Verification

/// The description of one vector: a line of `NAME.rows.jsonl`.
struct VectorRow: Equatable, Sendable {
  enum Kind: String, Sendable { case image, text }

  enum Status: String, Sendable {
    /// The vector is that of the input.
    case ok
    /// The file has new content that could not be encoded.
    case stale
    /// The file no longer exists.
    case missing
  }

  var kind: Kind
  /// The path as given, or the text.
  var input: String
  /// What the vector was computed from.
  var content: InputContent
  var status = Status.ok
  /// SHA-256 of the vector's bytes, which shows that vector and row belong together.
  var vectorHash: ContentHash
}

/// Settings that all vectors of one file share.
struct VectorSettings: Equatable, Sendable {
  var spaceID: SpaceID
  var bundleID, arithmetic: String
  var isNormalized, isUpright: Bool

  init(spaceID: SpaceID, bundleID: String, arithmetic: String, isNormalized: Bool, isUpright: Bool) {
    self.spaceID = spaceID
    self.bundleID = bundleID
    self.arithmetic = arithmetic
    self.isNormalized = isNormalized
    self.isUpright = isUpright
  }

  init(_ bundle: OpenBundle, isRaw: Bool, isTurnedUpright: Bool) {
    let information = bundle.model.information
    self.init(
      spaceID: information.space, bundleID: information.bundleID, arithmetic: "\(information.arithmetic)",
      isNormalized: !isRaw, isUpright: isTurnedUpright)
  }

  var fields: [(name: String, value: String)] {
    [
      ("space_id", "\(spaceID)"), ("bundle_id", bundleID), ("arithmetic", arithmetic),
      ("normalized", "\(isNormalized)"), ("upright", "\(isUpright)"),
    ]
  }

  /// One file cannot hold vectors of two models or of different settings.
  ///
  /// - Throws: `data`.
  func requireSame(_ found: VectorSettings, _ path: String) throws(Failure) {
    guard self != found else { return }
    for (expected, found) in zip(fields, found.fields) where expected.value != found.value {
      throw Failure(
        .data,
        "\(path) was made with another \(expected.name): expected \(expected.value), found \(found.value)",
        hint: "give another name to -o, or give --force in place of --resume to embed everything again")
    }
  }
}
