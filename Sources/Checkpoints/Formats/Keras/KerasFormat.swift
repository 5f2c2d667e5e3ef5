internal import Archives

extension CheckpointFormat {
  public static let keras = CheckpointFormat(
    "keras", name: "Keras archive", detection: "zip with config.json and model.weights.h5",
    origin: "model.save('….keras') of Keras 3, for KerasHub's CLIPBackbone", codes: ReadError.Code.hdf5,
    recognises: { probe throws(ReadError) in
      guard let zip = try probe.zip() else { return false }
      return zip[KerasArchive.weights] != nil && zip[KerasArchive.configuration] != nil
    },
    reader: { probe throws(ReadError) in
      guard let zip = try probe.zip() else { throw ReadError(.zipBadEndRecord, expected: "a zip") }
      return try KerasArchive.read(zip, limits: probe.limits)
    })
}

/// The file of a complete Keras 3 model: a zip of its configuration and of its weights as HDF5.
enum KerasArchive {
  static let weights = "model.weights.h5"
  static let configuration = "config.json"

  static func read(_ zip: ZipArchive, limits: Limits) throws(ReadError) -> Checkpoint {
    let content = try zip.source(named: weights).load()
    var checkpoint: Checkpoint
    do throws(ReadError) {
      guard content.bytes.withUnsafeBytes({ $0.starts(with: HDF5Superblock.signature) }) else {
        throw ReadError(
          .hdf5Signature, at: UInt64(content.range.lowerBound), expected: "an HDF5 file")
      }
      checkpoint = try HDF5Reader.read(content, superblockAt: 0, limits: limits)
    } catch {
      throw located(error, weights, in: zip)
    }
    checkpoint.format = .keras
    checkpoint.files = [SourceFile(path: zip.file.path, byteCount: zip.file.byteCount)]
    checkpoint.archives = [zip]
    if let entry = zip[configuration], entry.method == .deflated {
      try limits.charge(entry.byteCount, for: "inflated configuration")
    }
    let json = try zip.source(named: configuration).load()
    do throws(ReadError) {
      checkpoint.evidence.huggingFaceConfig = ConfigFile(
        path: zip.file.path, origin: "\(configuration) in the archive",
        json: try JSONParser.parse(json.bytes, baseOffset: UInt64(json.range.lowerBound), limits: limits))
    } catch {
      throw located(error, configuration, in: zip)
    }
    return checkpoint
  }

  private static func located(_ error: ReadError, _ member: String, in zip: ZipArchive) -> ReadError {
    var error = error
    // Offsets count inflated bytes, which are not offsets in the file.
    if zip[member]?.method == .deflated { error.byteOffset = nil }
    return error.inside(.archiveMember(member))
  }
}
