import Archives
import Foundation
import TensorTypes

/// The position of the vectors in a file, and the header of such a file.
struct VectorLayout {
  let file: MappedFile
  let dataOffset: Int
  let count, width: Int

  var rowByteCount: Int { 4 * width }

  func hash(ofRow row: Int) -> ContentHash {
    let start = dataOffset + row * rowByteCount
    return ContentHash(of: file.bytes.extracting(start..<start + rowByteCount))
  }

  /// - Throws: errors from reading; `data` for a file that `embed -o` does not write.
  init(_ path: String, _ format: VectorPaths.Format) throws(Failure) {
    let shape: [Int]?
    do throws(ReadError) {
      file = try MappedFile(path: path)
      switch format {
      case .safetensors: (shape, dataOffset) = try Self.safetensors(file)
      case .npy: (shape, dataOffset) = try Self.numPy(file)
      }
    } catch {
      guard error.category != .cannotOpen else { throw Failure(describing: error) }
      throw Self.isNotVectors(path, error.inFile(path).description)
    }
    guard let shape, shape.count == 2, shape[1] > 0 else {
      throw Self.isNotVectors(path, "\(path): expected FP32 vectors of equal length")
    }
    (count, width) = (shape[0], shape[1])
  }

  private static func safetensors(_ file: MappedFile) throws(ReadError) -> (shape: [Int]?, dataOffset: Int) {
    let contents = try SafetensorsFile(file: file, limits: .standard)
    guard let entry = contents.entries.first, contents.entries.count == 1, entry.name == "vectors",
      entry.dtype == .f32
    else { return (nil, 0) }
    return (entry.shape, entry.byteRange.lowerBound)
  }

  private static func numPy(_ file: MappedFile) throws(ReadError) -> (shape: [Int]?, dataOffset: Int) {
    let prefix = file.bytes.extracting(first: min(file.byteCount, NPYHeader.maximumByteCount))
    let header = try NPYHeader(prefix, byteCount: file.byteCount, baseOffset: 0, limits: .standard)
    guard header.dtype == .f32, !header.isBigEndian, !header.isFortranOrder else { return (nil, 0) }
    return (header.shape, header.dataOffset)
  }

  private static func isNotVectors(_ path: String, _ reason: String) -> Failure {
    Failure(
      .data, "\(reason): not a file of vectors",
      hint:
        "give one that `pocketclip embed -o` wrote, or give --force in place of --resume to embed everything again"
    )
  }
}

extension VectorPaths.Format {
  /// The bytes before the vectors, which begin at a multiple of 64 bytes.
  func header(count: Int, width: Int, _ settings: VectorSettings) throws -> [UInt8] {
    switch self {
    case .safetensors:
      var metadata = ["format": VectorPaths.metadataFormat]
      for (name, value) in settings.fields { metadata[name] = value }
      let tensor = Header.Tensor(dtype: "F32", shape: [count, width], dataOffsets: [0, 4 * count * width])
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      let json = Self.padded(
        [UInt8](try encoder.encode(Header(metadata: metadata, vectors: tensor))), before: 8, end: 0x20)
      return withUnsafeBytes(of: UInt64(json.count).littleEndian) { [UInt8]($0) } + json
    case .npy:
      let dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(count), \(width)), }"
      let text = Self.padded(Array(dictionary.utf8), before: 10, end: 0x0A)
      let length = withUnsafeBytes(of: UInt16(text.count).littleEndian) { [UInt8]($0) }
      return NPYHeader.magic + [1, 0] + length + text
    }
  }

  /// Text and spaces, so that its end is at a multiple of 64 bytes; the last byte is `end`.
  private static func padded(_ text: [UInt8], before: Int, end: UInt8) -> [UInt8] {
    let padding = 63 - (before + text.count) % 64
    return text + [UInt8](repeating: 0x20, count: padding) + [end]
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
}
