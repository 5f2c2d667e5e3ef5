/// A bound from 0 to 1.
enum FractionOption {
  static func check(_ name: String, _ value: Double?) throws(Failure) {
    guard let value, !(0...1).contains(value) else { return }
    throw Failure(
      .usage, "\(name) \(value): expected a number from 0 to 1", hint: "leave it out for the default bound")
  }
}
