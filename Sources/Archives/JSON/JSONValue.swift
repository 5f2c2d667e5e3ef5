/// A parsed JSON text. Objects keep their order; integers are distinguished from other numbers.
public indirect enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  /// Written without fraction and exponent, and fitting in 64 bits.
  case integer(Int64)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)
}

/// Members in the order of the text; keys are unique.
public struct JSONObject: Sendable, Equatable {
  public struct Member: Sendable, Equatable {
    public var key: String
    public var value: JSONValue
    /// Offset of the key in the file.
    public var byteOffset: UInt64

    public init(key: String, value: JSONValue, byteOffset: UInt64) {
      self.key = key
      self.value = value
      self.byteOffset = byteOffset
    }
  }

  public private(set) var members: [Member]
  private var indices: [String: Int]

  public init() {
    members = []
    indices = [:]
  }

  /// Appends a member. Returns false if the key already exists.
  package mutating func append(_ member: Member) -> Bool {
    guard indices.updateValue(members.count, forKey: member.key) == nil else { return false }
    members.append(member)
    return true
  }

  public subscript(key: String) -> JSONValue? {
    indices[key].map { members[$0].value }
  }
}

extension JSONValue {
  public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }

  public var stringValue: String? { if case .string(let value) = self { value } else { nil } }

  public var arrayValue: [JSONValue]? { if case .array(let value) = self { value } else { nil } }

  public var objectValue: JSONObject? { if case .object(let value) = self { value } else { nil } }

  /// The integer value, also of a number written as `224.0`.
  public var integerValue: Int? {
    switch self {
    case .integer(let value): Int(exactly: value)
    case .number(let value): Int(exactly: value)
    case .null, .bool, .string, .array, .object: nil
    }
  }

  public var doubleValue: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    case .null, .bool, .string, .array, .object: nil
    }
  }

  public var isNull: Bool { self == .null }

  /// The member `key` of an object; nil for other values.
  public subscript(key: String) -> JSONValue? { objectValue?[key] }
}
