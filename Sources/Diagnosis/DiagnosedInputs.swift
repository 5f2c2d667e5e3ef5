public import Architecture
public import ImageFiles

/// What the given vectors were computed from. Row i belongs to input i.
public struct DiagnosedInputs {
  public typealias ImageLoader = (_ index: Int) throws(ImageFileError) -> DecodedImage

  enum Source {
    case images(ImageLoader)
    case texts([String])
    /// Normalized `[3, S, S]`.
    case pixels((_ index: Int) -> [Float])
    case ids([[Int32]])
  }

  let source: Source
  public let count: Int

  /// - Parameter load: reads an image; called for the images of a sample, some of them several times.
  public static func images(count: Int, load: @escaping ImageLoader) -> DiagnosedInputs {
    DiagnosedInputs(source: .images(load), count: count)
  }

  public static func texts(_ texts: [String]) -> DiagnosedInputs {
    DiagnosedInputs(source: .texts(texts), count: texts.count)
  }

  /// - Parameter load: normalized pixels `[3, S, S]` of an input.
  public static func pixels(count: Int, load: @escaping (_ index: Int) -> [Float]) -> DiagnosedInputs {
    DiagnosedInputs(source: .pixels(load), count: count)
  }

  /// - Parameter ids: for each text as many ids as the context has.
  public static func ids(_ ids: [[Int32]]) -> DiagnosedInputs {
    DiagnosedInputs(source: .ids(ids), count: ids.count)
  }

  public var tower: Tower {
    switch source {
    case .images, .pixels: .image
    case .texts, .ids: .text
    }
  }

  /// Stages that come after the inputs.
  var stages: Set<Stage> {
    switch source {
    case .images, .texts: Set(Stage.allCases)
    case .pixels, .ids: [.layers, .vectors]
    }
  }
}
