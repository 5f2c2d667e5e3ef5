import Archives
import Checkpoints
import Input
import ReferenceForward
import TensorTypes

/// One array of numbers in a file of another tool: NumPy, safetensors or another container of tensors, or lines of JSON. The
/// format is detected from the content.
struct ArrayFile {
  let path: String
  let shape: [Int]
  /// The stored type, such as F16.
  let storedType: String
  private let content: Content

  private enum Content {
    case tensor(CheckpointTensor)
    case values([Float])
  }

  /// - Parameters:
  ///   - tensor: the name of a tensor, for a file with several.
  ///   - axisCount: how many axes the array must have. Axes of length 1 are left out if there are more.
  ///   - isInteger: whether it must hold integers.
  init(_ path: String, tensor: String?, axisCount: Int, isInteger: Bool = false) throws(Failure) {
    self.path = path
    let array: (shape: [Int], storedType: String, content: Content)
    do throws(ReadError) {
      array = try Self.array(path, tensor, isInteger: isInteger)
    } catch {
      throw Failure(describing: error.inFile(path))
    }
    var shape = array.shape
    while shape.count > axisCount, let single = shape.firstIndex(of: 1) { shape.remove(at: single) }
    guard shape.count == axisCount, !shape.contains(0) else {
      throw Failure(
        .data, "\(path): expected \(axisCount) axes, found the shape \(array.shape)",
        hint: axisCount == 2
          ? "write one row for each input: [inputs, width]" : "write [images, 3, height, width]")
    }
    (self.shape, storedType, content) = (shape, array.storedType, array.content)
    if isInteger != Self.integerTypes.contains(storedType), storedType != "JSON" {
      throw Failure(
        .data, "\(path): expected \(isInteger ? "integers" : "floats"), found \(storedType)",
        hint: isInteger ? "save the ids as int64 or int32" : "save the values as float32 or float16")
    }
  }

  private static let integerTypes: Set = ["I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64", "BOOL"]

  private static func array(
    _ path: String, _ tensor: String?, isInteger: Bool
  ) throws(ReadError) -> (shape: [Int], storedType: String, content: Content) {
    let file = try MappedFile(path: path)
    let start = file.bytes.extracting(first: min(file.byteCount, 64)).withUnsafeBytes { Array($0) }
    if start.starts(with: NPYHeader.magic) {
      let array = try CheckpointTensor(npy: file, name: path)
      return (array.shape, array.storedType, .tensor(array))
    }
    if let first = start.first(where: { !isSpace($0) }),
      first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
    {
      let rows = try JSONRows(file, isInteger: isInteger)
      return ([rows.count, rows.width], "JSON", .values(rows.values))
    }
    // `embed -o` writes vectors that are refused as a checkpoint.
    let isSafetensors = start.count > 8 && start[8] == UInt8(ascii: "{")
    let array = try chosen(
      Checkpoint.container(file, format: isSafetensors ? .safetensors : nil).tensors, tensor)
    return (array.shape, array.storedType, .tensor(array))
  }

  private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

  private static func chosen(
    _ tensors: [CheckpointTensor], _ name: String?
  ) throws(ReadError) -> CheckpointTensor {
    let candidates = tensors.filter { name == nil || $0.name == name }
    guard let tensor = candidates.first, candidates.count == 1 else {
      let names = tensors.prefix(4).map { "\($0.name) \($0.shape)" }.joined(separator: ", ")
      throw ReadError(
        .notACheckpoint, expected: name.map { "a tensor \($0)" } ?? "one tensor",
        found: "\(tensors.count): \(names)", advice: "name the tensor with --tensor NAME")
    }
    return tensor
  }

  var elementCount: Int { shape.reduce(1, *) }

  /// All values.
  ///
  /// - Throws: `memory`; errors from reading.
  func floats() throws(Failure) -> [Float] { try floats(in: 0..<elementCount) }

  /// A range of the values in row-major order.
  func floats(in range: Range<Int>) throws(Failure) -> [Float] {
    switch content {
    case .values(let values): return Array(values[range])
    case .tensor(let tensor):
      guard MemoryProbe.hasRoom(for: 8 * range.count) else {
        throw Failure(
          .memory, "\(path): no memory for \(range.count) values",
          hint: "give fewer rows: a few dozen are enough")
      }
      var values = [Float](repeating: 0, count: range.count)
      do throws(ReadError) {
        var span = values.mutableSpan
        try tensor.readFloats(into: &span, from: range.lowerBound)
      } catch {
        throw Failure(describing: error.inFile(path))
      }
      return values
    }
  }
}
