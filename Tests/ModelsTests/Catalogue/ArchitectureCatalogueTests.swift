import Architecture
import Checkpoints
import Models
import Testing

@Suite("Catalogue of architectures") struct ArchitectureCatalogueTests {
  @Test("OpenAI's nine are there, all with QuickGELU and heads of 64 channels")
  func nineVariants() throws {
    #expect(ArchitectureCatalogue.openAI.count == 9)
    for entry in ArchitectureCatalogue.openAI {
      let text = try #require(entry.architecture.text)
      #expect(text.stack.activation == .quickGELU && text.stack.headSize == 64, "\(entry.name)")
    }
  }

  @Test("Each name occurs once and gives its own architecture")
  func namesAreUnique() {
    let names = ArchitectureCatalogue.entries.map(\.name)
    #expect(Set(names).count == names.count)
    for entry in ArchitectureCatalogue.entries {
      let name = ArchitectureCatalogue.name(of: entry.architecture)
      #expect(name.flatMap(ArchitectureCatalogue.architecture(named:)) == entry.architecture, "\(entry.name)")
    }
  }

  @Test("A slash means OpenAI's QuickGELU, open_clip's plain name GELU, its twin QuickGELU")
  func spellingsDecideTheActivation() {
    let activations = ["ViT-B/32", "ViT-B-32", "ViT-B-32-quickgelu"].map {
      ArchitectureCatalogue.architecture(named: $0)?.text?.stack.activation
    }
    #expect(activations == [.quickGELU, .gelu, .quickGELU])
  }

  @Test(
    "Parameter counts equal those of the published models",
    arguments: [
      ("RN50", 102_007_137), ("RN101", 119_688_033), ("RN50x4", 178_300_601), ("RN50x16", 290_979_217),
      ("RN50x64", 623_258_305), ("ViT-B/32", 151_277_313), ("ViT-B/16", 149_620_737),
      ("ViT-L/14", 427_616_513), ("ViT-L/14@336px", 427_944_193), ("ViT-S-32", 63_085_825),
      ("ViT-S-32-alt", 43_224_449), ("ViT-M-32", 103_119_873), ("ViT-M-32-alt", 80_070_273),
      ("ViT-B-32-256", 151_288_833), ("ViT-B-16-plus-240", 208_377_345), ("ViT-H-14", 986_109_441),
      ("ViT-H-14-378", 986_714_881), ("ViT-g-14", 1_366_678_273), ("ViT-bigG-14", 2_539_567_105),
      ("ViT-S-16-worldwide", 389_510_401), ("ViT-S-16-384-worldwide", 389_656_321),
      ("ViT-S-16-mT5-worldwide", 139_284_865), ("ViT-M-16-worldwide", 538_352_641),
      ("ViT-M-16-384-worldwide", 538_547_201), ("ViT-M-16-mT5-worldwide", 204_718_593),
      ("ViT-B-32-worldwide", 587_614_465), ("ViT-B-32-384-worldwide", 587_687_425),
      ("ViT-B-32-mT5-worldwide", 253_980_417), ("ViT-B-16-worldwide", 585_957_889),
      ("ViT-B-16-384-worldwide", 586_249_729), ("ViT-L-14-worldwide", 1_082_122_241),
      ("ViT-H-14-quickgelu-worldwide", 1_858_783_745), ("ViT-H-14-378-worldwide", 1_859_389_185),
      ("ViT-bigG-14-worldwide", 3_630_409_985), ("ViT-bigG-14-378-worldwide", 3_631_197_057),
    ])
  func parameterCounts(_ name: String, _ published: Int) throws {
    let architecture = try #require(ArchitectureCatalogue.architecture(named: name))
    let learned = ParameterSchema(architecture).parameters.filter { !$0.isRunningStatistic }
    #expect(learned.map(\.elementCount).reduce(0, +) == published)
  }

  @Test(
    "Head sizes beyond 64 are data",
    arguments: [("ViT-H-14", 80), ("ViT-g-14", 88), ("ViT-bigG-14", 104), ("ViT-e-14", 112)])
  func headSizes(_ name: String, _ headSize: Int) throws {
    let architecture = try #require(ArchitectureCatalogue.architecture(named: name))
    #expect(architecture.image?.trunk.stack?.headSize == headSize)
  }

  @Test("The official files name architectures of the catalogue")
  func officialFiles() {
    #expect(OfficialFile.all.count == 9)
    for file in OfficialFile.all {
      #expect(ArchitectureCatalogue.architecture(named: file.architectureName) != nil)
      #expect(OfficialFile.identified(by: file.sha256)?.architectureName == file.architectureName)
    }
  }
}

extension Parameter {
  /// PyTorch does not count running statistics as parameters.
  fileprivate var isRunningStatistic: Bool {
    switch role {
    case .batchNorm(.runningMean, of: _), .batchNorm(.runningVariance, of: _): true
    case .batchNorm(.gain, of: _), .batchNorm(.bias, of: _), .linear, .projection, .convolution, .tokenTable,
      .positions, .vector, .logitScale, .logitBias:
      false
    }
  }
}
