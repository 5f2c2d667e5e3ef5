// The vectors of same_bits.c through the Swift API: prints the same digest, or there is an error.
//
// usage: same_bits BUNDLE [ISA]
import PocketCLIP

let itemCount = 16

struct Generator {
  var state: UInt32 = 1

  mutating func next() -> UInt32 {
    state = state &* 1_664_525 &+ 1_013_904_223
    return state
  }
}

func images(_ generator: inout Generator) -> [Session.Image] {
  (0..<itemCount).compactMap { item in
    let (width, height) = (33 + 4 * item, 96 - 3 * item)
    let bytes = (0..<96 * 96 * 3).map { _ in UInt8(generator.next() >> 24) }
    return Session.Image(pixels: Array(bytes.prefix(3 * width * height)), width: width, height: height)
  }
}

func texts(_ generator: inout Generator, _ information: ModelInformation) -> [[Int32]] {
  let (context, last) = (information.contextLength, Int32(information.vocabularySize - 1))
  return (0..<itemCount).map { item in
    let length = 2 + item * (context - 2) / (itemCount - 1)
    var ids = [Int32](repeating: 0, count: context)
    for index in 0..<length { ids[index] = Int32(generator.next() >> 8) % (last - 1) }
    ids[length - 1] = last
    return ids
  }
}

var options = Model.Options()
if CommandLine.arguments.count > 2 { options.instructionSet = CommandLine.arguments[2] }
let model = try Model(path: CommandLine.arguments[1], options: options)
let session = try Session(model)
var generator = Generator()
let vectors = try session.encode(images: images(&generator)).map { try $0.get() }
let sentences = try session.encode(ids: texts(&generator, model.information))
var digest: UInt64 = 14_695_981_039_346_656_037  // FNV-1a
for (image, text) in zip(vectors, sentences) {
  for value in image + text {
    withUnsafeBytes(of: value) { for byte in $0 { digest = (digest ^ UInt64(byte)) &* 1_099_511_628_211 } }
  }
}
let hex = String(digest, radix: 16)
print(String(repeating: "0", count: 16 - hex.count) + hex, model.information.instructionSet)
