internal import Archives

extension CheckpointFormat {
  public static let hdf5 = CheckpointFormat(
    "hdf5", name: "HDF5", detection: "\\x89HDF\\r\\n\\x1a\\n at byte 0, 512, 1024, 2048",
    origin: "transformers' tf_model.h5, single or sharded with an index; Keras and KerasHub .weights.h5",
    codes: ReadError.Code.hdf5, recognises: { probe in superblockOffset(probe) != nil },
    reader: { probe throws(ReadError) in
      let start = superblockOffset(probe) ?? 0
      return try HDF5Reader.read(probe.file, superblockAt: start, limits: probe.limits)
    })

  /// Other data can precede the superblock, which then begins at a power of two. Larger offsets do not occur in
  /// practice.
  @Sendable private static func superblockOffset(_ probe: FileProbe) -> Int? {
    [0, 512, 1024, 2048].first { probe.starts(with: HDF5Superblock.signature, at: $0) }
  }
}
