import Architecture
import BundleFormat
import CPocketCLIP
import Tokenizer

/// The input of a call for texts: one item at a time.
enum TextBatch {
  case texts(UnsafePointer<pclip_text>, truncated: UnsafeMutablePointer<Int32>?)
  /// count × context length.
  case ids(UnsafePointer<Int32>)
}

extension Session {
  /// Computes `count` texts in ragged slices.
  func encode(_ batch: TextBatch, count: Int, _ output: inout BatchOutput) throws(RuntimeFault) {
    guard let tower = model.description.architecture.text, let weights = model.text,
      let scratch = scratch.text
    else {
      throw RuntimeFault.missing(.textTower)
    }
    var slice = TextSlice(scratch)
    for item in 0..<count {
      do throws(RuntimeFault) {
        let ids = try self.ids(of: item, batch, scratch, tower)
        let length = try pooledPosition(ids, tower, item: item) + 1
        if !slice.hasRoom(for: length) { run(&slice, tower, weights, &output) }
        slice.append(ids, count: length, item: item)
      } catch {
        output.fail(item, error)
      }
    }
    run(&slice, tower, weights, &output)
  }

  /// Start of text, the text's ids, end of text, then pads up to the context length.
  func tokenize(
    _ text: pclip_text, into ids: UnsafeMutablePointer<Int32>, count: Int
  ) throws(RuntimeFault) -> Tokenizer.Result {
    guard let tokenizer = model.tokenizer else {
      throw RuntimeFault.missing(.tokenizer)
    }
    guard let bytes = text.bytes ?? (text.count == 0 ? Session.noText : nil) else {
      throw RuntimeFault.textWithoutBytes
    }
    guard text.count >= 0 else { throw RuntimeFault.beyondAddressSpace("text.count") }
    let utf8 = UnsafeRawPointer(bytes).assumingMemoryBound(to: UInt8.self)
    var target = MutableSpan(_unsafeStart: ids, count: count)
    // Swift 6.3's optimizer stops where the span is made of the model's property itself.
    let table = model.tokenizerTable
    let result = tokenizer.tokenize(
      UnsafeBufferPointer(start: utf8, count: text.count).span, table: table.bytes, into: &target,
      scratch: &tokenizerScratch)
    (ids + result.count).update(repeating: tokenizer.padID ?? 0, count: count - result.count)
    return result
  }

  /// A non-null address for a text of no bytes.
  private static var noText: UnsafePointer<CChar>? { UnsafePointer(bitPattern: 1) }

  private func ids(
    of item: Int, _ batch: TextBatch, _ scratch: TextScratch, _ tower: TextTower
  ) throws(RuntimeFault) -> UnsafePointer<Int32> {
    switch batch {
    case .ids(let ids): return ids + item * tower.contextLength
    case .texts(let texts, let truncated):
      let ids = scratch.context
      truncated?[item] = 0
      let result = try tokenize(texts[item], into: ids, count: tower.contextLength)
      truncated?[item] = result.isTruncated ? 1 : 0
      return UnsafePointer(ids)
    }
  }

  /// The position whose hidden state represents the text. Checks the ids up to it against the vocabulary: they are all that
  /// the embedding depends on.
  ///
  /// The search ends at the id that is pooled; ids after it are not checked.
  private func pooledPosition(
    _ ids: UnsafePointer<Int32>, _ tower: TextTower, item: Int
  ) throws(RuntimeFault) -> Int {
    let pooledID = tower.pooledID
    var highest = 0
    for position in 0..<tower.contextLength {
      let id = Int(ids[position])
      guard id >= 0, id < tower.vocabularySize else {
        throw RuntimeFault.idOutsideVocabulary(
          item: item, id: id, position: position, vocabularySize: tower.vocabularySize)
      }
      if id == pooledID { return position }
      if id > Int(ids[highest]) { highest = position }
    }
    switch tower.pooling {
    case .highestID: return highest
    case .firstID(let id): throw RuntimeFault.pooledIDMissing(item: item, id: id)
    case .last: return tower.contextLength - 1
    }
  }

  private func run(
    _ slice: inout TextSlice, _ tower: TextTower, _ weights: TextWeights,
    _ output: inout BatchOutput
  ) {
    guard slice.items > 0 else { return }
    let scratch = slice.scratch
    TextWork(
      compute: model.compute, tower: tower, weights: weights, scratch: scratch, items: slice.items,
      observer: observer
    ).run()
    for slot in 0..<slice.items { output.store(scratch.results[slot], item: scratch.slots[slot]) }
    slice.removeAll()
  }
}

/// Texts gathered for one pass.
private struct TextSlice {
  let scratch: TextScratch
  private(set) var items = 0

  init(_ scratch: TextScratch) {
    self.scratch = scratch
    starts[0] = 0
  }

  var starts: UnsafeMutablePointer<Int32> { scratch.starts }
  private var rows: Int { Int(starts[items]) }

  func hasRoom(for length: Int) -> Bool { items < scratch.items && rows + length <= scratch.rows }

  mutating func append(_ ids: UnsafePointer<Int32>, count: Int, item: Int) {
    (scratch.ids + rows).update(from: ids, count: count)
    scratch.slots[items] = item
    starts[items + 1] = Int32(truncatingIfNeeded: rows + count)
    items += 1
  }

  mutating func removeAll() { items = 0 }
}
