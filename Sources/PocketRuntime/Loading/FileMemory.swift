import CPlatform

/// A bundle's bytes at an address that is a multiple of 64: mapped, read, or owned by the caller.
struct FileMemory: ~Copyable {
  let bytes: UnsafeRawBufferPointer
  private let ownership: Ownership

  private enum Ownership {
    case mapped, allocated, borrowed
  }

  private init(_ bytes: UnsafeRawBufferPointer, _ ownership: Ownership) {
    self.bytes = bytes
    self.ownership = ownership
  }

  deinit {
    switch ownership {
    case .mapped: pf_unmap(FileMemory.mapping(bytes))
    case .allocated: pf_free(UnsafeMutableRawPointer(mutating: bytes.baseAddress))
    case .borrowed: break
    }
  }

  /// - Parameter copies: reads the file into memory, so that later changes of the file cannot affect the model.
  static func open(path: UnsafePointer<CChar>, copies: Bool) throws(RuntimeFault) -> FileMemory {
    var content = pf_mapping()
    let result = copies ? pf_read_file(path, alignment, &content) : pf_map_file(path, &content)
    let bytes = UnsafeRawBufferPointer(start: content.bytes, count: content.byte_count)
    guard result != PF_NO_MEMORY else {
      throw copies
        ? noMemory(content.byte_count) : .memory("the mapped bundle", byteCount: content.byte_count)
    }
    guard result == PF_OK else { throw RuntimeFault.open(BorrowedText(characters: path), error: result) }
    if !copies { pf_advise_large_pages(content) }
    return FileMemory(bytes, copies ? .allocated : .mapped)
  }

  /// Uses the caller's memory if it is aligned, otherwise a copy.
  static func adopt(_ bytes: UnsafeRawBufferPointer, copies: Bool) throws(RuntimeFault) -> FileMemory {
    let isAligned = UInt(bitPattern: bytes.baseAddress) % UInt(alignment) == 0
    return isAligned && !copies ? FileMemory(bytes, .borrowed) : try copy(of: bytes)
  }

  static let alignment = 64

  private static func copy(of bytes: UnsafeRawBufferPointer) throws(RuntimeFault) -> FileMemory {
    guard let memory = pf_alloc_aligned(max(bytes.count, 1), alignment) else {
      throw noMemory(bytes.count)
    }
    UnsafeMutableRawBufferPointer(start: memory, count: bytes.count).copyMemory(from: bytes)
    return FileMemory(UnsafeRawBufferPointer(start: memory, count: bytes.count), .allocated)
  }

  private static func noMemory(_ byteCount: Int) -> RuntimeFault {
    .memory("a copy of the bundle", byteCount: byteCount)
  }

  private static func mapping(_ bytes: UnsafeRawBufferPointer) -> pf_mapping {
    pf_mapping(bytes: bytes.baseAddress, byte_count: bytes.count)
  }
}
