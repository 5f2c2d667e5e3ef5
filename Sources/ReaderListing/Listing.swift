internal import Archives
internal import CZlib
internal import Checkpoints
internal import TensorTypes

/// The lines about one file: `T` for a tensor, `I` for an ignored name, `E` with the outcome at the end.
enum Listing {
  /// Values of larger tensors are not compared, because zero strides can expand few bytes to many values.
  private static let mostElements = 1 << 20

  static func lines(of slice: FileSlice, _ reader: ListedReader) -> [String] {
    let file = MappedFile(copying: slice.bytes, path: "/nonexistent/file")
    do throws(ReadError) {
      let contents = try reader.read(file)
      func inFile(_ name: String) -> String { escaped((contents.wrapper + [name]).joined(separator: ".")) }
      var lines: [String] = []
      for tensor in contents.tensors { lines.append(try line(of: tensor, named: inFile(tensor.name))) }
      // An entry next to a wrapped model has its own name, an entry inside it a name relative to the model. Lists
      // both forms.
      for name in contents.ignored { lines += ["I\t" + escaped(name), "I\t" + inFile(name)] }
      return lines + ["E\taccepted"]
    } catch {
      return ["E\trefused\t\(error.code.name)"]
    }
  }

  /// Name, type, shape, checksum of the stored bytes where they are contiguous and little-endian, and checksum of the
  /// values as FP32.
  private static func line(of tensor: CheckpointTensor, named name: String) throws(ReadError) -> String {
    let shape = tensor.shape.map(String.init).joined(separator: ",")
    var fields = ["T", name, tensor.storedType, shape, "-", "-"]
    guard tensor.elementCount <= mostElements else { return fields.joined(separator: "\t") }
    if tensor.storedType == tensor.dtype.safetensorsName.description {
      fields[4] = try tensor.withRawBytes { bytes in
        guard let bytes else { return "-" }
        return checksum(bytes)
      }
    }
    let values = try tensor.floats().map { $0.isNaN ? Float(bitPattern: 0x7FC0_0000) : $0 }
    fields[5] = checksum(values.span.bytes)
    return fields.joined(separator: "\t")
  }

  private static func checksum(_ bytes: RawSpan) -> String {
    let value = bytes.withUnsafeBytes { buffer in
      crc32(0, buffer.bindMemory(to: UInt8.self).baseAddress, UInt32(buffer.count))
    }
    return String(value, radix: 16)
  }

  /// All bytes except letters, digits and a few punctuation marks as `%XX`.
  private static func escaped(_ name: String) -> String {
    var text = ""
    for byte in name.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "/"),
        UInt8(ascii: "-"):
        text.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        text += "%" + (digits.count == 1 ? "0" : "") + digits
      }
    }
    return text
  }
}
