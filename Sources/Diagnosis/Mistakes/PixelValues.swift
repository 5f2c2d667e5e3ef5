internal import Architecture

// Scaling of levels: division by 255, mean, standard deviation.
extension Mistake {
  static let pixelValues: [Mistake] = [
    scaled(
      "values-0-1", "divides by 255 only, without mean and standard deviation",
      PixelScaling(mean: PixelScaling.zero, deviation: PixelScaling.one)),
    scaled(
      "values-half", "uses mean and standard deviation 0.5: pixels between −1 and 1",
      PixelScaling(mean: PixelScaling.half, deviation: PixelScaling.half)),
    scaled(
      "values-imagenet", "uses ImageNet's mean and standard deviation",
      PixelScaling(mean: PixelScaling.imageNetMean, deviation: PixelScaling.imageNetDeviation)),
    scaled(
      "values-openai", "uses OpenAI's mean and standard deviation", PixelScaling(Preprocessing.openAI)),
    scaled(
      "values-0-255", "leaves pixels between 0 and 255, without any scaling",
      PixelScaling(divisor: 1, mean: PixelScaling.zero, deviation: PixelScaling.one)),
    Mistake(
      "values-no-division", .values, "applies mean and standard deviation without dividing by 255 before"
    ) { $0.image?.scaling.divisor = 1 },
    Mistake("values-divided-twice", .values, "divides by 255 twice") {
      $0.image?.scaling.divisor = 255 * 255
    },
    Mistake("values-no-deviation", .values, "subtracts the mean without dividing by the standard deviation") {
      $0.image?.scaling.deviation = PixelScaling.one
    },
    Mistake("values-normalized-twice", .values, "applies mean and standard deviation twice") { trial in
      guard let once = trial.image?.scaling else { return }
      func twice(_ mean: Float, _ deviation: Float) -> Float { mean + mean * deviation }
      let (mean, deviation) = (once.mean, once.deviation)
      trial.image?.scaling.mean = Preprocessing.RGB(
        twice(mean.red, deviation.red), twice(mean.green, deviation.green), twice(mean.blue, deviation.blue))
      trial.image?.scaling.deviation = Preprocessing.RGB(
        deviation.red * deviation.red, deviation.green * deviation.green, deviation.blue * deviation.blue)
    },
  ]

  private static func scaled(_ id: String, _ words: String, _ scaling: PixelScaling) -> Mistake {
    Mistake(
      id, .values, words, if: { $0.preprocessing.map { PixelScaling($0) != scaling } ?? false },
      change: { $0.image?.scaling = scaling })
  }
}
