import BundleFormat
import Foundation
import SystemPath

/// 32 bytes of SHA-256, stored inline, because there is one per row.
struct ContentHash: Hashable, Sendable {
  private let first, second, third, fourth: UInt64

  init(_ digest: Digest) {
    func word(_ index: Int) -> UInt64 {
      digest.bytes[8 * index..<8 * index + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }
    (first, second, third, fourth) = (word(0), word(1), word(2), word(3))
  }

  init(of bytes: RawSpan) {
    var stream = DigestStream()
    stream.update(bytes)
    self.init(stream.finish())
  }

  /// Nil unless the text is 64 lower-case hex digits.
  init?(hex: String) {
    var words: [UInt64] = []
    var value: UInt64 = 0
    var count = 0
    for digit in hex.utf8 {
      switch digit {
      case 0x30...0x39: value = value << 4 | UInt64(digit - 0x30)
      case 0x61...0x66: value = value << 4 | UInt64(digit - 0x57)
      default: return nil
      }
      count += 1
      if count.isMultiple(of: 16) { words.append(value) }
    }
    guard count == 64 else { return nil }
    (first, second, third, fourth) = (words[0], words[1], words[2], words[3])
  }

  /// 64 lower-case hex digits.
  func appendHex(to bytes: inout [UInt8]) {
    for word in [first, second, third, fourth] {
      for shift in stride(from: 60, through: 0, by: -4) {
        let digit = UInt8(word >> UInt64(shift) & 15)
        bytes.append(digit < 10 ? 0x30 + digit : 0x57 + digit)
      }
    }
  }

  var hex: String {
    var bytes: [UInt8] = []
    appendHex(to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// The content that a vector was computed from. Equal contents have equal vectors.
struct InputContent: Equatable, Sendable {
  var size: Int
  var hash: ContentHash

  init(size: Int, hash: ContentHash) {
    self.size = size
    self.hash = hash
  }

  init(_ bytes: Data) { self.init(size: bytes.count, hash: ContentHash(of: bytes.bytes)) }

  init(text: String) {
    let bytes = Array(text.utf8)
    self.init(size: bytes.count, hash: ContentHash(of: bytes.span.bytes))
  }
}

/// The change of a file since its vector was computed.
enum FileChange: Sendable, Equatable {
  case unchanged, changed, missing
  /// The file exists but cannot be read. Encoding it then reports the reason.
  case unreadable
  /// No descriptor is left. Nothing is known of the file, and a later attempt may succeed.
  case tooManyOpenFiles

  /// Compares sizes, and reads the file only if they are equal. Ignores modification times: copies and checkouts have new
  /// ones, and a changed file can keep an old one.
  init(of path: String, since content: InputContent) {
    var status = stat()
    guard SystemPath.stat(path, &status) == 0 else {
      self = errno == ENOENT || errno == ENOTDIR ? .missing : .unreadable
      return
    }
    guard status.st_mode & S_IFMT == S_IFREG, Int(status.st_size) == content.size else {
      self = .changed
      return
    }
    if let hash = Self.hash(of: path) {
      self = hash == content.hash ? .unchanged : .changed
    } else {
      self = errno == EMFILE || errno == ENFILE ? .tooManyOpenFiles : .unreadable
    }
  }

  /// Nil if the file cannot be read; errno then has the reason.
  private static func hash(of path: String) -> ContentHash? {
    let descriptor = SystemPath.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var stream = DigestStream()
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      guard count > 0 else { return ContentHash(stream.finish()) }
      stream.update(buffer.span.bytes.extracting(0..<count))
    }
  }
}
