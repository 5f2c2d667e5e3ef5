/// What names of values and nodes tell about parameters.
enum ONNXName {
  /// Last components that parameters and buffers of CLIP modules have; all other values are anonymous.
  private static let lastComponents: Set<String> = [
    "weight", "bias", "in_proj_weight", "in_proj_bias", "class_embedding", "positional_embedding", "proj",
    "text_projection", "logit_scale", "logit_bias", "running_mean", "running_var", "position_ids",
    "attn_mask",
    "num_batches_tracked",
  ]

  /// What tools append to the name of a parameter when they replace its values.
  private static let suffixes = ["_quantized", "_transposed", "_Transposed"]

  /// What ONNX Runtime puts in front of the names of values that it casts.
  private static let prefixes = ["InsertedPrecisionFreeCast_", "InsertedCast_"]

  /// The parameter that a value is named after; nil for anonymous values (`onnx::MatMul_589`, `val_21`, `1234`).
  static func parameter(_ value: String) -> String? {
    var name = Substring(value)
    if let prefix = prefixes.first(where: { name.hasPrefix($0) }) { name = name.dropFirst(prefix.count) }
    while let suffix = suffixes.first(where: { name.hasSuffix($0) }) { name = name.dropLast(suffix.count) }
    guard let last = name.split(separator: ".", omittingEmptySubsequences: false).last,
      lastComponents.contains(String(last))
    else { return nil }
    return String(name)
  }

  /// The module whose operation a node is, from a name like `/visual/transformer/resblocks/resblocks.0/attn/MatMul`:
  /// each module with its parent's name in front, where the parent was called, and without, where it was not.
  static func module(ofNode name: String) -> String? {
    guard name.hasPrefix("/") else { return nil }
    var components: [Substring] = []
    for component in name.split(separator: "/").dropLast() {
      if let last = components.last, component.hasPrefix(last + ".") { components.removeLast() }
      components.append(component)
    }
    return components.isEmpty ? nil : components.joined(separator: ".")
  }

  /// The same from what torch's dynamo exporter states, `['', 'visual', 'visual.ln_pre', 'layer_norm']`: modules from
  /// the outermost, then the operation.
  static func module(inScopes scopes: String) -> String? {
    let names = scopes.split(separator: ",").dropLast().last?.filter { !" []'".contains($0) }
    return names.flatMap { $0.isEmpty ? nil : String($0) }
  }

  /// The weight beside a bias: `….fc1.weight` for `….fc1.bias`, `….in_proj_weight` for `….in_proj_bias`.
  static func weight(besideBias bias: String) -> String? {
    guard bias.hasSuffix(".bias") || bias.hasSuffix("in_proj_bias") else { return nil }
    return bias.dropLast("bias".count) + "weight"
  }

  static func lastComponent(_ parameter: String) -> String {
    parameter.lastIndex(of: ".").map { String(parameter[parameter.index(after: $0)...]) } ?? parameter
  }

  /// Whether a matrix of this name is kept as `[out, in]`, as linear layers do; `proj` and `text_projection` are
  /// kept as `[in, out]`.
  static func isOutputsFirst(_ parameter: String) -> Bool { parameter.hasSuffix("weight") }

  /// The name that `value` ends in becomes another: `suffix` of a known sibling replaced.
  static func sibling(of parameter: String, _ suffix: String, _ replacement: String) -> String? {
    parameter.hasSuffix(suffix) ? parameter.dropLast(suffix.count) + replacement : nil
  }
}
