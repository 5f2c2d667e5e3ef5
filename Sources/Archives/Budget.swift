private import Synchronization

/// The memory and work, in bytes, that opening one checkpoint may need.
///
/// Readers charge before they copy a name, append to a queue, keep a list item or inflate. They charge the bytes that
/// this keeps, and `Budget.step` for a step that keeps nothing. So memory and time stay in proportion to the file,
/// however often the file repeats a part of itself. Weights are counted separately (`inflate`), because they are
/// mapped and read one at a time.
///
/// `Limits` pass the budget to every reader. The files of one checkpoint share it.
public final class Budget: Sendable {
  /// The budget of any file, regardless of its size.
  static let base = 64 << 20
  /// The additional budget per byte of the file. Dense JSON needs the most of all formats: `tokenizer.json` needs
  /// five times its size.
  static let perFileByte = 8
  /// The charge for work that keeps nothing, such as visiting one entry.
  package static let step = 16

  private let fileBytes = Atomic<Int>(0)
  private let taken = Atomic<Int>(0)
  private let inflated = Atomic<Int>(0)
  private let files = Mutex<Set<FileIdentity>>([])

  /// Adds an opened file of the checkpoint to the budget. A file that is opened again, or by another name, adds
  /// nothing.
  func admit(fileByteCount: Int, _ identity: FileIdentity? = nil) {
    if let identity, files.withLock({ !$0.insert(identity).inserted }) { return }
    fileBytes.adding(fileByteCount)
  }

  /// Bytes charged so far.
  public var takenByteCount: Int { taken.load(ordering: .relaxed) }

  /// Bytes that may be charged in total.
  public var allowedByteCount: Int {
    let (bytes, overflows) = fileByteCount.multipliedReportingOverflow(by: Self.perFileByte)
    return overflows ? .max : saturatingSum(bytes, Self.base)
  }

  /// Bytes of the files admitted so far.
  var fileByteCount: Int { fileBytes.load(ordering: .relaxed) }

  /// - Throws: `budgetExceeded`.
  func charge(_ byteCount: Int, for what: StaticString, at offset: UInt64?) throws(ReadError) {
    guard taken.adding(byteCount) > allowedByteCount else { return }
    throw ReadError(
      .budgetExceeded, at: offset,
      expected: "at most \(allowedByteCount >> 20) MiB to open \(fileByteCount) bytes",
      found: "more, with the \(what)")
  }

  /// Counts the bytes of an inflated part of the weights.
  ///
  /// - Throws: `budgetExceeded`.
  func inflate(_ byteCount: Int, _ limits: Limits, at offset: UInt64?) throws(ReadError) {
    try require(weightBytes: inflated.adding(byteCount), limits, at: offset)
  }

  /// - Parameter weightBytes: bytes that reading each tensor once needs; a storage that several tensors share counts
  ///   each time.
  /// - Throws: `budgetExceeded` for more bytes of weights than the file could hold, even if it compresses, repeats or
  ///   shares
  ///   them.
  func require(weightBytes: Int, _ limits: Limits, at offset: UInt64?) throws(ReadError) {
    let ratio = Int(clamping: limits.inflationRatio)
    let (bytes, overflows) = fileByteCount.multipliedReportingOverflow(by: ratio)
    let allowed =
      overflows ? .max : saturatingSum(bytes, Int(clamping: limits.inflationAllowance))
    guard weightBytes > allowed else { return }
    throw ReadError(
      .budgetExceeded, at: offset,
      expected: "at most \(ratio) bytes of weights for each of \(fileByteCount) in the file", found: "more")
  }
}

extension Budget: Equatable {
  public static func == (left: Budget, right: Budget) -> Bool { left === right }
}

extension Limits {
  /// The limits with a budget: their own or a new one.
  package var withBudget: Limits {
    guard budget == nil else { return self }
    var limits = self
    limits.budget = Budget()
    return limits
  }

  /// The limits with a budget for data that is parsed without opening a checkpoint.
  package func withBudget(forByteCount byteCount: Int) -> Limits {
    guard budget == nil else { return self }
    let limits = withBudget
    limits.budget?.admit(fileByteCount: byteCount)
    return limits
  }

  /// Adds an opened file of the checkpoint to the budget.
  package func admit(_ file: MappedFile) {
    guard let budget else { return }
    budget.admit(fileByteCount: file.byteCount, FileIdentity(path: file.path))
  }

  /// Charges bytes before they are kept.
  ///
  /// - Parameter what: for messages: `names of tensors`.
  /// - Throws: `budgetExceeded`.
  package func charge(
    _ byteCount: Int, for what: StaticString, at offset: UInt64? = nil
  ) throws(ReadError) {
    try budget?.charge(byteCount, for: what, at: offset)
  }

  /// Charges `count` items of `byteCount` bytes each.
  ///
  /// - Throws: `budgetExceeded`.
  package func charge(
    _ count: Int, of byteCount: Int, for what: StaticString, at offset: UInt64? = nil
  ) throws(ReadError) {
    let (bytes, overflows) = count.multipliedReportingOverflow(by: byteCount)
    try charge(overflows ? .max : bytes, for: what, at: offset)
  }

  /// - Parameter weightBytes: bytes that reading each tensor of the checkpoint once needs.
  /// - Throws: `budgetExceeded`.
  package func require(weightBytes: Int) throws(ReadError) {
    try budget?.require(weightBytes: weightBytes, self, at: nil)
  }

  /// Counts the bytes of a part of the weights that is stored compressed.
  ///
  /// - Throws: `budgetExceeded`.
  package func inflate(_ byteCount: Int, at offset: UInt64? = nil) throws(ReadError) {
    try budget?.inflate(byteCount, self, at: offset)
  }
}

extension Atomic<Int> {
  /// Adds a count to the sum. The sum saturates above every possible budget instead of wrapping.
  ///
  /// - Returns: the sum.
  @discardableResult
  fileprivate borrowing func adding(_ count: Int) -> Int {
    wrappingAdd(Swift.min(Swift.max(count, 0), 1 << 48), ordering: .relaxed).newValue
  }
}

/// - Precondition: neither is negative.
package func saturatingSum(_ first: Int, _ second: Int) -> Int {
  let (sum, overflows) = first.addingReportingOverflow(second)
  return overflows ? .max : sum
}
