internal import Archives
internal import Checkpoints

/// Reads fields of one JSON object of a configuration and keeps its location for messages.
struct ConfigReader {
  /// The file, for errors.
  var path: String
  /// The location for reports: `config.json: text_config`.
  var location: String
  var json: JSONValue

  init(_ config: ConfigFile) {
    path = config.path
    location = config.origin
    json = config.json
  }

  init(path: String, location: String, json: JSONValue) {
    self.path = path
    self.location = location
    self.json = json
  }

  /// The object below a key; nil if absent or null.
  func object(_ key: String) throws(ModelError) -> ConfigReader? {
    guard let value = json[key], !value.isNull else { return nil }
    guard value.objectValue != nil else { throw bad(key, "an object", value) }
    return ConfigReader(path: path, location: "\(location): \(key)", json: value)
  }

  func integer(_ key: String) throws(ModelError) -> Int? {
    guard let value = json[key], !value.isNull else { return nil }
    guard let integer = value.integerValue else { throw bad(key, "an integer", value) }
    return integer
  }

  func number(_ key: String) throws(ModelError) -> Double? {
    guard let value = json[key], !value.isNull else { return nil }
    guard let number = value.doubleValue else { throw bad(key, "a number", value) }
    return number
  }

  func bool(_ key: String) throws(ModelError) -> Bool? {
    guard let value = json[key], !value.isNull else { return nil }
    guard let bool = value.boolValue else { throw bad(key, "true or false", value) }
    return bool
  }

  /// Whether the key is present and its value is false or null, which Python treats as false.
  func isOff(_ key: String) throws(ModelError) -> Bool {
    json[key]?.isNull == true ? true : try bool(key) == false
  }

  func text(_ key: String) throws(ModelError) -> String? {
    guard let value = json[key], !value.isNull else { return nil }
    guard let text = value.stringValue else { throw bad(key, "a text", value) }
    return text
  }

  /// Three numbers, as mean and standard deviation are.
  func triple(_ key: String) throws(ModelError) -> (Float, Float, Float)? {
    guard let value = json[key], !value.isNull else { return nil }
    let numbers = (value.arrayValue ?? []).compactMap(\.doubleValue)
    guard numbers.count == 3, value.arrayValue?.count == 3, numbers.allSatisfy(\.isFinite) else {
      throw bad(key, "three numbers", value)
    }
    return (Float(numbers[0]), Float(numbers[1]), Float(numbers[2]))
  }

  func bad(_ key: String, _ expected: String, _ value: JSONValue?) -> ModelError {
    ModelError(
      .badConfiguration, expected: "\(key) to be \(expected)", found: "\(value?.brief ?? "nothing")",
      file: path)
  }

  func unsupported(_ what: String) -> ModelError {
    ModelError(.unsupportedOption, found: "\(location): \(what)", file: path)
  }
}

extension JSONValue {
  /// A shortened value for an error message.
  var brief: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): "\(value)"
    case .string(let value): "\"\(value.prefix(40))\""
    case .array(let values): "an array of \(values.count)"
    case .object: "an object"
    }
  }
}
