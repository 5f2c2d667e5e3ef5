import Foundation
import TestSupport

/// The part of JSON Schema that the files in Schemas/ use.
struct JSONSchema {
  let root: [String: Any]

  init(named name: String) throws {
    root = try jsonObject(Data(contentsOf: Repository.url("Schemas/\(name).schema.json")))
  }

  /// The problems of `value`, each with its location; empty if it is valid.
  func problems(with value: Any) -> [String] { problems(value, root, "$") }

  private func problems(_ value: Any, _ schema: [String: Any], _ place: String) -> [String] {
    if let constant = schema["const"] {
      return "\(constant)" == "\(value)" ? [] : ["\(place): expected \(constant), found \(value)"]
    }
    switch schema["type"] as? String {
    case "object": return objectProblems(value, schema, place)
    case "array":
      guard let items = value as? [Any] else { return ["\(place): not an array"] }
      guard let itemSchema = schema["items"] as? [String: Any] else { return [] }
      return items.enumerated().flatMap { problems($0.element, itemSchema, "\(place)[\($0.offset)]") }
    case "string": return value is String ? [] : ["\(place): not a string"]
    case "boolean": return (value as? NSNumber).map(isBoolean) == true ? [] : ["\(place): not a boolean"]
    case "integer":
      guard let number = value as? NSNumber, !isBoolean(number),
        number.doubleValue == number.doubleValue.rounded()
      else { return ["\(place): not an integer"] }
      return []
    case "number":
      guard let number = value as? NSNumber, !isBoolean(number) else { return ["\(place): not a number"] }
      return []
    default: return ["\(place): the schema states no type"]
    }
  }

  private func objectProblems(_ value: Any, _ schema: [String: Any], _ place: String) -> [String] {
    guard let object = value as? [String: Any] else { return ["\(place): not an object"] }
    let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
    let missing = (schema["required"] as? [String] ?? []).filter { object[$0] == nil }
    var found = missing.map { "\(place).\($0): missing" }
    for (key, member) in object {
      if let memberSchema = properties[key] {
        found += problems(member, memberSchema, "\(place).\(key)")
      } else if let others = schema["additionalProperties"] as? [String: Any] {
        found += problems(member, others, "\(place).\(key)")
      } else {
        found.append("\(place).\(key): unexpected")
      }
    }
    return found
  }

  private func isBoolean(_ number: NSNumber) -> Bool { String(cString: number.objCType) == "c" }
}
