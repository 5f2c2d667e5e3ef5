public import Architecture
package import PocketCLIP
internal import PocketRuntime
package import Progress

/// The time of one image and one text, stage by stage.
public struct StageTimes: Sendable, Equatable {
  /// Consecutive similar stages: `patch embedding`, `blocks`, `stem`, `layer3`…
  public struct Part: Sendable, Equatable {
    public var tower: Tower
    public var name: String
    /// The number of stages in the sum, such as the blocks of a transformer.
    public var stages: Int
    public var seconds: Double
  }

  /// In execution order.
  public private(set) var parts: [Part]

  /// Runs each tower `rounds` times on one input and keeps the shortest time of every stage.
  ///
  /// - Parameters:
  ///   - pixels: `[3, imageSize, imageSize]`, if there is an image tower.
  ///   - ids: `contextLength` ids, if there is a text tower.
  ///   - progress: counts each layer.
  package init(
    of session: PocketCLIP.Session, rounds: Int, pixels: [Float]?, ids: [Int32]?,
    _ architecture: CLIPArchitecture, _ progress: WorkProgress
  ) throws(PocketCLIPError) {
    let (image, text) = (
      StageClock { progress.add(architecture.multiplyAddsPerLayer(.image)) },
      StageClock { progress.add(architecture.multiplyAddsPerLayer(.text)) }
    )
    for _ in 0..<rounds {
      if let pixels {
        image.start()
        try session.observing(image.observe) { () throws(PocketCLIPError) in
          _ = try session.encode(batch: pixels, normalized: false)
        }
        image.reached(Self.end)
      }
      if let ids {
        text.start()
        try session.observing(text.observe) { () throws(PocketCLIPError) in
          _ = try session.encode(ids: [ids], normalized: false)
        }
        text.reached(Self.end)
      }
    }
    parts = image.parts(of: .image) + text.parts(of: .text)
  }

  /// Everything after the last block, including attention pooling.
  private static let end = "pooling and projection"
}

/// Times between stages; for each stage the shortest of several rounds.
private final class StageClock {
  private var last = ContinuousClock.now
  private var next = 0
  private var stages: [(part: String, seconds: Double)] = []
  private let onLayer: () -> Void

  init(onLayer: @escaping () -> Void) { self.onLayer = onLayer }

  func start() {
    next = 0
    last = .now
  }

  func observe(_ stage: Stage, _ values: StageValues) {
    if let part = stage.part { reached(part) }
    guard stage.layerTower != nil else { return }
    onLayer()
    last = .now
  }

  /// Assigns the time since the last stage to this part.
  func reached(_ part: String) {
    let now = ContinuousClock.now
    let seconds = (now - last) / .seconds(1)
    if next < stages.count {
      stages[next].seconds = min(stages[next].seconds, seconds)
    } else {
      stages.append((part, seconds))
    }
    next += 1
    last = now
  }

  func parts(of tower: Tower) -> [StageTimes.Part] {
    var parts: [StageTimes.Part] = []
    for stage in stages {
      if let last = parts.indices.last, parts[last].name == stage.part {
        parts[last].stages += 1
        parts[last].seconds += stage.seconds
      } else {
        parts.append(StageTimes.Part(tower: tower, name: stage.part, stages: 1, seconds: stage.seconds))
      }
    }
    return parts
  }
}

extension Stage {
  /// The part to which the stage belongs; nil for stages that belong to the end.
  fileprivate var part: String? {
    switch self {
    case .embedding(.image), .placedPatches: "patch embedding"
    case .embedding(.text): "token embedding"
    case .block: "blocks"
    case .pooled: nil
    case .stem: "stem"
    case .bottleneck(let stage, _): "layer\(stage)"
    }
  }
}
