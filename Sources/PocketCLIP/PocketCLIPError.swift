internal import CPocketCLIP

/// An error of the runtime: the C interface's code, byte offset and message.
public struct PocketCLIPError: Error, Sendable, Equatable {
  /// The values of `pocketclip.h`.
  public enum Code: Int32, Sendable, CaseIterable {
    case argument = 1
    case buffer = 2
    case unsupported = 3
    case noTower = 4
    case memory = 5
    case open = 10
    case format = 11
    case version = 12
    case content = 13
    case selfTest = 14
    case imageSize = 20
    case tokens = 21
    case notFinite = 22
  }

  public var code: Code
  /// Offset in the file, if the error concerns the file.
  public var byteOffset: UInt64
  /// One line: what is wrong, where, expected and found.
  public var message: String

  public init(_ code: Code, byteOffset: UInt64 = 0, message: String) {
    self.code = code
    self.byteOffset = byteOffset
    self.message = message
  }
}

extension PocketCLIPError: CustomStringConvertible {
  public var description: String { message }
}

/// Calls the C interface and throws the error that it reports.
func check(_ call: (UnsafeMutablePointer<pclip_error>) -> Int32) throws(PocketCLIPError) {
  var error = pclip_error()
  let code = call(&error)
  guard code != PCLIP_OK else { return }
  throw PocketCLIPError(
    PocketCLIPError.Code(rawValue: code) ?? .argument, byteOffset: error.offset,
    message: string(error.message))
}

/// The text of a C array of bytes up to its terminating zero.
func string<Bytes>(_ bytes: Bytes) -> String {
  withUnsafeBytes(of: bytes) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
}
