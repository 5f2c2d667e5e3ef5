internal import Architecture
internal import Models

/// How many inputs each part of a diagnosis runs, so that it takes about a minute on two cores with a model like
/// ViT-B/32 (4.4 billion multiply-adds per image). Depends only on the model and the number of mistakes.
struct Effort {
  /// Inputs of the first comparison.
  let compared: Int
  /// Inputs on which every mistake is tried.
  let screened: Int
  /// Inputs on which the best mistakes are confirmed.
  let confirmed: Int
  /// Inputs on which every pair is tried.
  let paired: Int
  /// The best mistakes, each of which is combined with every other.
  let firsts: Int

  init(_ model: CLIPModel, _ tower: Tower, mistakes: Int) {
    let operations =
      switch tower {
      case .image: model.architecture.image?.multiplyAdds ?? 1
      case .text: model.architecture.text?.multiplyAdds ?? 1
      }
    func count(_ budget: Double, per passes: Int, in range: ClosedRange<Int>) -> Int {
      let affordable = budget / (Double(max(operations, 1)) * Double(max(passes, 1)))
      return min(max(Int(min(affordable, 1e6)), range.lowerBound), range.upperBound)
    }
    compared = count(2.5e11, per: 1, in: 8...64)
    screened = count(6e11, per: mistakes, in: 2...5)
    confirmed = count(1.5e11, per: 4, in: 8...64)
    paired = min(screened, count(3e11, per: mistakes, in: 2...3))
    firsts = count(6e11, per: mistakes * paired, in: 1...6)
  }
}
