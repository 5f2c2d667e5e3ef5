#if canImport(Glibc)
  private import Glibc
#else
  private import Darwin
#endif

/// libFuzzer's entry point (Scripts/fuzz.sh). One binary serves all targets: `POCKETCLIP_FUZZ_TARGET` chooses.
@c(LLVMFuzzerTestOneInput)
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  RawSpan(_unsafeElements: UnsafeBufferPointer(start: bytes, count: count)).fuzz(chosenTarget)
  return 0
}

private let chosenTarget: FuzzTarget = {
  let name = getenv("POCKETCLIP_FUZZ_TARGET").map { String(cString: $0) } ?? ""
  guard let target = FuzzTarget(rawValue: name) else {
    preconditionFailure("POCKETCLIP_FUZZ_TARGET must be one of \(FuzzTarget.allCases.map(\.rawValue))")
  }
  return target
}()

extension RawSpan {
  fileprivate func fuzz(_ target: FuzzTarget) { target.run(self) }
}
