internal import Archives

/// What `pocketclip embed -o` writes: embeddings, not weights.
extension ForeignFormat {
  private static let rowsEnding = ".rows.jsonl"
  private static let remedyOfVectors =
    "give the bundle that made them, or the checkpoint that it was converted from"

  static let vectors = ForeignFormat(
    name: "vectors that `pocketclip embed` wrote",
    detection: "pocketclip-vectors in the metadata of safetensors; an npy file beside its .rows.jsonl",
    remedy: remedyOfVectors,
    recognises: { probe in
      if probe.byte(8) == UInt8(ascii: "{") {
        return probe.text(upTo: 512).contains("\"pocketclip-vectors\"")
      }
      return probe.starts(with: NPYHeader.magic) && Folder.hasFile(probe.file.path + rowsEnding)
    })

  static let vectorRows = ForeignFormat(
    name: "the rows of vectors that `pocketclip embed` wrote", detection: "JSON lines with a vector_sha256",
    remedy: remedyOfVectors,
    recognises: { probe in
      probe.byte(0) == UInt8(ascii: "{") && probe.file.path.hasSuffix(rowsEnding)
        && probe.text(upTo: 64).hasPrefix("{\"kind\":\"")
    })
}
