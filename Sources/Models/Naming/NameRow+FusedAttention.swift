extension NameRow {
  /// The rows that put three separate projections into the fused attention input of OpenAI's blocks, for any library:
  /// its three names, and how it calls and lays out weight and bias.
  ///
  /// - Parameter projections: of queries, keys and values, in this order.
  static func fusedAttention(
    _ projections: [String], weight: String, bias: String, into block: String,
    weightChange: LayoutChange = .same, biasChange: LayoutChange = .same
  ) -> [NameRow] {
    projections.enumerated().flatMap { part, projection in
      [
        NameRow(
          projection + weight, block + ".attn.in_proj_weight",
          weightChange.asRows(part: part, of: projections.count)),
        NameRow(
          projection + bias, block + ".attn.in_proj_bias",
          biasChange.asRows(part: part, of: projections.count)),
      ]
    }
  }
}
