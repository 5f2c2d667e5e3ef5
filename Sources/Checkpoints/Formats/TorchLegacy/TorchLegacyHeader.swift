internal import Archives

/// The pickles before the object: a magic number, the version of the format, and the machine that wrote it.
///
/// Source: PyTorch's torch/serialization.py, `_legacy_save`.
struct TorchLegacyHeader {
  /// As `sys_info` states. The values are little-endian anyway, because PyTorch converts them on writing.
  let isFromBigEndianMachine: Bool

  /// LONG1 of ten bytes: 0x1950a86a20f9469cfc6c.
  private static let magic: [UInt8] = [0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
  /// Bytes of the magic number that detection compares. The rest can be damaged.
  private static let magicStart = 6
  /// After the protocol mark, and after the frame that protocol 4 adds.
  private static let magicOffsets = [2, 11]
  private static let formatVersion = 1001

  /// Whether `file` begins like these files.
  static func begins(_ file: MappedFile) -> Bool {
    file.bytes.withUnsafeBytes { bytes in
      guard bytes.first == 0x80 else { return false }
      return magicOffsets.contains { bytes.dropFirst($0).starts(with: magic.prefix(magicStart)) }
    }
  }

  /// - Throws: `torchLegacyMagic`, `torchLegacyProtocol`, `torchLegacySystem`, or any `pickle…` code.
  init(_ sequence: inout PickleSequence, in file: MappedFile) throws(ReadError) {
    let isMagic = file.bytes.withUnsafeBytes { bytes in
      Self.magicOffsets.contains { bytes.dropFirst($0).starts(with: Self.magic) }
    }
    guard try sequence.unpickle().root == .largeInteger, isMagic else {
      throw ReadError(.torchLegacyMagic, at: 0, expected: "0x1950a86a20f9469cfc6c")
    }
    let versionOffset = sequence.position
    let version = try sequence.unpickle().root
    guard version.integerValue == Self.formatVersion else {
      throw ReadError(
        .torchLegacyProtocol, at: UInt64(versionOffset), expected: "\(Self.formatVersion)",
        found: version.integerValue.map { "\($0)" } ?? "no number")
    }
    let machineOffset = sequence.position
    guard let isLittleEndian = try sequence.unpickle().isFromLittleEndianMachine else {
      throw ReadError(
        .torchLegacySystem, at: UInt64(machineOffset),
        expected: "a dictionary with little_endian, true or false")
    }
    isFromBigEndianMachine = !isLittleEndian
  }
}
