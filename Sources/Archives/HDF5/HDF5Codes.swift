/// Errors of HDF5 files.
extension ReadError.Code {
  public static let hdf5Superblock = Self(
    1100, "hdf5Superblock", "damaged HDF5 superblock", hint: .downloadAgain)
  public static let hdf5OutsideFile = Self(
    1101, "hdf5OutsideFile", "HDF5 structure lies outside the file", hint: .downloadAgain)
  public static let hdf5Signature = Self(
    1102, "hdf5Signature", "HDF5 structure without the signature of its kind", hint: .downloadAgain)
  public static let hdf5Version = Self(
    1103, "hdf5Version", "HDF5 structure of an unknown version",
    hint: "write the file again with h5py.File(path, 'w', libver='earliest')", category: .unsupported)
  public static let hdf5ReachedTwice = Self(
    1104, "hdf5ReachedTwice", "HDF5 structure that is reached twice or lies inside another",
    hint: .doNotTrust)
  public static let hdf5TooShort = Self(
    1105, "hdf5TooShort", "HDF5 structure ends before its content", hint: .downloadAgain)
  public static let hdf5Message = Self(
    1106, "hdf5Message", "malformed HDF5 object header", hint: .saveAgain)
  public static let hdf5Link = Self(
    1107, "hdf5Link", "an HDF5 link, which PocketCLIP never follows",
    hint: "replace the link by a copy of its target", category: .unsupported)
  public static let hdf5Name = Self(
    1108, "hdf5Name", "HDF5 object with an impossible name", hint: .doNotTrust)
  public static let hdf5Tree = Self(
    1109, "hdf5Tree", "malformed HDF5 B-tree", hint: .downloadAgain)
  public static let hdf5Checksum = Self(
    1110, "hdf5Checksum", "damaged HDF5 structure: its checksum does not match",
    hint: .downloadAgain)
  public static let hdf5Storage = Self(
    1111, "hdf5Storage", "unsupported kind of HDF5 storage",
    hint: "write the weights as plain datasets of one file", category: .unsupported)
  public static let hdf5Filter = Self(
    1112, "hdf5Filter", "unsupported HDF5 filter",
    hint: "write the datasets with compression='gzip' or without compression", category: .unsupported)
  public static let hdf5Chunks = Self(
    1113, "hdf5Chunks", "the chunks of an HDF5 dataset do not fit its shape", hint: .downloadAgain)
  public static let hdf5ChunkDamaged = Self(
    1114, "hdf5ChunkDamaged", "damaged HDF5 chunk", hint: .downloadAgain)

  /// Codes of HDF5 files.
  package static let hdf5: [ReadError.Code] = [
    .hdf5Superblock, .hdf5OutsideFile, .hdf5Signature, .hdf5Version, .hdf5ReachedTwice, .hdf5TooShort,
    .hdf5Message, .hdf5Link, .hdf5Name, .hdf5Tree, .hdf5Checksum, .hdf5Storage, .hdf5Filter, .hdf5Chunks,
    .hdf5ChunkDamaged,
  ]
}
