import ArgumentParser

/// Names that cannot be those of an output file.
enum OutputPath {
  static func validate(_ path: String?, _ alternative: String) throws(ValidationError) {
    guard let path else { return }
    guard !path.isEmpty else { throw ValidationError("-o: the name of the output is empty") }
    guard path != "-" else {
      throw ValidationError("-o -: a file is written that is given its name when it is whole; \(alternative)")
    }
  }
}
