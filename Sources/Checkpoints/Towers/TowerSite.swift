/// The names below one prefix, as far as they are towers'.
struct TowerSite {
  /// What stands before the towers' own names, its last separator included; empty at the top.
  let prefix: String
  /// What the tensors are where the prefix says that they are no weights; nil for weights.
  let otherMeaning: String?
  private var marks: Set<TowerMark> = []
  /// Tensors that bear a mark.
  private(set) var markedCount = 0

  init(prefix: String) {
    self.prefix = prefix
    otherMeaning = OtherValues.meaning(of: TensorName(prefix).components)
  }

  mutating func add(_ mark: TowerMark) {
    marks.insert(mark)
    markedCount += 1
  }

  var hasImage: Bool { hasVisual || hasVisionModel }
  var hasText: Bool { hasOpenAIText || hasTextModel }

  private var hasVisual: Bool { marks.contains(.visual) || isBareVisual }
  private var hasVisionModel: Bool { marks.contains(.visionModel) || marks.contains(.bareVisionModel) }
  private var hasOpenAIText: Bool {
    marks.contains(.text) || marks.contains(.bareText) || (marks.contains(.blocks) && !isBareVisual)
  }
  private var hasTextModel: Bool { marks.contains(.textModel) || marks.contains(.bareTextModel) }

  /// `model.visual` alone: its blocks are called as the text tower's are.
  private var isBareVisual: Bool { marks.contains(.bareVisual) && !marks.contains(.bareText) }

  /// Whether the two are one image tower and one text tower, in the names of one library.
  func completes(_ other: TowerSite) -> Bool {
    let (image, text) = hasImage ? (self, other) : (other, self)
    guard image.hasImage, !image.hasText, text.hasText, !text.hasImage else { return false }
    return image.hasVisual ? text.hasOpenAIText : text.hasTextModel
  }

  /// What a name of this site begins with in a file that holds the whole model, where a tower saved alone has less.
  var nameInWhole: String {
    if marks.contains(.bareVisionModel) { return "vision_model." }
    if marks.contains(.bareTextModel) { return "text_model." }
    return isBareVisual && !marks.contains(.visual) ? "visual." : ""
  }

  /// `an image tower`, or `gradients of an image tower`, for messages.
  var description: String { otherMeaning.map { "\($0) of \(content)" } ?? content }

  private var content: String {
    switch (hasImage, hasText) {
    case (true, true): "both towers"
    case (true, false): "an image tower"
    case (false, _): "a text tower"
    }
  }
}
