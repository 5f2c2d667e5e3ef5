import CPocketCLIP
import Foundation
import TestSupport
import Testing

func bundleBytes(_ name: String) throws -> Data { try Fixture.data("runtime/\(name).pclip") }

@Suite("Damaged bundles") struct DamagedBundleTests {
  @Test(
    "A truncated bundle is an error with the broken rule, at any length",
    arguments: ["vit-int8", "vit-mixed", "resnet-fp16"])
  func truncated(name: String) throws {
    let data = try bundleBytes(name)
    let headerEnd = 8 + data.withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) }
    let cuts = Array(stride(from: 0, to: headerEnd, by: 997)) + [headerEnd, headerEnd + 64, data.count - 1]
    for cut in cuts {
      let error = #expect(throws: Refusal.self) {
        _ = try OpenedBundle(Configuration(bundle: name), bytes: data.prefix(cut))
      }
      #expect(error?.code == PCLIP_E_FORMAT)
      #expect(
        ["damaged bundle, byte ", "not a bundle: ", "a bundle of version "].contains {
          error?.message.hasPrefix($0) == true
        })
    }
  }

  @Test("A changed header byte is an error or harmless", arguments: ["vit-int8", "vit-mixed", "resnet-fp16"])
  func changedHeader(name: String) throws {
    let original = try bundleBytes(name)
    let headerEnd = 8 + original.withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) }
    var refused = 0
    for position in stride(from: 0, to: headerEnd, by: 131) {
      var data = original
      data[position] ^= 0x11
      do {
        _ = try OpenedBundle(Configuration(bundle: name), bytes: data)
      } catch let error as Refusal {
        refused += 1
        #expect([PCLIP_E_FORMAT, PCLIP_E_VERSION].contains(error.code))
      }
    }
    #expect(refused > 0)
  }

  /// Matrices and tables of random bytes: NaN, infinities, sums of any size, int8 of −128. Vectors are checked on
  /// opening.
  @Test("Any content is memory-safe on every instruction set", arguments: bundles)
  func randomContent(name: String) throws {
    var data = try bundleBytes(name)
    var generator = SplitMix(seed: 42)
    for tensor in try BundleTensor.all(of: data) where tensor.shape.count > 1 || tensor.dtype == "I32" {
      for position in tensor.bytes where !tensor.name.hasSuffix(".exponent") {
        data[position] = UInt8(truncatingIfNeeded: generator.next())
      }
    }
    for isa in machineISAs {
      for arithmetic in [PCLIP_ARITHMETIC_FAST, PCLIP_ARITHMETIC_EXACT] {
        let bundle = try OpenedBundle(
          Configuration(bundle: name, arithmetic: arithmetic, isa: isa), bytes: data)
        let pixels = GeneratedInputs.pixels(count: 2 * bundle.pixelCount)
        let ids = GeneratedInputs.texts(context: bundle.context, vocabulary: Int(bundle.info.vocabulary_size))
        var images = [Float](repeating: .nan, count: 2 * Int(bundle.info.image_output))
        var texts = [Float](repeating: .nan, count: ids.count * Int(bundle.info.text_output))
        var statuses = [Int32](repeating: -1, count: ids.count)
        try call {
          pclip_encode_pixels(bundle.session, pixels, 2, 0, &images, images.count, &statuses, $0)
        }
        let flat = ids.flatMap { $0 }
        try call {
          pclip_encode_ids(bundle.session, flat, ids.count, 0, &texts, texts.count, &statuses, $0)
        }
        #expect((images + texts).allSatisfy { $0.isFinite })
        #expect(statuses.allSatisfy { $0 == PCLIP_OK || $0 == PCLIP_E_NOT_FINITE })
      }
    }
  }

  @Test("pclip_check names the tensor whose bytes changed", arguments: bundles)
  func contentCheck(name: String) throws {
    var data = try bundleBytes(name)
    let intact = try OpenedBundle(Configuration(bundle: name), bytes: data)
    #expect(refusal { pclip_check(intact.model, $0) } == nil)
    data[data.count - 64] ^= 1
    let changed = try OpenedBundle(Configuration(bundle: name), bytes: data)
    let error = refusal { pclip_check(changed.model, $0) }
    #expect(error?.code == PCLIP_E_CONTENT)
    #expect(error?.offset == UInt64(data.count - 64))
  }

  @Test(
    "A value that is not finite is an error on opening, fails its item, or is unused: it never gives a wrong vector",
    arguments: bundles, [UInt32(0x7FC0_0000), 0xFFC0_0000, 0x7F80_0000, 0xFF80_0000])
  func notFinite(name: String, bits: UInt32) throws {
    let original = try bundleBytes(name)
    // Of each instruction set, because rounding to integers turns differences of the last bit into steps.
    let expected = try Dictionary(
      uniqueKeysWithValues: machineISAs.map {
        ($0, try Outcome(OpenedBundle(Configuration(bundle: name, isa: $0))))
      })
    var (refused, failed) = (0, 0)
    for tensor in try BundleTensor.all(of: original) where ["F32", "F16"].contains(tensor.dtype) {
      for position in tensor.someElements {
        var data = original
        tensor.store(Float(bitPattern: bits), at: position, in: &data)
        for isa in machineISAs {
          do {
            let found = try Outcome(OpenedBundle(Configuration(bundle: name, isa: isa), bytes: data))
            failed += found.failures
            let sound = try #require(expected[isa])
            #expect(found.otherItems(than: sound) == [], "\(tensor.name) element \(position), \(isa)")
          } catch let error as Refusal {
            refused += 1
            #expect([PCLIP_E_CONTENT, PCLIP_E_FORMAT].contains(error.code), "\(tensor.name): \(error)")
          }
        }
      }
    }
    #expect(refused > 0 && (failed > 0 || name.hasSuffix("int8")))
  }

  @Test("Pixels whose squares overflow fail their item", arguments: bundles)
  func hugePixels(name: String) throws {
    for isa in machineISAs {
      let bundle = try OpenedBundle(Configuration(bundle: name, isa: isa))
      let pixels = GeneratedInputs.pixels(count: bundle.pixelCount).map { $0 * 1e37 }
      var vector = [Float](repeating: 1, count: Int(bundle.info.image_output))
      let error = refusal {
        pclip_encode_pixels(bundle.session, pixels, 1, 0, &vector, vector.count, nil, $0)
      }
      #expect(error?.code == PCLIP_E_NOT_FINITE, "\(isa)")
      #expect(vector.allSatisfy { $0 == 0 })
    }
  }

  @Test(
    "The self-test passes on every bundle, and fails if the weights changed",
    arguments: bundles)
  func selfTest(name: String) throws {
    let intact = try OpenedBundle(Configuration(bundle: name))
    #expect(refusal { pclip_self_test(intact.session, $0) } == nil)
    var data = try bundleBytes(name)
    let headerEnd = 8 + data.withUnsafeBytes { Int($0.loadUnaligned(as: UInt64.self)) }
    for position in headerEnd + 5 * 64..<(headerEnd + data.count) / 2 { data[position] = 0 }
    let changed = try OpenedBundle(Configuration(bundle: name), bytes: data)
    #expect(refusal { pclip_self_test(changed.session, $0) }?.code == PCLIP_E_SELFTEST)
  }
}
