import Architecture
import CPlatform
import CPocketCLIP
import ImagePreprocessing

/// Resizes, crops and normalizes images, several at a time.
struct ImagePreparation: ~Copyable {
  private let preprocessor: ImagePreprocessor
  private let scratches: UnsafeMutablePointer<ImagePreprocessor.Scratch>
  /// Images prepared at the same time.
  private let workers: Int

  init(_ preprocessor: ImagePreprocessor, _ limits: SessionLimits, workers: Int) {
    self.preprocessor = preprocessor
    self.workers = workers
    scratches = .allocate(capacity: workers)
    for worker in 0..<workers {
      (scratches + worker).initialize(
        to: ImagePreprocessor.Scratch(
          maximumWidth: limits.maxWidth, maximumHeight: limits.maxHeight, imageSize: preprocessor.imageSize,
          backend: preprocessor.preprocessing.backend))
    }
  }

  deinit {
    scratches.deinitialize(count: workers)
    scratches.deallocate()
  }

  static func byteCount(
    imageSize: Int, _ backend: Preprocessing.Backend, _ limits: SessionLimits, workers: Int
  ) -> Int {
    workers
      * (MemoryLayout<ImagePreprocessor.Scratch>.stride
        + ImagePreprocessor.Scratch.byteCount(
          maximumWidth: limits.maxWidth, maximumHeight: limits.maxHeight, imageSize: imageSize,
          backend: backend))
  }

  /// Prepares the images that `slots` selects into rows of `pixels`. The caller has checked each image.
  func prepare(
    _ images: UnsafePointer<pclip_image>, slots: UnsafePointer<Int>, count: Int, into pixels: Rows<Float>
  ) {
    PrepareWork(
      preprocessor: preprocessor, scratches: scratches, images: images, slots: slots, pixels: pixels
    ).run(parts: count, threads: workers)
  }
}

/// Each part prepares one image.
private struct PrepareWork: ParallelWork {
  var preprocessor: ImagePreprocessor
  var scratches: UnsafeMutablePointer<ImagePreprocessor.Scratch>
  var images: UnsafePointer<pclip_image>
  var slots: UnsafePointer<Int>
  var pixels: Rows<Float>

  static var body: pf_body {
    { context, part, worker in
      context?.assumingMemoryBound(to: PrepareWork.self).pointee.run(part: part, worker: worker)
    }
  }

  func run(part slot: Int, worker: Int) {
    let image = images[slots[slot]]
    let (width, height) = (Int(image.width), Int(image.height))
    let stride = image.stride == 0 ? 3 * width : image.stride
    let bytes = UnsafeBufferPointer(start: image.pixels, count: (height - 1) * stride + 3 * width)
    var planes = MutableSpan(
      _unsafeStart: pixels[slot], count: 3 * preprocessor.imageSize * preprocessor.imageSize)
    do throws(ImageFault) {
      let view = try ImageView(bytes.span, width: width, height: height, rowStride: stride)
      try preprocessor.prepare(view, into: &planes, scratch: &scratches[worker])
    } catch {
      // `Session.check` rejects images that could cause these errors. A NaN would expose any other error as an item
      // that is not finite.
      planes.update(repeating: .nan)
    }
  }
}
