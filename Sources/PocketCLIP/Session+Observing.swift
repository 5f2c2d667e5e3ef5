// The shipped library only exports the C interface, so nothing can be observed.
#if canImport(PocketRuntime)
  package import PocketRuntime

  extension Session {
    /// Passes the stages of the forward passes that `body` runs to `observer`, for verification.
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
