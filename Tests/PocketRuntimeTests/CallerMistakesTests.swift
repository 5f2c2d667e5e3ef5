import CPocketCLIP
import Foundation
import TestSupport
import Testing

@Suite("Errors of callers") struct CallerMistakesTests {
  @Test("A missing file, a folder and a file that is not a bundle have separate errors with the path")
  func notABundle() throws {
    var model: OpaquePointer?
    let missing = refusal { pclip_open("/nowhere/b32.pclip", nil, &model, $0) }
    #expect(
      missing == Refusal(code: Int(PCLIP_E_OPEN), offset: 0, message: "no such file: /nowhere/b32.pclip"))
    let folder = Fixture.url("runtime").path
    #expect(refusal { pclip_open(folder, nil, &model, $0) }?.message == "not a regular file: \(folder)")
    let script = Fixture.url("runtime/tiny_bundles.py").path
    #expect(refusal { pclip_open(script, nil, &model, $0) }?.code == PCLIP_E_FORMAT)
    #expect(model == nil)
  }

  @Test("Unknown kernels are an error that lists this machine's")
  func unknownISA() {
    var bundle = Configuration(bundle: "vit-fp32")
    bundle.isa = "avx1024"
    let error = #expect(throws: Refusal.self) { _ = try OpenedBundle(bundle) }
    #expect(error?.code == PCLIP_E_UNSUPPORTED)
    #expect(error?.message.hasPrefix("no kernels 'avx1024' on this machine, which has scalar") == true)
  }

  @Test("A negative number of threads is an error, more than the pool has is not")
  func options() throws {
    var bundle = Configuration(bundle: "vit-fp32")
    bundle.threads = -1
    #expect(throws: Refusal.self) { _ = try OpenedBundle(bundle) }
    bundle.threads = 1000
    #expect(try OpenedBundle(bundle).info.threads >= 1)
  }

  @Test("Null pointers and structs without a size are errors that name the argument")
  func nulls() throws {
    let bundle = try OpenedBundle(Configuration(bundle: "vit-fp32"))
    #expect(refusal { pclip_open(nil, nil, nil, $0) }?.message == "model is null")
    #expect(refusal { pclip_check(nil, $0) }?.message == "model is null")
    #expect(refusal { pclip_encode_pixels(nil, nil, 1, 0, nil, 0, nil, $0) }?.message == "session is null")
    #expect(
      refusal { pclip_encode_pixels(bundle.session, nil, 1, 0, nil, 24, nil, $0) }?.message == "out is null")
    var info = pclip_model_info()
    #expect(refusal { pclip_get_info(bundle.model, &info, $0) }?.code == PCLIP_E_ARGUMENT)
    pclip_close(nil)
    pclip_session_destroy(nil)
    #expect(pclip_session_size(nil, nil) == 0)
  }

  @Test("A buffer that is too small is an error with the needed size; a count of zero needs none")
  func buffers() throws {
    let bundle = try OpenedBundle(Configuration(bundle: "vit-fp32"))
    let pixels = GeneratedInputs.pixels(count: bundle.pixelCount)
    var out = [Float](repeating: 0, count: 24)
    let small = refusal { pclip_encode_pixels(bundle.session, pixels, 1, 0, &out, 23, nil, $0) }
    #expect(small == Refusal(code: Int(PCLIP_E_BUFFER), offset: 0, message: "out_count is 23, needed are 24"))
    #expect(refusal { pclip_encode_pixels(bundle.session, nil, 0, 0, nil, 0, nil, $0) } == nil)
    let huge = refusal { pclip_encode_pixels(bundle.session, pixels, .max, 0, &out, 24, nil, $0) }
    #expect(huge?.code == PCLIP_E_ARGUMENT)
  }

  @Test("Misaligned pointers and outputs that overlap inputs are errors that name the argument")
  func misalignedAndOverlapping() throws {
    let bundle = try OpenedBundle(Configuration(bundle: "vit-fp32"))
    let pixels = UnsafeMutablePointer<Float>.allocate(capacity: 2 * bundle.pixelCount)
    defer { pixels.deallocate() }
    pixels.initialize(repeating: 0.5, count: 2 * bundle.pixelCount)
    let askew = UnsafeMutableRawPointer(pixels).advanced(by: 2).assumingMemoryBound(to: Float.self)
    var out = [Float](repeating: 0, count: 48)
    #expect(
      refusal { pclip_encode_pixels(bundle.session, askew, 1, 0, &out, 24, nil, $0) }
        == Refusal(
          code: Int(PCLIP_E_ARGUMENT), offset: 0, message: "pixels is not aligned as its type needs"))
    let inside = refusal {
      pclip_encode_pixels(bundle.session, pixels, 2, 0, pixels + bundle.pixelCount, 48, nil, $0)
    }
    #expect(
      inside == Refusal(code: Int(PCLIP_E_ARGUMENT), offset: 0, message: "out overlaps the input"))
    #expect(
      refusal {
        pclip_encode_pixels(bundle.session, pixels, 1, 0, pixels + bundle.pixelCount, 24, nil, $0)
      } == nil)
  }

  @Test("Session limits out of range are errors, and their size is 0")
  func limits() throws {
    let bundle = try OpenedBundle(Configuration(bundle: "vit-int8"))
    var limits = pclip_session_limits()
    limits.size = MemoryLayout<pclip_session_limits>.size
    limits.max_width = -1
    var session: OpaquePointer?
    let error = refusal { pclip_session_create(bundle.model, &limits, &session, $0) }
    #expect(error?.message == "limits.max_width is -1, expected 1 to 65536")
    #expect(pclip_session_size(bundle.model, &limits) == 0)
    limits.max_width = 64
    limits.max_batch = 1
    let small = pclip_session_size(bundle.model, &limits)
    #expect(small > 0 && small < pclip_session_size(bundle.model, nil))
  }

  @Test("Every code has the name that the header gives it")
  func names() {
    #expect(String(cString: pclip_error_name(Int32(PCLIP_OK))) == "PCLIP_OK")
    #expect(String(cString: pclip_error_name(Int32(PCLIP_E_FORMAT))) == "PCLIP_E_FORMAT")
    #expect(String(cString: pclip_error_name(Int32(PCLIP_E_NOT_FINITE))) == "PCLIP_E_NOT_FINITE")
    #expect(String(cString: pclip_error_name(99)) == "unknown")
    #expect(pclip_abi_version() == PCLIP_ABI_VERSION)
  }
}
