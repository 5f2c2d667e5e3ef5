/// The classes to choose from, given with `--label` or as lines of a file.
enum Labels {
  static func read(listed: [String], file: String?) throws(Failure) -> [String] {
    let fromFile = try file.map(ListFile.lines) ?? []
    guard !listed.isEmpty || !fromFile.isEmpty else {
      throw Failure(
        file == nil ? .usage : .data, file.map { "\($0): no labels" } ?? "no labels",
        hint: "give --label several times, or --labels FILE with one a line")
    }
    return try Words.refusingEmpty("label", listed: listed, fromFile: fromFile, file)
  }

  /// Warnings about labels that are allowed but probably a mistake.
  static func warnings(_ labels: [String]) -> [String] {
    var seen: Set<String> = []
    let repeated = labels.first { !seen.insert($0).inserted }
    return (repeated.map { ["the label \"\($0)\" is given twice: both share its probability"] } ?? [])
      + (labels.count == 1 ? ["a single label always gets 100 %: give more labels"] : [])
  }
}
