/// A tensor's name in components, without those that wrappers of modules insert.
struct TensorName {
  /// The name in the unwrapped model.
  let plain: String
  /// Substrings of `plain`, separated by dots or slashes.
  let components: [Substring]

  /// DistributedDataParallel, torch.compile, FullyShardedDataParallel, activation checkpointing, DeepSpeed. No tensor of
  /// a CLIP has a component of these names.
  static let wrappers: Set<Substring> = [
    "module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module", "_forward_module",
  ]

  private static let shortestWrapper = 6

  /// An early exit: most components are shorter than any wrapper and need not be hashed.
  private static func isWrapper(_ part: Substring) -> Bool {
    part.utf8.count >= shortestWrapper && wrappers.contains(part)
  }

  init(_ name: String) {
    let parts = Self.split(name)
    guard parts.contains(where: Self.isWrapper) else {
      (plain, components) = (name, parts)
      return
    }
    plain = Self.withoutWrappers(name, parts)
    components = Self.split(plain)
  }

  /// The name without its first components and the separator after them.
  func dropping(_ count: Int) -> String {
    count < components.count ? String(plain[components[count].startIndex...]) : ""
  }

  /// The part that `dropping` removes.
  func prefix(_ count: Int) -> String {
    count < components.count ? String(plain[..<components[count].startIndex]) : plain
  }

  private static func split(_ name: String) -> [Substring] {
    name.utf8.split(omittingEmptySubsequences: false) { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "/") }
      .map(Substring.init)
  }

  /// Removes each wrapper with the separator after it.
  private static func withoutWrappers(_ name: String, _ parts: [Substring]) -> String {
    var plain = ""
    for (index, part) in parts.enumerated() where !isWrapper(part) || index == parts.count - 1 {
      plain += part
      if part.endIndex < name.endIndex { plain.append(name[part.endIndex]) }
    }
    return plain
  }
}
