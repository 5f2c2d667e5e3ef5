internal import Architecture
internal import ImageFiles
internal import ImagePreprocessing
internal import Models
internal import ReferenceForward

/// Computes the vectors of some inputs under a trial.
struct PassRunner {
  let model: CLIPModel
  let inputs: DiagnosedInputs
  let product: MatrixProduct
  private let texts: TextPreparation?
  private let images = ImageCache()
  private let pixels = RecipeCache<ImageRecipe, [Float]>()
  private let ids = RecipeCache<TextRecipe, [Int32]>()

  init(model: CLIPModel, inputs: DiagnosedInputs, product: MatrixProduct) {
    self.model = model
    self.inputs = inputs
    self.product = product
    texts = model.tokenizer == .openAI ? TextPreparation() : nil
  }

  /// The tower's input.
  enum Prepared: Equatable {
    /// `[3, S, S]` each.
    case pixels([[Float]])
    case ids([[Int32]])
  }

  /// Keeps the decoded images of these inputs from now on, and no others.
  func keep(_ indices: [Int]) {
    images.keep(Set(indices))
    pixels.keep(Set(indices))
    ids.keep(Set(indices))
  }

  func prepare(_ indices: [Int], _ trial: Trial) throws(DiagnosisError) -> Prepared {
    switch inputs.source {
    case .images(let load):
      guard let recipe = trial.image, let size = trial.model.architecture.image?.imageSize else {
        throw .inputsUnsupported(
          "the model has no preprocessing for images",
          hint: "give --preprocess, or --pixels in place of images")
      }
      let preparation = ImagePreparation(recipe: recipe, imageSize: size)
      var pixels: [[Float]] = []
      for index in indices {
        pixels.append(
          try self.pixels.value(index, recipe) { () throws(DiagnosisError) in
            try prepared(index, load, preparation)
          })
      }
      return .pixels(pixels)
    case .texts(let strings):
      guard let texts, let recipe = trial.text else {
        throw .inputsUnsupported(
          "the model has no tokenizer", hint: "give the token ids with --ids in place of --texts")
      }
      return .ids(
        indices.map { index in ids.value(index, recipe) { texts.ids(of: strings[index], recipe) } })
    case .pixels(let load): return .pixels(indices.map(load))
    case .ids(let ids): return .ids(indices.map { ids[$0] })
    }
  }

  private func prepared(
    _ index: Int, _ load: DiagnosedInputs.ImageLoader, _ preparation: ImagePreparation
  ) throws(DiagnosisError) -> [Float] {
    let decoded: DecodedImage
    do throws(ImageFileError) {
      decoded = try images.image(index, load)
    } catch {
      throw .image(error)
    }
    do throws(ImageFault) {
      return try preparation(decoded)
    } catch {
      throw .preparation(error, index: index)
    }
  }

  /// Not normalized, one row for each prepared input.
  func vectors(_ prepared: Prepared, _ trial: Trial) throws(DiagnosisError) -> Tensor {
    let forward = ReferenceForward(
      model.altered(trial.model), product: product, departures: trial.model.departures)
    do throws(ModelError) {
      switch prepared {
      case .pixels(let pixels):
        return try encode(pixels, inGroupsOf: groupSize(trial)) { group throws(ModelError) in
          let size = trial.model.architecture.image?.imageSize ?? 0
          return try forward.encodeImages(Tensor([group.count, 3, size, size], group.flatMap { $0 }))
        }
      case .ids(let ids):
        return try encode(ids, inGroupsOf: 16) { group throws(ModelError) in
          try forward.encodeTexts(Array(group))
        }
      }
    } catch {
      throw .model(error)
    }
  }

  /// Memory grows with the images that run together. The statistics of a batch need all of them.
  private func groupSize(_ trial: Trial) -> Int {
    guard !trial.model.departures.usesBatchStatistics, let tower = model.architecture.image else {
      return Int.max
    }
    return max(4, Self.mostValues / max(tower.largestLayer, 1))
  }

  /// Values that the largest layer of all images of a group may have (128 MB).
  private static let mostValues = 1 << 25

  private func encode<Item>(
    _ items: [Item], inGroupsOf size: Int,
    _ body: (ArraySlice<Item>) throws(ModelError) -> Tensor
  ) throws(ModelError) -> Tensor {
    var values: [Float] = []
    var start = 0
    while start < items.count {
      let end = size < items.count - start ? start + size : items.count
      values += try body(items[start..<end]).values
      start = end
    }
    return Tensor([items.count, items.isEmpty ? 0 : values.count / items.count], values)
  }
}

/// Decoded images of a few inputs.
private final class ImageCache {
  private var kept: Set<Int> = []
  private var images: [Int: DecodedImage] = [:]

  func keep(_ indices: Set<Int>) {
    kept = indices
    images = images.filter { indices.contains($0.key) }
  }

  func image(
    _ index: Int, _ load: DiagnosedInputs.ImageLoader
  ) throws(ImageFileError) -> DecodedImage {
    if let image = images[index] { return image }
    let image = try load(index)
    if kept.contains(index) { images[index] = image }
    return image
  }
}

/// Prepared inputs of the last two recipes: most mistakes do not change how inputs are prepared.
private final class RecipeCache<Recipe: Equatable, Value> {
  private var kept: Set<Int> = []
  private var entries: [(recipe: Recipe, values: [Int: Value])] = []

  func keep(_ indices: Set<Int>) {
    kept = indices
    entries = []
  }

  func value<E: Error>(_ index: Int, _ recipe: Recipe, _ compute: () throws(E) -> Value) throws(E) -> Value {
    let position = entries.firstIndex { $0.recipe == recipe }
    if let position, let value = entries[position].values[index] { return value }
    let value = try compute()
    guard kept.contains(index) else { return value }
    if let position {
      entries[position].values[index] = value
    } else {
      entries = entries.suffix(1) + [(recipe, [index: value])]
    }
    return value
  }
}
