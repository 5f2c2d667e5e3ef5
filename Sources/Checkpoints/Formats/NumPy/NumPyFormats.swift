internal import Archives
internal import TensorTypes

extension CheckpointFormat {
  public static let npz = CheckpointFormat(
    "npz", name: "NumPy npz", detection: "zip whose members end in .npy",
    origin: "numpy.savez, numpy.savez_compressed, mlx.core.savez; big_vision's SigLIP",
    codes: ReadError.Code.npy,
    recognises: { probe throws(ReadError) in
      let members = try probe.zip()?.entries.filter { !$0.isFolder } ?? []
      return !members.isEmpty && members.allSatisfy { $0.name.hasSuffix(NPZReader.suffix) }
    },
    reader: { probe throws(ReadError) in
      guard let zip = try probe.zip() else { throw ReadError(.zipBadEndRecord, expected: "a zip") }
      return try NPZReader.read(zip, limits: probe.limits)
    })

  /// One array is not a model. The error describes the array.
  public static let npy = CheckpointFormat(
    "npy", name: "NumPy npy", detection: "\\x93NUMPY at byte 0", origin: "numpy.save: one array",
    codes: ReadError.Code.npy, recognises: { $0.starts(with: NPYHeader.magic) }, refusal: describeArray)

  @Sendable private static func describeArray(_ probe: FileProbe) throws(ReadError) -> String {
    let file = probe.file
    do throws(ReadError) {
      let header = try NPYHeader(
        file.bytes.extracting(0..<min(file.byteCount, NPYHeader.maximumByteCount)), byteCount: file.byteCount,
        baseOffset: 0, limits: probe.limits)
      return
        "an array of \(header.dtype.safetensorsName) \(header.shape); the tensors of a model go into one npz"
    } catch  where error.code == .npyObjectArray && looksLikeScenic(file) {
      var error = error
      error.found = "a dictionary of parameters as Scenic saves CLIP"
      throw error
    }
  }

  /// Searches the pickle's text without parsing it. Scenic's trees name their blocks like OpenAI.
  private static func looksLikeScenic(_ file: MappedFile) -> Bool {
    let searched = 1 << 20
    let text = file.bytes.withUnsafeBytes { String(decoding: $0.prefix(searched), as: UTF8.self) }
    return text.contains("visual") && text.contains("resblocks.")
  }
}
