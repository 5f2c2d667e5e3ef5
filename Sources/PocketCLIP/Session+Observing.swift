// Over the shipped library there is the C interface alone, and nothing to observe.
#if canImport(PocketRuntime)
  package import PocketRuntime

  extension Session {
    /// Shows `observer` the stages of the forward passes that `body` runs, for verification.
    package func observing<Result>(
      _ observer: @escaping StageObserver, _ body: () throws(PocketCLIPError) -> Result
    ) throws(PocketCLIPError) -> Result {
      let runtime = Unmanaged<PocketRuntime.Session>.fromOpaque(UnsafeRawPointer(handle))
        .takeUnretainedValue()
      runtime.observer = observer
      defer { runtime.observer = nil }
      return try body()
    }
  }
#endif
