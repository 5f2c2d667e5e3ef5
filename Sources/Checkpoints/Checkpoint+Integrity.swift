public import Archives

extension Checkpoint {
  /// Compares every byte with the checksums that the checkpoint's own zip archives state.
  ///
  /// Silent about formats without checksums (safetensors), and about members written without one, as PyTorch can be
  /// told to do: passing is no proof, throwing is. Bundles are compared with their digests as they are read.
  ///
  /// - Throws: `zipChecksumMismatch` with the damaged member, `zipInflateFailed`.
  public func checkChecksums() throws(ReadError) {
    for archive in archives { try archive.checkChecksums() }
  }
}
