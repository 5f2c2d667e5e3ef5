import Archives
import BundleFormat

/// Rows as lines of JSON. Schemas/rows.schema.json describes them.
struct RowCodec: Sendable {
  /// The end of every line: fields that are the same in all rows.
  private let ending: [UInt8]

  init(_ settings: VectorSettings) {
    var bytes: [UInt8] = []
    for (name, value) in settings.fields {
      bytes += ",\"\(name)\":".utf8
      switch name {
      case "normalized", "upright", VectorSettings.scaledName: bytes += value.utf8
      default: JSONEscapes.appendString(value, to: &bytes)
      }
    }
    ending = bytes + "}\n".utf8
  }

  /// Appends a line with its end.
  func append(_ row: VectorRow, to bytes: inout [UInt8]) {
    bytes += "{\"kind\":\"\(row.kind.rawValue)\",\"\(row.kind == .image ? "path" : "text")\":".utf8
    JSONEscapes.appendString(row.input, to: &bytes)
    bytes += ",\"size\":\(row.content.size),\"sha256\":\"".utf8
    row.content.hash.appendHex(to: &bytes)
    bytes += "\",\"status\":\"\(row.status.rawValue)\",\"vector_sha256\":\"".utf8
    row.vectorHash.appendHex(to: &bytes)
    bytes.append(UInt8(ascii: "\""))
    bytes += ending
  }

  /// Why a line is not a row.
  struct Fault: Error {
    var reason: String
  }

  /// - Parameter line: without its end.
  static func parse(_ line: RawSpan) throws(Fault) -> (row: VectorRow, settings: VectorSettings) {
    let value: JSONValue
    do throws(ReadError) {
      value = try JSONParser.parse(line, limits: .ownTexts)
    } catch {
      throw Fault(reason: error.expected.map { "expected \($0)" } ?? "not JSON")
    }
    guard case .object(let object) = value else { throw Fault(reason: "expected an object") }
    let fields = Fields(object: object)
    let kind = try fields.choice("kind", VectorRow.Kind.init)
    let row = VectorRow(
      kind: kind, input: try fields.string(kind == .image ? "path" : "text"),
      content: InputContent(size: try fields.size("size"), hash: try fields.hash("sha256")),
      status: try fields.choice("status", VectorRow.Status.init),
      vectorHash: try fields.hash("vector_sha256"))
    let statesScaling = object[VectorSettings.scaledName] != nil
    let settings = VectorSettings(
      spaceID: try fields.choice("space_id", SpaceID.init(_:)), bundleID: try fields.string("bundle_id"),
      arithmetic: try fields.string("arithmetic"), isNormalized: try fields.bool("normalized"),
      isUpright: try fields.bool("upright"),
      scalesJPEG: statesScaling ? try fields.bool(VectorSettings.scaledName) : false)
    // Rows are written again from the known fields, so any other field would be lost.
    let fieldCount = Self.fieldCount + (statesScaling ? 1 : 0)
    guard object.members.count == fieldCount else {
      throw Fault(reason: "expected \(fieldCount) fields, found \(object.members.count)")
    }
    return (row, settings)
  }

  private static let fieldCount = 11

  private struct Fields {
    let object: JSONObject

    func string(_ key: String) throws(Fault) -> String {
      guard let value = object[key]?.stringValue else { throw Fault(reason: "\(key): expected a string") }
      return value
    }

    func bool(_ key: String) throws(Fault) -> Bool {
      guard let value = object[key]?.boolValue else {
        throw Fault(reason: "\(key): expected true or false")
      }
      return value
    }

    func size(_ key: String) throws(Fault) -> Int {
      guard let value = object[key]?.integerValue, value >= 0 else {
        throw Fault(reason: "\(key): expected a number of bytes")
      }
      return value
    }

    func hash(_ key: String) throws(Fault) -> ContentHash {
      guard let value = ContentHash(hex: try string(key)) else {
        throw Fault(reason: "\(key): expected 64 hex digits")
      }
      return value
    }

    func choice<Choice>(_ key: String, _ make: (String) -> Choice?) throws(Fault) -> Choice {
      let text = try string(key)
      guard let choice = make(text) else { throw Fault(reason: "\(key): unknown value \(text)") }
      return choice
    }
  }
}
