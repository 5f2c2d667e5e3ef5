internal import Archives

/// `modules.json` of sentence-transformers: the modules of a pipeline, in order.
enum SentenceModules {
  /// Modules that are the CLIP itself, or normalize its embeddings.
  private static let known: Set<Substring> = ["CLIPModel", "Transformer", "Normalize"]

  /// - Throws: `furtherModules` for a pipeline with a layer after the CLIP, because its embeddings are not the
  ///   CLIP's.
  static func requireNothingMore(in folder: ModelFolder, limits: Limits) throws(ReadError) {
    guard let file = try folder.mapIfPresent("modules.json") else { return }
    let json: JSONValue
    do throws(ReadError) {
      limits.admit(file)
      json = try JSONParser.parse(file.bytes, limits: limits)
    } catch {
      throw error.inFile(file.path)
    }
    let types = (json.arrayValue ?? []).compactMap { $0["type"]?.stringValue }
    let further = types.filter { type in
      type.split(separator: ".").last.map { !known.contains($0) } ?? true
    }
    guard !further.isEmpty else { return }
    throw ReadError(.furtherModules, found: further.joined(separator: ", "), file: file.path)
  }
}
