internal import CKernels

/// Lower-case hex of the SHA-256 of an array's memory.
public func sha256<Element: BitwiseCopyable>(_ values: [Element]) -> String { sha256(values, [] as [UInt8]) }

/// The same for two concatenated arrays.
public func sha256<First: BitwiseCopyable, Second: BitwiseCopyable>(
  _ first: [First], _ second: [Second]
) -> String {
  var digest = [UInt8](repeating: 0, count: 32)
  var context = pk_sha256()
  pk_sha256_init(&context)
  first.withUnsafeBytes { pk_sha256_update(&context, $0.baseAddress, $0.count) }
  second.withUnsafeBytes { pk_sha256_update(&context, $0.baseAddress, $0.count) }
  pk_sha256_final(&context, &digest)
  return digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}
