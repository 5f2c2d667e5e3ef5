extension NameRow {
  /// Rows that map three separate projections to the fused attention input of OpenAI's blocks: the library's three
  /// names, and its names and layouts of weight and bias.
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
