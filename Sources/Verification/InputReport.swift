internal import Archives

/// How preprocessing and tokenizer compare with those of an original library.
public struct InputReport: Sendable, Equatable, Codable {
  public enum Status: String, Sendable, Equatable, Codable {
    case equal
    /// Different resize backends, within the difference that their rounding explains.
    case close
    case differs
    case notCompared = "not compared"
  }

  /// Nil if the model has no image tower.
  public var preprocessing: Pixels?
  /// Nil if the model has no text tower.
  public var tokenizer: Tokens?
  /// Which position of each text is pooled. Nil if the model has no text tower.
  public var pooling: Tokens?

  /// Prepared pixels.
  public struct Pixels: Sendable, Equatable, Codable {
    public var status: Status
    /// Why nothing was compared, or what explains the difference.
    public var reason: String?
    /// The library's class and versions.
    public var original: String?
    public var images = 0
    /// 8-bit values after resizing, cropping and converting, before normalization.
    public var values = 0
    public var differing = 0
    /// In levels of 255.
    public var largestDifference = 0
    /// The largest difference of normalized values that come from equal levels.
    public var normalization = 0.0
    /// Settings for which another value gives the same levels, so that these images do not determine them.
    public var undetermined: [String] = []
  }

  /// Token ids, or positions.
  public struct Tokens: Sendable, Equatable, Codable {
    public var status: Status
    /// Why nothing was compared, or the first difference.
    public var reason: String?
    public var original: String?
    public var texts = 0
    public var differing = 0
  }
}

extension InputReport {
  /// For a terminal, without the label.
  var lines: [String] {
    [preprocessing.map { "preprocessing: \($0.text)" }, tokenizer.map { "tokenizer: \($0.text)" }]
      .compactMap { $0 }
  }

  /// What failed, one sentence each.
  var failures: [String] {
    var failures: [String] = []
    if let preprocessing, preprocessing.status == .differs {
      failures.append("preprocessing: \(preprocessing.text)")
    }
    if let tokenizer, tokenizer.status == .differs { failures.append("tokenizer: \(tokenizer.text)") }
    if let pooling, pooling.status == .differs {
      failures.append(
        "pooling: \(pooling.differing) of \(counted(pooling.texts, "text")) at another position; \(pooling.reason ?? "")"
      )
    }
    return failures
  }
}

extension InputReport.Pixels {
  fileprivate var text: String {
    guard status != .notCompared else { return "not compared (\(reason ?? ""))" }
    let levels =
      differing == 0
      ? "all \(values) values equal in \(counted(images, "image"))"
      : "\(differing) of \(values) values differ in \(counted(images, "image")), by at most \(largestDifference) of 255"
    let because = reason.map { "; \($0)" } ?? ""
    let open = undetermined.isEmpty ? "" : "; no image shows \(undetermined.joined(separator: ", "))"
    return levels + because + open
  }
}

extension InputReport.Tokens {
  fileprivate var text: String {
    switch status {
    case .notCompared: "not compared (\(reason ?? ""))"
    case .equal, .close: "the ids of \(texts == 1 ? "the only text" : "all \(texts) texts") are equal"
    case .differs: "\(differing) of \(counted(texts, "text")) have other ids; \(reason ?? "")"
    }
  }
}
