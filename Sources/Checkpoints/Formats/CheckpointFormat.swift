public import Archives

/// One row of the table of formats: how a format is recognised from its content, its reader, and the errors it can
/// raise.
///
/// The rest of the program uses formats only through these rows. Detection, `pocketclip formats`, the documentation,
/// the census of malformed files and the fuzz targets iterate over `CheckpointFormat.all`. To add a format, add a
/// folder next to this file with a row, and the row's name to that list.
public struct CheckpointFormat: Sendable {
  /// Stable. Written to bundles as the source's format, and to `--json`.
  public let identifier: String
  /// The common name.
  public let name: String
  /// How the content identifies the format.
  public let detection: String
  /// Where the format is used, and which tools write it.
  public let origin: String
  /// The format's own error codes; general codes are not listed.
  public let codes: [ReadError.Code]
  /// Whether a file has this format. Evaluated in the order of the table.
  let recognises: @Sendable (FileProbe) throws(ReadError) -> Bool
  /// Nil for a format that is recognised only to name it in the error.
  let reader: Reader?
  /// Detail from the content for the error of a format without reader; nil if the name suffices.
  let refusal: Refusal?
  /// What to supply instead; nil for the code's own hint.
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

  /// Whether this version reads the format. Other formats are recognised and rejected by name.
  public var isReadable: Bool { reader != nil }

  /// For errors: the format's name and the tools that write it.
  var nameAndOrigin: String { "\(name) (\(origin))" }

  /// - Throws: `unsupportedFormat` for a format without reader, or the errors of its reader.
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
