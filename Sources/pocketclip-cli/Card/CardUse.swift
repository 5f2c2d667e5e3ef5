import Architecture
import PocketCLIP

/// The part of a card that shows how to run the bundle. BundleCardTests and `make check-docs` compile and run these programs.
struct CardUse {
  private let card: BundleCard
  /// The bundle's name where it needs no quotes in any language, otherwise a stand-in.
  private let file: String

  init(_ card: BundleCard) {
    self.card = card
    file = Self.file(card.name)
  }

  static func file(_ name: String) -> String { isPlain(name) ? name : "model.pclip" }

  static func sourceFile(_ name: String) -> String { isPlain(name) ? name : "SOURCE" }

  private static func isPlain(_ name: String) -> Bool {
    !name.isEmpty && !name.hasPrefix("-")
      && name.utf8.allSatisfy { byte in
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
          || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || ".-_".utf8.contains(byte)
      }
  }

  var text: String {
    let blocks = [
      commands.map { "On the command line:\n\n```sh\n\($0)\n```" }, "In Python:\n\n```python\n\(python)\n```",
      "In C:\n\n```c\n\(c)\n```", "In Swift:\n\n```swift\n\(swift)\n```",
    ]
    let standIn =
      file == card.name ? "" : "\(hasImages ? " " : "")`\(file)` stands for the name of this file."
    let images = hasImages ? "Images are interleaved 8-bit RGB, of any size." : ""
    return (["## Use", images + standIn] + blocks.compactMap(\.self)).filter { !$0.isEmpty }
      .joined(separator: "\n\n")
  }

  private var hasImages: Bool { card.information.hasImage }
  private var hasTexts: Bool { card.information.hasText }
  private var hasTokenizer: Bool { card.information.hasTokenizer }
  private var contextLength: Int { card.information.contextLength }

  /// Nil if the command line cannot embed with this bundle: it takes no token ids.
  private var commands: String? {
    var lines: [String] = []
    if hasImages, hasTokenizer {
      lines.append("pocketclip classify -m \(file) cat.jpg --label \"a cat\" --label \"a dog\"")
    }
    if hasImages { lines.append("pocketclip embed -m \(file) cat.jpg") }
    if hasTokenizer { lines.append("pocketclip embed -m \(file) --text \"a cat\"") }
    return lines.isEmpty ? nil : lines.joined(separator: "\n")
  }

  private var python: String {
    var lines = hasImages ? ["from PIL import Image"] : []
    lines.append("from pocketclip import Model\(hasImages && hasTexts ? ", similarity" : "")")
    lines += ["", "with Model(\"\(file)\") as model:"]
    if hasImages { lines.append("    images = model.encode_images([Image.open(\"cat.jpg\")])") }
    if hasTokenizer {
      lines.append("    texts = model.encode_texts([\"a cat\", \"a dog\"])")
    } else if hasTexts {
      lines.append("    texts = model.encode_ids([[1] * \(contextLength)])  # your tokenizer's ids")
    }
    lines.append(
      "    print(\(hasImages && hasTexts ? "similarity(images, texts)" : hasImages ? "images" : "texts"))")
    return lines.joined(separator: "\n")
  }

  private var c: String {
    var declarations: [String] = []
    var calls: [String] = []
    if hasImages {
      declarations += [
        "  static uint8_t pixels[240 * 320 * 3]; /* your image, top row first */",
        "  static float image_vector[\(card.width(.image))];",
        "  pclip_image image = {.pixels = pixels, .width = 320, .height = 240};",
      ]
      calls.append(
        "pclip_encode_image(session, &image, 1, 0, image_vector, \(card.width(.image)), NULL, &error)")
    }
    if hasTexts { declarations.append("  static float text_vector[\(card.width(.text))];") }
    if hasTokenizer {
      declarations.append("  pclip_text text = {\"a cat\", 5};")
      calls.append(
        "pclip_encode_text(session, &text, 1, 0, text_vector, \(card.width(.text)), NULL, NULL, &error)")
    } else if hasTexts {
      declarations.append("  static int32_t ids[\(contextLength)]; /* your tokenizer's ids */")
      calls.append("pclip_encode_ids(session, ids, 1, 0, text_vector, \(card.width(.text)), NULL, &error)")
    }
    let first = hasImages ? "image_vector[0]" : "text_vector[0]"
    return """
      #include <pocketclip.h>
      #include <stdio.h>

      int main(void) {
      \(declarations.joined(separator: "\n"))
        pclip_model *model;
        pclip_session *session;
        pclip_error error;
        if (pclip_open("\(file)", NULL, &model, &error) ||
            pclip_session_create(model, NULL, &session, &error) ||
            \(calls.joined(separator: " ||\n      "))) {
          fprintf(stderr, "%s\\n", error.message);
          return 1;
        }
        printf("%f\\n", \(first));
        pclip_session_destroy(session);
        pclip_close(model);
        return 0;
      }
      """
  }

  private var swift: String {
    var lines = ["import PocketCLIP", "", "let session = try Session(Model(path: \"\(file)\"))"]
    if hasImages {
      lines += [
        "let pixels = [UInt8](repeating: 0, count: 320 * 240 * 3)  // your image, top row first",
        "if let image = Session.Image(pixels: pixels, width: 320, height: 240) {",
        "  print(try session.encode(images: [image])[0].get())", "}",
      ]
    }
    if hasTokenizer {
      lines.append("print(try session.encode(texts: [\"a cat\"])[0])")
    } else if hasTexts {
      lines += [
        "let ids = [Int32](repeating: 1, count: \(contextLength))  // your tokenizer's ids",
        "print(try session.encode(ids: [ids])[0])",
      ]
    }
    return lines.joined(separator: "\n")
  }
}
