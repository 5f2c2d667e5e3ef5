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
  /// Whether large JPEGs were decoded at a fraction of their size. Only stated if they were.
  var scalesJPEG: Bool

  init(
    spaceID: SpaceID, bundleID: String, arithmetic: String, isNormalized: Bool, isUpright: Bool,
    scalesJPEG: Bool
  ) {
    self.spaceID = spaceID
    self.bundleID = bundleID
    self.arithmetic = arithmetic
    self.isNormalized = isNormalized
    self.isUpright = isUpright
    self.scalesJPEG = scalesJPEG
  }

  init(_ bundle: OpenBundle, isRaw: Bool, isTurnedUpright: Bool, scalesJPEG: Bool) {
    let information = bundle.model.information
    self.init(
      spaceID: information.space, bundleID: information.bundleID, arithmetic: "\(information.arithmetic)",
      isNormalized: !isRaw, isUpright: isTurnedUpright, scalesJPEG: scalesJPEG)
  }

  var fields: [(name: String, value: String)] {
    [
      ("space_id", "\(spaceID)"), ("bundle_id", bundleID), ("arithmetic", arithmetic),
      ("normalized", "\(isNormalized)"), ("upright", "\(isUpright)"),
    ] + (scalesJPEG ? [(Self.scaledName, "true")] : [])
  }

  static let scaledName = "scaled_jpeg"

  /// One file cannot hold vectors of two models or of different settings.
  ///
  /// - Throws: `data`.
  func requireSame(_ found: VectorSettings, _ path: String) throws(Failure) {
    guard self != found else { return }
    func other(_ name: String, _ expected: String, _ found: String) -> Failure {
      Failure(
        .data, "\(path) was made with another \(name): expected \(expected), found \(found)",
        hint: "give another name to -o, or give --force in place of --resume to embed everything again")
    }
    for (expected, found) in zip(fields, found.fields) where expected.value != found.value {
      throw other(expected.name, expected.value, found.value)
    }
    throw other(Self.scaledName, "\(scalesJPEG)", "\(found.scalesJPEG)")
  }
}
