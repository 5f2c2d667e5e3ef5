internal import Archives

extension CheckpointFormat {
  public static let gguf = CheckpointFormat(
    "gguf", name: "GGUF", detection: "GGUF at byte 0", origin: "clip.cpp and llama.cpp mmproj files",
    codes: ReadError.Code.gguf,
    recognises: { $0.starts(with: Array("GGUF".utf8)) },
    reader: { probe throws(ReadError) in try GGUFReader.read(probe.file, limits: probe.limits) })
}
