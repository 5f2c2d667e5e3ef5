private import Synchronization

/// What opening one checkpoint may take, counted in bytes.
///
/// Readers charge before they copy a name, append to a queue, keep a list item or inflate: each at what it holds, and a
/// step that keeps nothing at `Budget.step`. So memory and time stay in proportion to the file, however often the file
/// repeats a part of itself. The weights are counted apart (`inflate`), since they are mapped and read one at a time.
///
/// `Limits` carry it from the entrance to every reader. The files of one checkpoint share it.
public final class Budget: Sendable {
  /// What any file may take, whatever its size.
  static let base = 64 << 20
  /// What each byte of the file adds. Dense JSON takes the most of all formats: `tokenizer.json` takes five times its size.
  static let perFileByte = 8
  /// The charge for work that keeps nothing: looking at one entry.
  package static let step = 16

  private let fileBytes = Atomic<Int>(0)
  private let taken = Atomic<Int>(0)
  private let inflated = Atomic<Int>(0)
  private let files = Mutex<Set<FileIdentity>>([])

  /// Counts a file of the checkpoint that is opened; under a second name, or a second time, it adds nothing.
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

  /// Counts a compressed part of the weights.
  ///
  /// - Throws: `budgetExceeded`.
  func inflate(_ byteCount: Int, _ limits: Limits, at offset: UInt64?) throws(ReadError) {
    try require(weightBytes: inflated.adding(byteCount), limits, at: offset)
  }

  /// - Parameter weightBytes: that reading each tensor once takes, a storage that several share each time.
  /// - Throws: `budgetExceeded` for more bytes of weights than the file could hold, whatever it compresses, repeats or uses
  ///   more than once.
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
  /// The same limits with a budget: the one they carry, or a new one.
  package var withBudget: Limits {
    guard budget == nil else { return self }
    var limits = self
    limits.budget = Budget()
    return limits
  }

  /// The same for what is parsed by itself, where no checkpoint is opened.
  package func withBudget(forByteCount byteCount: Int) -> Limits {
    guard budget == nil else { return self }
    let limits = withBudget
    limits.budget?.admit(fileByteCount: byteCount)
    return limits
  }

  /// Counts a file of the checkpoint that is opened.
  package func admit(_ file: MappedFile) {
    guard let budget else { return }
    budget.admit(fileByteCount: file.byteCount, FileIdentity(path: file.path))
  }

  /// Charges what is about to be kept.
  ///
  /// - Parameter what: for messages: `names of tensors`.
  /// - Throws: `budgetExceeded`.
  package func charge(
    _ byteCount: Int, for what: StaticString, at offset: UInt64? = nil
  ) throws(ReadError) {
    try budget?.charge(byteCount, for: what, at: offset)
  }

  /// Charges `count` things of `byteCount` bytes each.
  ///
  /// - Throws: `budgetExceeded`.
  package func charge(
    _ count: Int, of byteCount: Int, for what: StaticString, at offset: UInt64? = nil
  ) throws(ReadError) {
    let (bytes, overflows) = count.multipliedReportingOverflow(by: byteCount)
    try charge(overflows ? .max : bytes, for: what, at: offset)
  }

  /// - Parameter weightBytes: that reading each tensor of the checkpoint once takes.
  /// - Throws: `budgetExceeded`.
  package func require(weightBytes: Int) throws(ReadError) {
    try budget?.require(weightBytes: weightBytes, self, at: nil)
  }

  /// Counts a part of the weights that is stored compressed.
  ///
  /// - Throws: `budgetExceeded`.
  package func inflate(_ byteCount: Int, at offset: UInt64? = nil) throws(ReadError) {
    try budget?.inflate(byteCount, self, at: offset)
  }
}

extension Atomic<Int> {
  /// Adds a count; more than any file could be allowed counts as that much, so that sums do not wrap.
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
