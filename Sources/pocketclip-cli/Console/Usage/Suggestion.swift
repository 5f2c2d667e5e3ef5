import Archives

/// "Did you mean …": one mechanism for commands, options and their values.
enum Suggestion {
  /// - Parameters:
  ///   - prefix: the text before the name on a command line: `--tokenizer `.
  ///   - otherwise: the advice if no candidate is close.
  static func hint(
    for name: String, among candidates: [String], prefix: String = "", otherwise: String
  ) -> String {
    guard let nearest = NearestName.of(name, in: candidates) else { return otherwise }
    return "did you mean \(prefix)\(nearest)? " + otherwise
  }
}

extension Failure {
  /// A value that an option does not have.
  ///
  /// - Parameter list: the command that lists the values, if there are many.
  static func unknownValue(
    _ value: String, of option: String, among values: [String], listedBy list: String? = nil
  ) -> Failure {
    let all = list.map { "`pocketclip \($0)` lists the names" } ?? "the values are \(values.listed("and"))"
    return Failure(
      .usage, "\(option): unknown value '\(value.shortened)'",
      hint: Suggestion.hint(for: value, among: values, prefix: "\(option) ", otherwise: all))
  }
}

extension [String] {
  /// `a, b or c`.
  func listed(_ conjunction: String) -> String {
    guard count > 1, let last else { return first ?? "" }
    return dropLast().joined(separator: ", ") + " \(conjunction) " + last
  }
}
