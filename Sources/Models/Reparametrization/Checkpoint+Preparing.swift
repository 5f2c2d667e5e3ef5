internal import Archives
internal import Checkpoints

extension Checkpoint {
  /// Merges an adapter into its base and brings weights into the form in which the model computes with them.
  ///
  /// - Throws: what opening the base or merging throws.
  mutating func prepare(_ options: ModelOptions) throws(ModelError) {
    let settings = try LowRankSettings(evidence.adapterConfig, alpha: options.adapterAlpha)
    if let base = options.base {
      self = try Adapter(self, settings).merged(into: Self.openBase(base))
    }
    let forms = try Reparametrization(tensors, updates: settings)
    guard options.adapterAlpha == nil || options.base != nil || forms.hasUpdates else {
      throw ModelError(.unsupportedOption, found: "--lora-alpha: there is no low-rank update in the file")
    }
    tensors = forms.tensors
    notes += forms.notes
  }

  private static func openBase(_ path: String) throws(ModelError) -> Checkpoint {
    do throws(ReadError) {
      return try Checkpoint.open(path)
    } catch {
      throw ModelError(error)
    }
  }
}
