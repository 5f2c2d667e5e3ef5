internal import Architecture

/// Settings that an option states otherwise than a source in or next to the file. The option wins, and a note names both:
/// a wrong one lowers accuracy without any error.
struct Overrides {
  private let options: StatedFacts
  private var seen: Set<String> = []
  private(set) var notes: [String] = []

  init(options: StatedFacts) { self.options = options }

  mutating func compare(_ source: StatedFacts) {
    compare(options.image, source.image, "image")
    compare(options.text, source.text, "text")
    note(options.preprocessing, source.preprocessing, "preprocessing", \.fieldText)
    note(options.pooling, source.pooling, "text.pooling", \.fieldText)
  }

  private mutating func compare(
    _ options: StatedFacts.TowerFacts, _ source: StatedFacts.TowerFacts, _ tower: String
  ) {
    note(options.activation, source.activation, tower + ".activation", \.fieldText)
    note(options.heads, source.heads, tower + ".heads", \.description)
    note(options.epsilon, source.epsilon, tower + ".epsilon", \.description)
  }

  private mutating func note<Value: Equatable>(
    _ option: Stated<Value>?, _ other: Stated<Value>?, _ field: String, _ text: (Value) -> String
  ) {
    guard let option, let other, option.value != other.value, seen.insert(field).inserted else { return }
    notes.append(
      "\(option.detail) overrides what the checkpoint records: \(field) is \(text(option.value)), not "
        + "\(text(other.value)) (\(other.detail))")
  }
}
