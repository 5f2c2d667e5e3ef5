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
      ("visual.attnpool.q_proj.weight", [64, 64]), ("ln_final.bias", [64]),
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
