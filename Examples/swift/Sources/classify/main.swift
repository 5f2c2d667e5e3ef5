// Classifies an image: prints the exact probability of each label. Usage: classify BUNDLE IMAGE.ppm LABEL...
import Foundation
import PocketCLIP

let arguments = CommandLine.arguments
guard arguments.count > 3, let file = FileManager.default.contents(atPath: arguments[2]),
  let image = image(fromPPM: [UInt8](file))
else {
  print("usage: classify BUNDLE IMAGE.ppm LABEL...")
  exit(64)
}
let labels = Array(arguments[3...])

do {
  let session = try Session(Model(path: arguments[1]))
  let scores = try session.classify(images: [image], texts: labels)[0].get()
  for (label, score) in zip(labels, scores) {
    print(String(format: "%5.1f %%  %.9g  ", 100 * Double(score), Double(score)) + label)
  }
} catch {
  print(error)
  exit(1)
}

/// Reads a binary PPM (P6) of 8 bits: a header of three numbers, then pixels.
func image(fromPPM bytes: [UInt8]) -> Session.Image? {
  let header = bytes.prefix(64).split(maxSplits: 4) { $0 == 0x20 || $0 == 0x0A }.prefix(4)
  let words = header.map { String(decoding: $0, as: UTF8.self) }
  guard words.count == 4, words[0] == "P6", let width = Int(words[1]), let height = Int(words[2]),
    let end = header.last?.endIndex
  else { return nil }
  return Session.Image(pixels: Array(bytes[(end + 1)...]), width: width, height: height)
}
