import Archives
import Foundation
import Synchronization

/// The vectors of one output by the content that they were computed from, so that a copied or moved file is not encoded
/// again.
final class VectorContents: Sendable {
  private let published: MappedFile?
  private let publishedOffset: Int
  private let journal: VectorJournal
  private let width: Int
  /// Sources as in `VectorStore.Entry`.
  private let sources = Mutex<[ContentHash: Int]>([:])

  init(_ published: PublishedVectors?, _ journal: VectorJournal, width: Int) {
    self.published = published?.file
    publishedOffset = published?.dataOffset ?? 0
    self.journal = journal
    self.width = width
  }

  func insert(_ row: VectorRow, _ source: Int) {
    guard row.kind == .image else { return }
    sources.withLock { $0[row.content.hash] = source }
  }

  /// The vector of an image with this content, if there is one. May be called from any thread.
  func vector(of content: ContentHash) -> [Float]? {
    guard let source = sources.withLock({ $0[content] }) else { return nil }
    if source < 0 { return journaled(at: ~source) }
    guard let published else { return nil }
    let start = publishedOffset + source * 4 * width
    return published.bytes.extracting(start..<start + 4 * width).withUnsafeBytes { bytes in
      (0..<width).map { Self.value(bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)) }
    }
  }

  private func journaled(at offset: Int) -> [Float]? {
    var values = [UInt32](repeating: 0, count: width)
    let count = values.withUnsafeMutableBytes {
      pread(journal.descriptor, $0.baseAddress, $0.count, off_t(offset))
    }
    guard count == 4 * width else { return nil }
    return values.map(Self.value)
  }

  private static func value(_ littleEndian: UInt32) -> Float {
    Float(bitPattern: UInt32(littleEndian: littleEndian))
  }
}
