/// Texts of the kinds of `CalibrationTexts`. None of them chooses a rounding or measures a bundle.
enum SensitivityTexts {
  static let all = [
    "a portrait of a young violinist in a concert hall",
    "windmill",
    "The council will vote on the new tram line next Wednesday.",
    "a plate of grilled sardines with lemon and parsley",
    "Tighten the four screws crosswise, then check that the wheel turns freely.",
    "two foxes cross a frozen pond at night",
    "\"Which platform does the train to Lyon leave from?\" he asked.",
    "a blurry photo of a bicycle",
    "carrots, lentils, 2 tins of tomatoes, cumin, rice",
    "a watercolour of a harbour with fishing boats, soft morning light",
    "for key in sorted(table): print(key, table[key])",
    "an old man feeds pigeons in front of a cathedral while tourists take pictures",
    "Copper conducts electricity better than iron.",
    "a logo of a mountain inside a circle",
    "8 March 2021, 7:30 pm, row C",
    "the roof of a red barn seen from above, surrounded by ploughed fields",
  ]
}
