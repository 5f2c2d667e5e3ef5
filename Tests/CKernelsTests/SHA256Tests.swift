import CKernels
import TestSupport
import Testing

@Suite("SHA-256") struct SHA256Tests {
  /// FIPS 180-4's examples and the empty message.
  static let known: [(message: String, digest: String)] = [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    (
      String(repeating: "a", count: 1_000_000),
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
    ),
  ]

  @Test("Known messages have their published digests")
  func knownAnswers() {
    for (message, digest) in Self.known {
      #expect(hexadecimal(hash(Array(message.utf8))) == digest)
    }
  }

  /// SHA-256 of the 301 digests of the first n bytes of (7 i + 3) mod 256, n = 0 … 300, from Python's hashlib:
  /// `sha256(b''.join(sha256(bytes((7*i+3)&255 for i in range(n))).digest() for n in range(301)))`.
  @Test("Every length around the block size agrees with another implementation")
  func everyLength() {
    let message = (0..<300).map { UInt8(truncatingIfNeeded: 7 * $0 + 3) }
    let digests = (0...300).flatMap { hash(Array(message.prefix($0))) }
    #expect(
      hexadecimal(hash(digests))
        == "7d917fbd2cf49ddff9ad0a8706bba32d204e92e71d2e369c5a03d6af29278c9f")
  }

  @Test("Pieces of any size give the same digest")
  func pieces() {
    var numbers = SplitMix(seed: 5)
    let message = numbers.bytes(5000)
    for _ in 0..<50 {
      var context = pk_sha256()
      pk_sha256_init(&context)
      var rest = message[...]
      while !rest.isEmpty {
        let piece = rest.prefix(Int(numbers.next() % 200))
        piece.withUnsafeBytes { pk_sha256_update(&context, $0.baseAddress, $0.count) }
        rest = rest.dropFirst(piece.count)
      }
      #expect(digest(&context) == hash(message))
    }
  }

  @Test("The processor's instructions give the same result as the portable definition")
  func portable() {
    var numbers = SplitMix(seed: 6)
    for blocks in [1, 2, 7] {
      let message = numbers.bytes(64 * blocks)
      var context = pk_sha256()
      pk_sha256_init(&context)
      var state = withUnsafeBytes(of: context.state) { Array($0.bindMemory(to: UInt32.self)) }
      pk_sha256_blocks_portable(&state, message, blocks)
      pk_sha256_update(&context, message, message.count)
      #expect(withUnsafeBytes(of: context.state) { Array($0.bindMemory(to: UInt32.self)) } == state)
    }
  }

  private func hash(_ bytes: [UInt8]) -> [UInt8] {
    var context = pk_sha256()
    pk_sha256_init(&context)
    pk_sha256_update(&context, bytes, bytes.count)
    return digest(&context)
  }

  private func digest(_ context: inout pk_sha256) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: 32)
    pk_sha256_final(&context, &digest)
    return digest
  }

  private func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}
