import Architecture
import ImagePreprocessing
import Testing

@Suite("Resize and crop geometry") struct GeometryTests {
  @Test(
    "The longer edge is truncated in proportion, and half margins round to even",
    arguments: [
      // width, height, resized width, resized height, left, top
      (640, 480, 298, 224, 37, 0),
      (480, 640, 224, 298, 0, 37),
      (500, 333, 336, 224, 56, 0),
      (1000, 667, 335, 224, 56, 0),  // margin 111, half 55.5
      (2162, 762, 635, 224, 206, 0),  // margin 411, half 205.5
      (299, 224, 299, 224, 38, 0),  // margin 75, half 37.5
      (297, 224, 297, 224, 36, 0),  // margin 73, half 36.5
      (224, 224, 224, 224, 0, 0),
      (1, 16384, 224, 3_670_016, 0, 1_834_896),
    ])
  func shortest(width: Int, height: Int, resizedWidth: Int, resizedHeight: Int, left: Int, top: Int) {
    let geometry = CropGeometry(width: width, height: height, imageSize: 224, .openAI)
    #expect(geometry.resizedWidth == resizedWidth && geometry.resizedHeight == resizedHeight)
    #expect(geometry.left == left && geometry.top == top)
  }

  @Test("transformers rounds the crop down") func roundedDown() {
    var transformers = Preprocessing.openAI
    transformers.crop = .down
    let even = CropGeometry(width: 449, height: 225, imageSize: 224, .openAI)
    let down = CropGeometry(width: 449, height: 225, imageSize: 224, transformers)
    #expect(even.resizedWidth == 447 && even.left == 112)
    #expect(down.resizedWidth == 447 && down.left == 111)
  }

  @Test("Squash resizes every image to the square") func squash() {
    var squash = Preprocessing.openAI
    squash.resize = .squash
    let geometry = CropGeometry(width: 17, height: 900, imageSize: 224, squash)
    #expect(geometry.resizedWidth == 224 && geometry.resizedHeight == 224)
    #expect(geometry.left == 0 && geometry.top == 0)
  }

  @Test("A shorter edge larger than the crop is cropped in the middle, like in transformers") func edge() {
    var preprocessing = Preprocessing.openAI
    (preprocessing.resizeEdge, preprocessing.crop) = (256, .down)
    let geometry = CropGeometry(width: 641, height: 480, imageSize: 224, preprocessing)
    #expect(geometry.resizedWidth == 341 && geometry.resizedHeight == 256)
    #expect(geometry.left == 58 && geometry.top == 16)
  }
}
