internal import Tokenizer

/// Puts the header and the lists of a table together. Lists begin at multiples of 8 bytes.
struct TableAssembly {
  var header = TableHeader()
  private var lists: [UInt8] = []

  mutating func add(_ list: TableHeader.List, _ bytes: [UInt8]) {
    header[list] = TableHeader.Section(
      offset: UInt32(TableHeader.byteCount + lists.count), byteCount: UInt32(bytes.count))
    lists += bytes
    while lists.count % 8 != 0 { lists.append(0) }
  }

  mutating func add(_ list: TableHeader.List, _ numbers: [UInt32]) {
    add(list, numbers.flatMap(littleEndian))
  }

  mutating func add(_ list: TableHeader.List, _ numbers: [Float]) {
    add(list, numbers.flatMap { littleEndian($0.bitPattern) })
  }

  mutating func add(_ list: TableHeader.List, _ numbers: [Double]) {
    add(list, numbers.flatMap { littleEndian($0.bitPattern) })
  }

  var table: [UInt8] { header.encoded + lists }
}

/// The bytes of a number, lowest first.
private func littleEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
  withUnsafeBytes(of: number.littleEndian) { [UInt8]($0) }
}
