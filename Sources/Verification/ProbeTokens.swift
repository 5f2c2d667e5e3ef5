internal import Architecture
internal import CVocabulary
internal import Models
internal import Tokenizer

/// A model's tokenizer on probe texts.
enum ProbeTokens {
  /// `contextLength` ids for each text, pads included; nil for a model without a tokenizer.
  static func ids(
    of texts: [String], _ tokenizer: ModelTokenizer, contextLength: Int
  ) throws(VerificationError) -> [[Int32]]? {
    switch tokenizer {
    case .openAI: ids(of: texts, .openAI(try openAI()), table: [], contextLength)
    case .table(let table): ids(of: texts, .table(try opened(table)), table: table, contextLength)
    case .none: nil
    }
  }

  private static func ids(
    of texts: [String], _ tokenizer: TextTokenizer, table: [UInt8], _ contextLength: Int
  ) -> [[Int32]] {
    var scratch = TextTokenizer.Scratch(tokenizer, contextLength: contextLength)
    return texts.map { text in
      var ids = [Int32](repeating: tokenizer.padID ?? 0, count: contextLength)
      var span = ids.mutableSpan
      _ = tokenizer.tokenize(
        Array(text.utf8).span, table: table.span.bytes, into: &span, scratch: &scratch)
      return ids
    }
  }

  private static func opened(_ table: [UInt8]) throws(VerificationError) -> TableTokenizer {
    do throws(TableFault) {
      return try TableTokenizer(table.span.bytes)
    } catch {
      throw .incomparable("the table of the tokenizer is damaged: \(error)")
    }
  }

  /// Ids for a model without a tokenizer, in its own vocabulary: start, a few tokens, the id that the tower pools at,
  /// zeros. Lengths differ. A tower that pools at the last position gets no id of a meaning.
  static func generated(count: Int, for tower: TextTower) -> [[Int32]] {
    let (contextLength, vocabularySize) = (tower.contextLength, tower.vocabularySize)
    let end = tower.pooledID ?? vocabularySize - 1
    let start = end == vocabularySize - 2 ? vocabularySize - 1 : vocabularySize - 2
    return (0..<count).map { text in
      let length = min(contextLength, 3 + text * (contextLength - 3) / max(count - 1, 1))
      return (0..<contextLength).map { position in
        if position == 0 { return Int32(start) }
        if position == length - 1 { return Int32(end) }
        guard position < length else { return 0 }
        let id = 1 + (text * 7919 + position * 104_729) % (vocabularySize - 3)
        return Int32(id == end ? id + 1 : id)
      }
    }
  }

  private static func openAI() throws(VerificationError) -> Tokenizer {
    let merges = UnsafeBufferPointer(
      start: cvocabulary_openai_merges(), count: Int(CVOCABULARY_ROW_COUNT) * 2)
    do throws(MergesFault) {
      return try Tokenizer(merges: merges.span, count: Int(CVOCABULARY_MERGE_COUNT))
    } catch {
      throw .incomparable("the vocabulary that ships with this tool is damaged: \(error)")
    }
  }
}
