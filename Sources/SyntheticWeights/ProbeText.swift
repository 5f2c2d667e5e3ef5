// Made by Fixtures/golden/make_probe_texts_swift.py.

/// A probe text and its ids from start of text to end of text, by OpenAI's own tokenizer.
struct ProbeText {
  var text: String
  var ids: [Int32]

  static let all = [
    ProbeText(
      text: "",
      ids: [
        49406, 49407,
      ]),
    ProbeText(
      text: "dog",
      ids: [
        49406, 1929, 49407,
      ]),
    ProbeText(
      text: "a photo of a cat",
      ids: [
        49406, 320, 1125, 539, 320, 2368, 49407,
      ]),
    ProbeText(
      text: "a diagram",
      ids: [
        49406, 320, 22697, 49407,
      ]),
    ProbeText(
      text: "Two children in yellow raincoats jump into a puddle, and the older one is laughing.",
      ids: [
        49406, 1237, 2153, 530, 4481, 3128, 18075, 6423, 1095, 320, 33545, 267, 537, 518, 7700, 637,
        533, 8301, 269, 49407,
      ]),
    ProbeText(
      text: """
        A plate of spaghetti with tomato sauce, basil & parmesan next to a glass of red wine \
        (close-up, 50mm)
        """,
      ids: [
        49406, 320, 5135, 539, 18440, 593, 9867, 5520, 267, 14936, 261, 27274, 1131, 531, 320, 3313,
        539, 736, 2604, 263, 2660, 268, 705, 267, 276, 271, 2848, 264, 49407,
      ]),
    ProbeText(
      text: """
        the view from a café window in Zürich at dusk: rain, tram lines, umbrellas, and a blurred \
        row of street lamps
        """,
      ids: [
        49406, 518, 1093, 633, 320, 15304, 4879, 530, 89, 6522, 4021, 536, 19708, 281, 2443, 267,
        17500, 3418, 267, 42782, 267, 537, 320, 38013, 1044, 539, 2012, 23424, 49407,
      ]),
    ProbeText(
      text: """
        A long caption such as people write for accessibility: in the foreground an old fisherman \
        mends a green net on a wooden pier; behind him three small boats, painted red, white and \
        blue, lie in calm water; on the right a stone lighthouse stands at the end of a \
        breakwater, and above everything the evening sky turns from orange to violet while a \
        single gull flies towards the open sea and the first lights of the village come on.
        """,
      ids: [
        49406, 320, 1538, 11327, 2046, 601, 1047, 4946, 556, 23407, 281, 530, 518, 35186, 550, 896,
        25055, 76, 1339, 320, 1901, 2315, 525, 320, 9057, 11348, 282, 2403, 1269, 2097, 2442, 10080,
        267, 6433, 736, 267, 1579, 537, 1746, 267, 2538, 530, 7011, 1573, 282, 525, 518, 1155, 320,
        2441, 13717, 6446, 536, 518, 806, 539, 320, 2206, 1573, 267, 537, 4348, 2410, 518, 2285,
        2390, 3185, 633, 4287, 531, 16118, 1519, 320, 2688, 28778, 8070, 49407,
      ]),
  ]
}
