import SyntheticWeights
import TestSupport
import Testing

@Suite("Synthetic weights") struct SyntheticWeightsTests {
  @Test("Tensors of every rule have the same bits as in Python, in every profile")
  func tensorsHavePythonsBits() throws {
    let file = try DigestFile()
    #expect(file.generator == SyntheticWeights.generator)
    #expect(file.tensors.count > 30)
    for tensor in file.tensors {
      #expect(tensor.sha256.count == SyntheticWeights.Profile.allCases.count)
      for (spelling, expected) in tensor.sha256 {
        let profile = try #require(SyntheticWeights.Profile(spelling), "\(spelling)")
        let found = try sha256(values(tensor.name, tensor.shape, profile))
        #expect(found == expected, "\(tensor.variant) \(tensor.name) \(spelling)")
      }
    }
  }

  @Test(
    "Any part of a tensor equals that part of the complete tensor",
    arguments: SyntheticWeights.Profile.allCases)
  func partsAreThoseOfTheWhole(_ profile: SyntheticWeights.Profile) throws {
    let tensors = [
      ("visual.positional_embedding", [50, 64]), ("visual.proj", [64, 32]),
      ("visual.transformer.resblocks.0.attn.in_proj_weight", [192, 64]),
      ("visual.conv1.weight", [64, 3, 4, 4]),
      ("visual.attnpool.q_proj.weight", [64, 64]), ("ln_final.bias", [64]), ("ln_final.weight", [64]),
      ("transformer.resblocks.0.mlp.c_fc.weight", [256, 64]),
      ("transformer.resblocks.0.mlp.c_proj.weight", [64, 256]),
    ]
    for (name, shape) in tensors {
      let whole = try values(name, shape, profile)
      for start in stride(from: 0, to: whole.count, by: 29) {
        let end = min(start + 71, whole.count)
        let part = try values(name, shape, profile, in: start..<end)
        #expect(part == Array(whole[start..<end]), "\(name) \(start)..<\(end)")
      }
      #expect(try values(name, shape, profile, in: whole.count..<whole.count).isEmpty)
    }
  }

  @Test(
    "FP16 represents every weight of a linear layer exactly", arguments: SyntheticWeights.Profile.allCases)
  func matricesAreHalf(_ profile: SyntheticWeights.Profile) throws {
    for (name, shape) in [
      ("attn.in_proj_weight", [384, 128]), ("attn.out_proj.weight", [128, 128]),
      ("mlp.c_fc.weight", [512, 128]), ("mlp.c_proj.weight", [128, 512]),
    ] {
      let found = try values("transformer.resblocks.0.\(name)", shape, profile)
      #expect(found.allSatisfy { isHalf($0) && $0.magnitude < 65504 }, "\(name)")
      #expect(!found.contains { $0 != 0 && isHalf($0 * (1 + 0x1p-11)) }, "\(name): twelve bits are too many")
    }
  }

  @Test("The image tower of a ResNet is plain in every profile")
  func resNetsArePlain() throws {
    let tensors = try DigestFile().tensors.filter { $0.variant == "RN50" && $0.name.hasPrefix("visual.") }
    #expect(tensors.count > 10)
    for tensor in tensors { #expect(Set(tensor.sha256.values).count == 1, "\(tensor.name)") }
  }

  @Test("Tails have outliers in few rows, and scales of rows and columns")
  func tailsHaveOutliers() throws {
    let name = "visual.transformer.resblocks.0.mlp.c_proj.weight"
    let (rows, width) = (768, 3072)
    let found = try values(name, [rows, width], .tails)
    let ratios = (0..<rows).map { row in
      let row = found[row * width..<(row + 1) * width]
      let square = row.reduce(0) { $0 + Double($1) * Double($1) } / Double(width)
      return Double(row.map(\.magnitude).max() ?? 0) / square.squareRoot()
    }
    let sorted = ratios.sorted()
    #expect((3.5...4.5).contains(sorted[rows / 2]), "\(sorted[rows / 2])")
    #expect(sorted[rows - 1] > 15)
    #expect((15...30).contains(sorted.count { $0 > 10 }), "a thirty-second of the rows")
  }

  @Test("A name that no CLIP has is an error with the name")
  func unknownNamesAreRefused() {
    #expect(throws: SyntheticWeightsError.noRule(name: "visual.gamma", shape: [3])) {
      try values("visual.gamma", [3], .plain)
    }
  }

  @Test("Profiles have the same spelling as in Python", arguments: SyntheticWeights.Profile.allCases)
  func profileSpellings(_ profile: SyntheticWeights.Profile) {
    #expect(SyntheticWeights.Profile(profile.description) == profile)
    #expect(SyntheticWeights.Profile(profile.description + "!") == nil)
  }
}

@Suite("Synthetic probes") struct SyntheticProbesTests {
  @Test("Probe images have the same bits as in Python")
  func imagesHavePythonsBits() throws {
    let images = try DigestFile().images
    #expect(images.count >= 6)
    for image in images {
      let found = sha256(SyntheticProbes.image(image.index, size: image.size))
      #expect(found == image.sha256, "image \(image.index) at \(image.size)")
    }
  }

  @Test("Probe texts and ids equal those of OpenAI's tokenizer")
  func textsAreOpenAIs() throws {
    let file = try ProbeTextFile()
    #expect(file.texts.count == 8)
    #expect(SyntheticProbes.texts == file.texts.map(\.text))
    for (found, expected) in zip(SyntheticProbes.tokenIDs, file.texts) {
      #expect(found.count == 77)
      #expect(Array(found.prefix(expected.ids.count)) == expected.ids)
      #expect(found.dropFirst(expected.ids.count).allSatisfy { $0 == 0 })
    }
  }
}

private func values(
  _ name: String, _ shape: [Int], _ profile: SyntheticWeights.Profile, in range: Range<Int>? = nil
) throws -> [Float] {
  let range = range ?? 0..<shape.reduce(1, *)
  var values = [Float](repeating: .nan, count: range.count)
  try values.withUnsafeMutableBufferPointer { buffer in
    try SyntheticWeights(profile: profile).fill(buffer, name: name, shape: shape, from: range.lowerBound)
  }
  return values
}

/// Whether a normal or subnormal FP16 number has this value: at most 11 significant bits above 2⁻²⁴.
private func isHalf(_ value: Float) -> Bool {
  let units = value * Float(1 << 24)
  guard units == units.rounded(), value != 0 else { return value == 0 }
  let integer = Int64(units.magnitude)
  return Int64.bitWidth - integer.leadingZeroBitCount - integer.trailingZeroBitCount <= 11
}
