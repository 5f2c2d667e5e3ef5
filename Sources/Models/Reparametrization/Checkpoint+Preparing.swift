internal import Archives
internal import Checkpoints

extension Checkpoint {
  /// Merges an adapter into its base and converts weights to the form that the model computes with, then reads the facts that
  /// the weights' shapes show.
  ///
  /// - Throws: errors of opening the base or of merging.
  mutating func prepare(_ options: ModelOptions) throws(ModelError) {
    let neighbour = try NeighbourAdapter(self, options)
    // The configuration of an adapter that is absent, or already merged, is irrelevant.
    let hasUpdates = tensors.contains { LowRankUpdate.isPart($0.name) }
    let config = try evidence.adapterConfig == nil ? diffusersAdapterConfig() : evidence.adapterConfig
    let isRead = hasUpdates || neighbour.merged != nil
    let settings = try LowRankSettings(isRead ? config : nil, alpha: options.adapterAlpha)
    if let base = options.base {
      self = try Adapter(self, settings).merged(into: Self.plainBase(base))
    } else if let adapter = neighbour.merged {
      self = try Adapter(Self.reading(adapter), settings).merged(into: self)
    }
    let forms = try Reparametrization(tensors, updates: settings, of: options.adapter)
    guard options.adapterAlpha == nil || isRead else {
      var error = ModelError(
        .unsupportedOption, found: "--lora-alpha: there is no low-rank update in the file")
      error.remedy = "leave --lora-alpha out"
      throw error
    }
    notes += neighbour.notes
    notes += settings.notes
    tensors = forms.tensors
    notes += forms.notes
    evidence.kernelHeads = try kernelHeads()
    if evidence.kernelHeads?.image != nil { notes.append(Self.noteOnBigVisionPixels) }
  }

  /// The adapter settings in diffusers' metadata. They are stored per model of the pipeline, with the model's name as
  /// prefix; the tensors' names select the model.
  private func diffusersAdapterConfig() throws(ModelError) -> ConfigFile? {
    guard let text = evidence.metadataValue("lora_adapter_metadata") else { return nil }
    let json: JSONValue
    do throws(ReadError) {
      json = try JSONParser.parse(Array(text.utf8).span.bytes, limits: .standard)
    } catch {
      throw ModelError(error.inFile(files.first?.path ?? ""))
    }
    let prefix = evidence.strippedPrefix ?? "text_encoder."
    var own = JSONObject()
    for member in json.objectValue?.members ?? [] where member.key.hasPrefix(prefix) {
      _ = own.append(
        JSONObject.Member(
          key: String(member.key.dropFirst(prefix.count)), value: member.value, byteOffset: member.byteOffset)
      )
    }
    guard !own.members.isEmpty else { return nil }
    return ConfigFile(
      path: files.first?.path ?? "", origin: "lora_adapter_metadata of the file", json: .object(own))
  }

  /// Opens a base without updates of its own, because another scale could apply to them.
  ///
  /// - Throws: `unsupportedOption` if its tensors or an adapter next to it contain updates.
  private static func plainBase(_ path: String) throws(ModelError) -> Checkpoint {
    let base = try reading(path)
    if let bundle = base.bundle { throw refusal(of: bundle, path) }
    let own: String? =
      if base.tensors.contains(where: { LowRankUpdate.isPart($0.name) }) {
        "holds low-rank updates of its own"
      } else if base.evidence.adapterConfig != nil, let file = base.evidence.adapterFile {
        "has an adapter beside its weights, \(file.name)"
      } else { nil }
    guard let own else { return base }
    var error = ModelError(
      .unsupportedOption, expected: "a base model without an adapter", found: "--base \(path), which \(own)")
    error.remedy =
      "merge that adapter into the base first (peft's merge_and_unload), or give the weights alone, in a folder of their own"
    throw error
  }

  /// A bundle cannot be a base: its matrices are packed, and int8 weights are already rounded.
  private static func refusal(of bundle: MappedFile, _ path: String) -> ModelError {
    do throws(ReadError) {
      _ = try BundleWeights(bundle)
    } catch {
      return ModelError(error)
    }
    var error = ModelError(
      .unsupportedOption, expected: "a base model in its own format",
      found: "--base \(path), which is a bundle")
    error.remedy = "give the checkpoint that the bundle was converted from"
    return error
  }

  private static func reading(_ path: String) throws(ModelError) -> Checkpoint {
    do throws(ReadError) {
      return try Checkpoint.open(path)
    } catch {
      throw ModelError(error)
    }
  }
}
