public import Archives

extension CheckpointFormat {
  public static let bundle = CheckpointFormat(
    "pclip", name: "PocketCLIP bundle", detection: "safetensors whose first metadata key is pclip.version",
    origin: "pocketclip convert", codes: [.bundleRuleBroken, .bundleTooNew],
    recognises: { probe in isSafetensors(probe) && BundleReader.recognises(probe.file) },
    reader: { probe in BundleReader.read(probe.file, limits: probe.limits) })
}

/// Errors of PocketCLIP bundles.
extension ReadError.Code {
  public static let bundleRuleBroken = Self(
    550, "bundleRuleBroken", "the bundle is damaged, from an earlier draft, or not written by PocketCLIP",
    hint: "convert the checkpoint again; the rules are those of docs/BUNDLE.md")
  public static let bundleTooNew = Self(
    551, "bundleTooNew", "a bundle of a later version", hint: "install a newer PocketCLIP to read it",
    category: .unsupported)

  /// Codes of PocketCLIP bundles.
  package static let bundle: [ReadError.Code] = [
    .bundleRuleBroken, .bundleTooNew,
  ]
}
