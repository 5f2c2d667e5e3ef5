import Models

/// A setting that tensor shapes do not determine, and where its value came from.
struct DecisionRow: Encodable {
  var field, value, source, detail: String

  init(_ decision: Decision) {
    field = decision.field
    value = decision.value
    source = decision.source.rawValue
    detail = decision.detail
  }
}

extension [DecisionRow] {
  /// Values grouped by their source, in order of first appearance.
  var grouped: [(detail: String, source: String, values: [String])] {
    var groups: [(detail: String, source: String, values: [String])] = []
    for row in self {
      let value = "\(row.field) \(row.value)"
      if let index = groups.firstIndex(where: { $0.detail == row.detail && $0.source == row.source }) {
        groups[index].values.append(value)
      } else {
        groups.append((row.detail, row.source, [value]))
      }
    }
    return groups
  }
}
