/// The names below one prefix that belong to towers.
struct TowerSite {
  /// The prefix of the towers' names, including the last separator; empty at the top.
  let prefix: String
  /// The meaning of the tensors if the prefix shows that they are not weights; nil for weights.
  let otherMeaning: String?
  private var marks: Set<TowerMark> = []
  /// Number of tensors that have a mark.
  private(set) var markedCount = 0

  init(prefix: String) {
    self.prefix = prefix
    otherMeaning = OtherValues.meaning(of: TensorName(prefix).components)
  }

  mutating func add(_ mark: TowerMark) {
    marks.insert(mark)
    markedCount += 1
  }

  var hasImage: Bool { hasVisual || hasVisionModel || marks.contains(.imageTree) }
  var hasText: Bool { hasOpenAIText || hasTextModel || marks.contains(.textTree) }

  private var hasVisual: Bool { marks.contains(.visual) || isBareVisual }
  private var hasVisionModel: Bool { marks.contains(.visionModel) || marks.contains(.bareVisionModel) }
  private var hasOpenAIText: Bool {
    marks.contains(.text) || marks.contains(.bareText) || (marks.contains(.blocks) && !isBareVisual)
  }
  private var hasTextModel: Bool { marks.contains(.textModel) || marks.contains(.bareTextModel) }

  /// Whether this is a separately saved `model.visual`. Its blocks have the same names as the text tower's.
  private var isBareVisual: Bool { marks.contains(.bareVisual) && !marks.contains(.bareText) }

  /// Whether the two are one image tower and one text tower, named by the same library.
  func completes(_ other: TowerSite) -> Bool {
    let (image, text) = hasImage ? (self, other) : (other, self)
    guard image.hasImage, !image.hasText, text.hasText, !text.hasImage else { return false }
    if image.hasVisual { return text.hasOpenAIText }
    return image.hasVisionModel ? text.hasTextModel : text.marks.contains(.textTree)
  }

  /// The prefix of this site's names in a file of the complete model. In a separately saved tower it is shorter.
  var prefixInFullModel: String {
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
