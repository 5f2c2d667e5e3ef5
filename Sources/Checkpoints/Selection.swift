/// Which model to read where a file or folder holds several.
public struct Selection: Sendable, Equatable {
  /// Take a file for one of this format; of a folder, the file in it.
  public var format: CheckpointFormat?
  /// What stands before the names of the model's tensors, with or without the last dot; empty for the model at the top.
  public var prefix: String?
  /// The form of the weights that the name of the file tells: `fp16` of `model.fp16.safetensors`.
  public var variant: String?

  public init(format: CheckpointFormat? = nil, prefix: String? = nil, variant: String? = nil) {
    self.format = format
    self.prefix = prefix
    self.variant = variant
  }
}
