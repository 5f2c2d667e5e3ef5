#if canImport(Glibc)
  private import Glibc
#else
  private import Darwin
#endif

/// libFuzzer's entry point (Scripts/check/fuzz.sh). One binary serves all targets; `POCKETCLIP_FUZZ_TARGET` selects
/// one.
@c(LLVMFuzzerTestOneInput)
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  RawSpan(_unsafeElements: UnsafeBufferPointer(start: bytes, count: count)).fuzz(chosenTarget)
  return 0
}

/// `list` prints the targets' names and ends without libFuzzer's handler, which would report an exit as a crash.
private let chosenTarget: FuzzTarget = {
  let name = getenv("POCKETCLIP_FUZZ_TARGET").map { String(cString: $0) } ?? ""
  if let target = FuzzTarget(name: name) { return target }
  for target in FuzzTarget.all { print(target.name) }
  fflush(nil)
  _exit(name == "list" ? EXIT_SUCCESS : EX_USAGE)
}()

extension RawSpan {
  fileprivate func fuzz(_ target: FuzzTarget) { target.run(self) }
}
