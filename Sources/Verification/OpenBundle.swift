public import Archives
public import BundleFormat
public import PocketCLIP

/// A bundle that is opened once: its header, the runtime and all readers of its weights share one mapping of the
/// file.
public struct OpenBundle: Sendable {
  public let file: MappedFile
  public let header: BundleHeader
  public let model: Model
  /// How `model` was opened.
  public let options: Model.Options
  /// The time in which the runtime validated the header and indexed the tokenizer.
  public let openDuration: Duration

  public var path: String { file.path }
  public var description: BundleDescription { header.description }

  /// - Throws: the runtime's error for the path or the file.
  public init(path: String, options: Model.Options = Model.Options()) throws(PocketCLIPError) {
    let file: MappedFile
    do throws(ReadError) {
      file = try MappedFile(path: path)
    } catch {
      // The runtime cannot map it either, and throws its own error.
      _ = try Model(path: path, options: options)
      throw PocketCLIPError(.open, message: error.description)
    }
    try self.init(file, options: options)
  }

  /// - Throws: the runtime's error for the file.
  public init(_ file: MappedFile, options: Model.Options = Model.Options()) throws(PocketCLIPError) {
    file.adviseLargePages()
    let started = ContinuousClock.now
    model = try Model(file, options)
    openDuration = started.duration(to: .now)
    do throws(BundleFault) {
      header = try BundleHeader(file: file.bytes)
    } catch {
      throw PocketCLIPError(.format, byteOffset: UInt64(max(error.byteOffset, 0)), message: "\(error)")
    }
    self.file = file
    self.options = options
  }

  private init(_ other: OpenBundle, options: Model.Options) throws(PocketCLIPError) {
    let started = ContinuousClock.now
    model = try Model(other.file, options)
    openDuration = started.duration(to: .now)
    file = other.file
    header = other.header
    self.options = options
  }

  /// The same file, opened with other options.
  public func running(_ options: Model.Options) throws(PocketCLIPError) -> OpenBundle {
    try OpenBundle(self, options: options)
  }
}

extension Model {
  fileprivate convenience init(_ file: MappedFile, _ options: Options) throws(PocketCLIPError) {
    let bytes = file.bytes
    // The model owns the file and so keeps the mapping.
    let mapped = bytes.withUnsafeBytes { $0 }
    try self.init(memory: mapped, keeping: file, options: options)
  }
}
