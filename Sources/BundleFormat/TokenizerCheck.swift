package import Architecture
package import Tokenizer

extension BundleHeader {
  /// Guarantees that a token lookup stays inside its tables, for any stored merges.
  func checkMerges(_ file: RawSpan) throws(BundleFault) {
    guard let merges = tensors.first(where: { $0.content == .merges }) else { return }
    for index in 0..<2 * BundleLayout.mergeRows {
      let offset = merges.byteOffset + 2 * index
      guard offset + 2 <= file.byteCount else { throw BundleFault(.fileCovered, at: offset) }
      let bits = unsafe file.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self)
      let id = Int(UInt16(littleEndian: bits))
      let row = index / 2
      let isFiller = row >= BundleLayout.mergeCount
      guard isFiller ? id == 0xFFFF : id < BundleLayout.byteTokens + row else {
        throw BundleFault(.mergesValid, at: offset)
      }
    }
  }
}

extension BundleHeader {
  /// Checks the fields of the table, in constant time. Its lists are checked at each access.
  func checkTable(_ file: RawSpan) throws(BundleFault) {
    for tensor in tensors {
      guard case .tokenizerTable(let byteCount) = tensor.content, let text = description.architecture.text
      else {
        continue
      }
      guard tensor.byteOffset + byteCount <= file.byteCount else {
        throw BundleFault(.fileCovered, at: file.byteCount)
      }
      let table = file.extracting(tensor.byteOffset..<tensor.byteOffset + byteCount)
      let header: TableHeader
      do throws(TableFault) {
        header = try TableHeader(table)
      } catch {
        throw BundleFault(.tableValid, at: tensor.byteOffset + error.byteOffset)
      }
      guard text.accepts(header) else { throw BundleFault(.tableValid, at: tensor.byteOffset) }
    }
  }
}

extension TextTower {
  /// Whether a table's ids are in the tower's token table, and its texts as long as the tower reads them.
  ///
  /// A tower that attends to the pads needs texts that are padded to its context.
  package func accepts(_ table: TableHeader) -> Bool {
    let length = Int(table.length)
    return Int(table.vocabulary) <= vocabularySize && (length == contextLength || length == 0 && !attendsPads)
  }
}
