/// An option that takes one value, given several times: the parser would use the last and ignore the others.
enum RepeatedOption {
  /// - Parameter arguments: the command line, without the tool's own name.
  static func refuse(_ arguments: [String]) throws(Failure) {
    let names = arguments.prefix { $0 != "--" }.filter { $0.hasPrefix("-") && $0 != "-" }.map {
      String($0.prefix { $0 != "=" })
    }
    // Asking the parser for its options takes time, so only for names that occur twice.
    let repeated = Dictionary(grouping: names) { $0 }.filter { $0.value.count > 1 }
    guard !repeated.isEmpty, let name = arguments.first(where: { !$0.hasPrefix("-") }),
      let command = CommandDescription.tool?.subcommands?.first(where: { $0.commandName == name })
    else { return }
    for name in names {
      guard let count = repeated[name]?.count, let option = command.option(name), option.takesOneValue else {
        continue
      }
      throw Failure(
        .usage, "\(name) is given \(count) times, and takes one value", hint: "give \(name) once")
    }
  }
}
