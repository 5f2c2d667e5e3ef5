public import Archives

extension Checkpoint {
  /// Members of the checkpoint's zip archives whose bytes differ from the checksum the archive states, by name.
  ///
  /// Reads everything, a few members at a time. Empty for formats without checksums (safetensors), and silent about
  /// members written without one, as PyTorch can be told to do: an empty result is no proof, a full one is.
  ///
  /// - Throws: `zipInflateFailed` for a compressed member that cannot be inflated.
  public func damagedMembers() throws(ReadError) -> [String] {
    var damaged: [String] = []
    for archive in archives {
      for entry in archive.entries {
        if try !archive.checksumMatches(entry) { damaged.append(entry.name) }
        archive.source(of: entry).release()
      }
    }
    return damaged
  }
}
