internal import Archives

extension CheckpointFormat {
  public static let bundle = CheckpointFormat(
    "pclip", name: "PocketCLIP bundle", detection: "safetensors whose first metadata key is pclip.version",
    origin: "our own output", codes: [.bundleRuleBroken, .bundleTooNew],
    recognises: { probe in isSafetensors(probe) && BundleReader.recognises(probe.file) },
    reader: { probe in BundleReader.read(probe.file, limits: probe.limits) })
}
