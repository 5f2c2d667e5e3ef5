/// Errors of arrays in NumPy's npy format.
extension ReadError.Code {
  public static let npyMagic = Self(
    1300, "npyMagic", "not a NumPy array: it does not begin with \\x93NUMPY", hint: .saveAgain)
  public static let npyVersion = Self(
    1301, "npyVersion", "unknown version of the npy format", hint: .saveAgain, category: .unsupported)
  public static let npyHeader = Self(1302, "npyHeader", "npy header is malformed", hint: .saveAgain)
  public static let npyByteCount = Self(
    1303, "npyByteCount", "npy data do not fit the array's shape and type", hint: .downloadAgain)
  public static let npyObjectArray = Self(
    1304, "npyObjectArray",
    "an array of Python objects: a pickle, which can run any command when it is loaded",
    hint:
      "save plain arrays instead: numpy.savez(path, **arrays); never load this file with allow_pickle=True",
    category: .unsupported)

  /// Codes of npy arrays.
  package static let npy: [ReadError.Code] = [
    .npyMagic, .npyVersion, .npyHeader, .npyByteCount, .npyObjectArray,
  ]
}
