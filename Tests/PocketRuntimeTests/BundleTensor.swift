import CPocketCLIP
import Foundation
import TestSupport

/// A tensor of a bundle, found like any reader of safetensors files finds it.
struct BundleTensor {
  var name: String
  var dtype: String
  var shape: [Int]
  /// The range in the file.
  var bytes: Range<Int>

  static func all(of bundle: Data) throws -> [BundleTensor] {
    let headerEnd = 8 + bundle.withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) }
    var entries = try JSONDecoder().decode([String: Entry].self, from: bundle[8..<headerEnd])
    entries["__metadata__"] = nil
    return entries.compactMap { name, entry in
      guard let dtype = entry.dtype, let shape = entry.shape, let offsets = entry.dataOffsets else {
        return nil
      }
      return BundleTensor(
        name: name, dtype: dtype, shape: shape, bytes: headerEnd + offsets[0]..<headerEnd + offsets[1])
    }.sorted { $0.bytes.lowerBound < $1.bytes.lowerBound }
  }

  private struct Entry: Decodable {
    var dtype: String?
    var shape: [Int]?
    var dataOffsets: [Int]?

    enum CodingKeys: String, CodingKey {
      case dtype, shape
      case dataOffsets = "data_offsets"
    }
  }

  private var elementBytes: Int { dtype == "F16" ? 2 : 4 }

  /// The first element, one in the middle and the last, without repeats.
  var someElements: Set<Int> {
    let count = bytes.count / elementBytes
    return [0, count / 2, count - 1]
  }

  func store(_ value: Float, at element: Int, in bundle: inout Data) {
    let start = bytes.lowerBound + element * elementBytes
    if elementBytes == 2 {
      withUnsafeBytes(of: Float16(value)) { bundle.replaceSubrange(start..<start + 2, with: $0) }
    } else {
      withUnsafeBytes(of: value) { bundle.replaceSubrange(start..<start + 4, with: $0) }
    }
  }
}

/// A bundle's results for an image and a few texts.
struct Outcome {
  var vectors: [[Float]] = []
  var statuses: [Int32] = []

  init(_ bundle: OpenedBundle) throws {
    if bundle.info.has_image != 0 {
      var (vector, status) = (
        [Float](repeating: 0, count: Int(bundle.info.image_output)), [Int32](repeating: 0, count: 1)
      )
      let pixels = GeneratedInputs.pixels(count: bundle.pixelCount)
      _ = refusal { pclip_encode_pixels(bundle.session, pixels, 1, 0, &vector, vector.count, &status, $0) }
      vectors.append(vector)
      statuses += status
    }
    guard bundle.info.has_text != 0 else { return }
    let texts = GeneratedInputs.texts(context: bundle.context, vocabulary: Int(bundle.info.vocabulary_size))
    let width = Int(bundle.info.text_output)
    var values = [Float](repeating: 0, count: texts.count * width)
    var status = [Int32](repeating: 0, count: texts.count)
    _ = refusal {
      pclip_encode_ids(
        bundle.session, texts.flatMap { $0 }, texts.count, 0, &values, values.count, &status, $0)
    }
    vectors += bundle.rows(values, texts.count)
    statuses += status
  }

  /// Items that neither equal those, except for the rounding of other instruction sets, nor failed.
  func otherItems(than expected: Outcome) -> [Int] {
    vectors.indices.filter { item in
      switch Int(statuses[item]) {
      case PCLIP_OK: !zip(vectors[item], expected.vectors[item]).allSatisfy { abs($0 - $1) <= 1e-4 }
      case PCLIP_E_NOT_FINITE: false
      default: true
      }
    }
  }

  var failures: Int { statuses.count { $0 != Int32(PCLIP_OK) } }
}
