public import Archives

/// What a bundle of our own is refused for.
extension ReadError.Code {
  public static let bundleRuleBroken = Self(
    550, "bundleRuleBroken", "a damaged bundle, or none of ours",
    hint: "convert the checkpoint again; the rules are those of docs/BUNDLE.md")
  public static let bundleTooNew = Self(
    551, "bundleTooNew", "a bundle of a later version", hint: "install a newer PocketCLIP to read it",
    category: .unsupported)

  /// Codes of our own bundles.
  package static let bundle: [ReadError.Code] = [
    .bundleRuleBroken, .bundleTooNew,
  ]
}
