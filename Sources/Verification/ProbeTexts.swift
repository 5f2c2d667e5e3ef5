/// The texts that decide whether a bundle is written: words, prompts, captions, a question, punctuation, numbers, code,
/// entities, other scripts, emoji, and one that exceeds the context. Some have one token, some all.
enum ProbeTexts {
  static let all = [
    "lighthouse",
    "7",
    "!!!",
    "a photo of a heron",
    "itap of a teapot",
    "What is behind the curtain?",
    "not a single person in the empty stadium",
    "two people riding bicycles along a river at sunset, seen from behind",
    "WHEREFORE ART THOU ROMEO?",
    "no. 42: €19.99 (incl. 7% VAT)",
    "Übergrößenträger & naïve café",
    "日本の古い駅 🦊🌲",
    "Москва зимой, вид с моста",
    "&lt;b&gt;bold&lt;/b&gt; text; SELECT name FROM users WHERE id = 7;",
    "A small kitchen with green tiles: on the left a gas stove, above it a shelf with copper pans, and on the floor a "
      + "dog asleep in a basket.",
    Array(repeating: "a very long caption about nothing in particular,", count: 20).joined(separator: " "),
  ]
}
