import BundleWriter
import Foundation
import PocketCLIP

/// Vectors as a safetensors file: `vectors` F32 `[n, d]`, all of one width; the inputs and the embedding space in the
/// metadata.
struct VectorFile {
  var items: [EmbedOutput.Item]
  var settings: Settings

  /// What vectors of one file have in common; as in the metadata.
  struct Settings: Equatable {
    var fields: [String: String]

    init(_ bundle: BundleInput, isRaw: Bool, isTurnedUpright: Bool) {
      let information = bundle.model.information
      fields = [
        "format": "pocketclip-vectors", "space_id": information.spaceID, "bundle_id": information.bundleID,
        "normalized": "\(!isRaw)", "arithmetic": "\(information.arithmetic)", "upright": "\(isTurnedUpright)",
      ]
    }
  }

  /// - Throws: `cannotCreate`.
  func write(to path: String, replacing: Bool) throws {
    let bytes = [UInt8](try encoded())
    do throws(OutputError) {
      let file = try OutputFile(path: path, replacesExisting: replacing)
      try file.region.write(bytes.span.bytes, at: 0)
      try file.publish()
    } catch {
      throw Failure(error)
    }
  }

  /// Tells before hours of work that its result could not be written.
  ///
  /// - Throws: `cannotCreate`.
  ///
  /// - Parameter inputs: files that must not be replaced, whatever is said.
  static func checkDestination(_ path: String, replacing: Bool, inputs: [String]) throws(Failure) {
    do throws(OutputError) {
      try OutputFile.checkDestination(path, replacesExisting: replacing, sources: inputs)
    } catch {
      throw Failure(error)
    }
  }

  private func encoded() throws -> Data {
    let width = items.first?.vector.count ?? 0
    var values = Data(capacity: items.count * width * 4)
    for item in items {
      for value in item.vector {
        withUnsafeBytes(of: value.bitPattern.littleEndian) { values.append(contentsOf: $0) }
      }
    }
    let header = Header(
      metadata: settings.fields.merging([
        "inputs": try text(items.map(\.input)), "kinds": try text(items.map(\.kind)),
      ]) { $1 },
      vectors: Header.Tensor(dtype: "F32", shape: [items.count, width], dataOffsets: [0, values.count]))
    var json = try encoder.encode(header)
    while json.count % 8 != 0 { json.append(0x20) }
    var data = Data()
    withUnsafeBytes(of: UInt64(json.count).littleEndian) { data.append(contentsOf: $0) }
    return data + json + values
  }

  private struct Header: Encodable {
    var metadata: [String: String]
    var vectors: Tensor

    struct Tensor: Encodable {
      var dtype: String
      var shape, dataOffsets: [Int]

      enum CodingKeys: String, CodingKey {
        case dtype, shape
        case dataOffsets = "data_offsets"
      }
    }

    enum CodingKeys: String, CodingKey {
      case metadata = "__metadata__"
      case vectors
    }
  }

  private var encoder: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return encoder
  }

  private func text(_ list: [String]) throws -> String {
    String(decoding: try encoder.encode(list), as: UTF8.self)
  }
}
