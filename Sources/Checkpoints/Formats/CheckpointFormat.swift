public import Archives

/// One row of the table of formats: how a format is told by its content, what reads it, and what it is refused for.
///
/// The row is all that the rest of the product knows of a format. Detection, `pocketclip formats`, the documentation,
/// the census of malformed files and the fuzz targets go through `CheckpointFormat.all`; adding a format is a folder
/// beside this file with a row in it, and the row's name in that list.
public struct CheckpointFormat: Sendable {
  /// Stable; written into bundles as the source's format, and into `--json`.
  public let identifier: String
  /// As people call it.
  public let name: String
  /// How the content gives the format away.
  public let detection: String
  /// Where one meets it, by which tools it is written.
  public let origin: String
  /// The codes of its own that reading can be refused with, beside the general ones.
  public let codes: [ReadError.Code]
  /// Whether a file is of this format; asked in the order of the table.
  let recognises: @Sendable (FileProbe) throws(ReadError) -> Bool
  /// Nil for a format that is recognised only so that the refusal can name it.
  let reader: Reader?
  /// What the refusal of a format without reader adds from the content; nil where the name says all.
  let refusal: Refusal?
  /// What to give instead; nil for the code's own hint.
  let remedy: Remedy?

  typealias Reader = @Sendable (FileProbe) throws(ReadError) -> Checkpoint
  typealias Refusal = @Sendable (FileProbe) throws(ReadError) -> String
  typealias Remedy = @Sendable (FileProbe) -> String

  init(
    _ identifier: String, name: String, detection: String, origin: String, codes: [ReadError.Code] = [],
    recognises: @escaping @Sendable (FileProbe) throws(ReadError) -> Bool, reader: Reader? = nil,
    refusal: Refusal? = nil, remedy: Remedy? = nil
  ) {
    self.identifier = identifier
    self.name = name
    self.detection = detection
    self.origin = origin
    self.codes = codes
    self.recognises = recognises
    self.reader = reader
    self.refusal = refusal
    self.remedy = remedy
  }

  /// Whether this version reads it; the others are recognised and refused by name.
  public var isReadable: Bool { reader != nil }

  /// For refusals: what it is and which tools write it.
  var nameAndOrigin: String { "\(name) (\(origin))" }

  /// - Throws: `unsupportedFormat` for a format that is only recognised, or what its reader throws.
  func read(_ probe: FileProbe) throws(ReadError) -> Checkpoint {
    guard let reader else {
      let details = try refusal?(probe)
      throw ReadError(
        .unsupportedFormat, found: nameAndOrigin + (details.map { ": " + $0 } ?? ""), advice: remedy?(probe))
    }
    return try reader(probe)
  }
}

extension CheckpointFormat: Hashable {
  public static func == (left: Self, right: Self) -> Bool { left.identifier == right.identifier }
  public func hash(into hasher: inout Hasher) { hasher.combine(identifier) }
}

extension CheckpointFormat: CustomStringConvertible {
  public var description: String { identifier }
}
