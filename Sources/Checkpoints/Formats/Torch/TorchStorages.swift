internal import Archives
internal import TensorTypes

/// The storages of a PyTorch file, found by the references in its pickle.
protocol TorchStorages: Sendable {
  /// The file that holds them, for messages.
  var path: String { get }
  var isBigEndian: Bool { get }

  /// The bytes that `reference` describes.
  ///
  /// - Throws: `storageMissing`, `storageSizeMismatch`, or errors of the container.
  mutating func source(of reference: StorageReference) throws(ReadError) -> any ByteSource
}

/// A reference to a storage in a pickle: `('storage', class, key, location, element count)`. Files before PyTorch 1.6
/// add a sixth item: None, or the part of the storage that is used.
struct StorageReference: Equatable {
  /// A run of elements that PyTorch treated as a separate storage: `(key, offset, element count)`.
  struct View: Equatable {
    var key: String
    var offset: Int
    var elementCount: Int
  }

  var key: String
  /// Nil for untyped bytes and for complex elements.
  var dtype: DType?
  /// Bytes of one element; nil for complex ones.
  var byteWidth: Int?
  /// Number of elements of the complete storage, even if the view covers only a part.
  var elementCount: Int
  var view: View?

  /// Longest key in bytes. PyTorch uses decimal numbers as keys.
  private static let longestKey = 256

  /// - Parameter id: the identifier of a persistent value.
  /// - Throws: `tensorRecordInvalid`.
  init(_ id: PickleValue, in graph: PickleGraph) throws(ReadError) {
    guard let parts = graph.elements(of: id), (5...6).contains(parts.count),
      parts[0].stringValue == "storage", let key = parts[2].stringValue, let count = parts[4].integerValue,
      count >= 0, key.utf8.count <= Self.longestKey
    else { throw ReadError(.tensorRecordInvalid, expected: "a storage with class, key, location and length") }
    if case .global(.storage(let dtype)) = parts[1] {
      (self.dtype, byteWidth) = (dtype, dtype?.byteWidth)
    } else {
      guard parts[1] == .global(.untypedStorage) else {
        throw ReadError(.tensorRecordInvalid, expected: "a storage class")
      }
      byteWidth = 1
    }
    self.key = key
    self.elementCount = count
    if parts.count == 6, parts[5] != .none { view = try View(parts[5], in: graph) }
  }
}

extension StorageReference.View {
  fileprivate init(_ value: PickleValue, in graph: PickleGraph) throws(ReadError) {
    guard let parts = graph.elements(of: value), parts.count == 3, let key = parts[0].stringValue,
      let offset = parts[1].integerValue, offset >= 0, let count = parts[2].integerValue, count >= 0
    else { throw ReadError(.tensorRecordInvalid, expected: "a view with key, offset and length") }
    self.init(key: key, offset: offset, elementCount: count)
  }
}
