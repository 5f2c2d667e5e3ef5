internal import BundleFormat
internal import CPocketCLIP
internal import PocketCLIP
internal import PocketRuntime

/// A bundle open in the linked runtime, driven through the C interface that everybody uses.
final class RuntimeBundle {
  private let model: OpaquePointer
  private let session: OpaquePointer
  let info: pclip_model_info

  static let openFailed = Int32(PCLIP_E_OPEN)

  /// - Parameter threads: how many a call may use; 0 for all.
  init(path: String, arithmetic: PocketCLIP.Model.Arithmetic, threads: Int = 0) throws(VerificationError) {
    var options = pclip_open_options()
    options.size = MemoryLayout<pclip_open_options>.size
    options.arithmetic = arithmetic.rawValue
    options.threads = Int32(clamping: threads)
    var opened: OpaquePointer?
    try RuntimeBundle.check { pclip_open(path, &options, &opened, &$0) }
    guard let opened else { throw .runtime(code: Int32(PCLIP_E_OPEN), message: "no model") }
    var created: OpaquePointer?
    do throws(VerificationError) {
      try RuntimeBundle.check { pclip_session_create(opened, nil, &created, &$0) }
      info = try RuntimeBundle.info(of: opened)
    } catch {
      pclip_session_destroy(created)
      pclip_close(opened)
      throw error
    }
    guard let created else { throw .runtime(code: Int32(PCLIP_E_MEMORY), message: "no session") }
    model = opened
    session = created
  }

  deinit {
    pclip_session_destroy(session)
    pclip_close(model)
  }

  /// Hashes every tensor and checks the rules about contents.
  func checkContent() throws(VerificationError) {
    try RuntimeBundle.check { pclip_check(model, &$0) }
  }

  func preprocess(_ picture: ProbePicture) throws(VerificationError) -> [Float] {
    let count = 3 * Int(info.image_size) * Int(info.image_size)
    var planes = [Float](repeating: 0, count: count)
    try RuntimeBundle.check { error in
      picture.pixels.withUnsafeBufferPointer { pixels in
        var image = pclip_image(
          pixels: pixels.baseAddress, width: Int32(picture.width), height: Int32(picture.height), stride: 0)
        return pclip_preprocess(session, &image, &planes, count, &error)
      }
    }
    return planes
  }

  func tokenize(_ text: String) throws(VerificationError) -> [Int32] {
    let count = Int(info.context_length)
    var ids = [Int32](repeating: 0, count: count)
    var text = text
    try RuntimeBundle.check { error in
      text.withUTF8 { bytes in
        bytes.withMemoryRebound(to: CChar.self) { characters in
          let view = pclip_text(bytes: characters.baseAddress, count: characters.count)
          return pclip_tokenize(session, view, &ids, count, nil, nil, &error)
        }
      }
    }
    return ids
  }

  /// One image's raw vector; `observe` sees the stages on the way.
  func encode(
    pixels: [Float], observe: @escaping (Stage, StageValues) -> Void
  ) throws(VerificationError) -> [Float] {
    let width = Int(info.image_output)
    return try encode(width: width, observe: observe) { out, error in
      pclip_encode_pixels(session, pixels, 1, UInt32(PCLIP_RAW), out, width, nil, &error)
    }
  }

  /// One text's raw vector.
  func encode(
    ids: [Int32], observe: @escaping (Stage, StageValues) -> Void
  ) throws(VerificationError) -> [Float] {
    let width = Int(info.text_output)
    return try encode(width: width, observe: observe) { out, error in
      pclip_encode_ids(session, ids, 1, UInt32(PCLIP_RAW), out, width, nil, &error)
    }
  }

  private func encode(
    width: Int, observe: @escaping (Stage, StageValues) -> Void,
    _ call: (UnsafeMutablePointer<Float>?, inout pclip_error) -> Int32
  ) throws(VerificationError) -> [Float] {
    let tap = Unmanaged<PocketRuntime.Session>.fromOpaque(UnsafeRawPointer(session)).takeUnretainedValue()
    tap.observer = observe
    defer { tap.observer = nil }
    var vector = [Float](repeating: 0, count: width)
    try RuntimeBundle.check { error in
      vector.withUnsafeMutableBufferPointer { call($0.baseAddress, &error) }
    }
    return vector
  }

  private static func info(of model: OpaquePointer) throws(VerificationError) -> pclip_model_info {
    var info = pclip_model_info()
    info.size = MemoryLayout<pclip_model_info>.size
    try check { pclip_get_info(model, &info, &$0) }
    return info
  }

  private static func check(_ call: (inout pclip_error) -> Int32) throws(VerificationError) {
    var error = pclip_error()
    let code = call(&error)
    guard code != PCLIP_OK else { return }
    let message = withUnsafeBytes(of: error.message) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    throw .runtime(code: code, message: message)
  }
}

extension RuntimeBundle {
  /// `IMAGE.TEXT`: ids of the towers' source.
  var spaceID: String {
    withUnsafeBytes(of: info.space_id) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
  }
}
