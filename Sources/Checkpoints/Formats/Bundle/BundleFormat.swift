public import Archives

extension CheckpointFormat {
  public static let bundle = CheckpointFormat(
    "pclip", name: "PocketCLIP bundle", detection: "safetensors whose first metadata key is pclip.version",
    origin: "our own output", codes: [.bundleRuleBroken, .bundleTooNew],
    recognises: { probe in isSafetensors(probe) && BundleReader.recognises(probe.file) },
    reader: { probe in BundleReader.read(probe.file, limits: probe.limits) })
}

/// Errors of PocketCLIP bundles.
extension ReadError.Code {
  public static let bundleRuleBroken = Self(
    550, "bundleRuleBroken", "a bundle that is damaged, of an earlier draft of the format, or none of ours",
    hint: "convert the checkpoint again; the rules are those of docs/BUNDLE.md")
  public static let bundleTooNew = Self(
    551, "bundleTooNew", "a bundle of a later version", hint: "install a newer PocketCLIP to read it",
    category: .unsupported)

  /// Codes of PocketCLIP bundles.
  package static let bundle: [ReadError.Code] = [
    .bundleRuleBroken, .bundleTooNew,
  ]
}
