import Architecture
import Archives
import Checkpoints
import Models
import Testing

/// Tensor names of real files. The towers are found below any prefix, each tensor equals the original's bit for bit,
/// and everything that is ignored is reported.
@Suite("Search for towers") struct TowerSearchTests {
  /// A fixture in the form that a training script, a larger model or a tool saves.
  struct Layout: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var fixture: String
    var rename: @Sendable (String) -> String
    /// Names of other tensors in the same file.
    var beside: [String] = []
    /// The expected `evidence.strippedPrefix`.
    var prefix: String?
    /// Names of the listed entries that are not part of the model.
    var left: [String] = []

    init(
      _ description: String, _ fixture: String, beside: [String] = [], prefix: String?, left: [String] = [],
      rename: @escaping @Sendable (String) -> String
    ) {
      testDescription = description
      self.fixture = fixture
      self.rename = rename
      self.beside = beside
      self.prefix = prefix
      self.left = left
    }

    init(_ prefix: String, _ fixture: String, beside: [String] = [], left: [String] = []) {
      self.init(prefix, fixture, beside: beside, prefix: prefix, left: left) { prefix + $0 }
    }
  }

  static let layouts: [Layout] =
    [
      "module.", "model.", "_orig_mod.", "clip_model.", "net.", "backbone.", "clip.", "m.", "model.clip.",
      "student.module.", "_forward_module.module.", "base_model.model.", "a.b.c.d.e.",
    ].flatMap { prefix in
      ["vit.safetensors", "vit-hugging-face", "rn.npz"].map { Layout(prefix, $0) }
    } + [
      Layout(
        "a Lightning module with a head", "vit.safetensors", beside: ["ff_head.weight", "ff_head.bias"],
        prefix: "clipmodel.", left: ["ff_head"]
      ) { "clipmodel." + $0 },
      Layout(
        "FullyShardedDataParallel and activation checkpointing around blocks", "vit.safetensors",
        prefix: "_fsdp_wrapped_module."
      ) {
        "_fsdp_wrapped_module."
          + $0.replacing(
            "resblocks.0.", with: "resblocks.0._fsdp_wrapped_module._checkpoint_wrapped_module.")
      },
      Layout("torch.compile of one tower", "vit.safetensors", prefix: nil) {
        $0.hasPrefix("visual.") ? "visual._orig_mod." + $0.dropFirst("visual.".count) : $0
      },
      Layout(
        "TinyCLIP", "vit.safetensors", prefix: "_image_encoder.module., _text_encoder.module."
      ) {
        if $0.hasPrefix("visual.") { return "_image_encoder.module." + $0 }
        return ($0 == "logit_scale" ? "_logit_scale.module." : "_text_encoder.module.") + $0
      },
      Layout("towers as attributes of one's own", "vit.safetensors", prefix: "image_encoder., text_encoder.")
      {
        if $0.hasPrefix("visual.") { return "image_encoder." + $0.dropFirst("visual.".count) }
        return ($0 == "logit_scale" ? "" : "text_encoder.") + $0
      },
      Layout(
        "transformers' towers as attributes", "vit-hugging-face", prefix: "text_tower.model., vision_tower."
      ) {
        if $0.hasPrefix("vision_model.") { return "vision_tower." + $0.dropFirst("vision_model.".count) }
        if $0.hasPrefix("text_model.") { return "text_tower.model." + $0.dropFirst("text_model.".count) }
        return $0
      },
    ]

  @Test("a complete model is found below any prefix", arguments: layouts)
  func wholes(_ layout: Layout) throws {
    let fixture = try ModelFixture.named(layout.fixture)
    var edited = try EditedCheckpoint(layout.fixture)
    edited.rename(layout.rename)
    for name in layout.beside { edited.add(name, shape: [2]) }
    try edited.open { checkpoint in
      #expect(checkpoint.evidence.strippedPrefix == layout.prefix)
      let left = checkpoint.ignored.filter { $0.reason == .otherModel }
      #expect(left.map(\.name) == layout.left)
      var options = fixture.options
      options.activation = PerTower(both: .quickGELU)
      options.heads = PerTower(image: fixture.model == "rn" ? nil : 1, text: 1)
      try expectEqual(checkpoint, CLIPModel(Checkpoint.open(fixture.path), options: options), options)
    }
  }

  struct Half: Sendable, CustomTestStringConvertible {
    var testDescription: String { prefix }
    var prefix: String
    var fixture: String
    var beside: [String]
    var left: [String]
  }

  @Test(
    "a tower is extracted from a larger model, and the rest is listed",
    arguments: [
      Half(
        prefix: "cond_stage_model.transformer.", fixture: "vit-hugging-face-4.20.1-text",
        beside: [
          "model.diffusion_model.input_blocks.0.0.weight", "first_stage_model.decoder.conv_in.weight",
          "alphas_cumprod",
        ],
        left: ["model.diffusion_model", "first_stage_model.decoder", "alphas_cumprod"]),
      Half(
        prefix: "text_encoders.clip_l.transformer.", fixture: "vit-hugging-face-4.20.1-text",
        beside: [
          "text_encoders.t5xxl.transformer.encoder.block.0.layer.0.SelfAttention.k.weight",
          "text_encoders.t5xxl.transformer.shared.weight",
        ],
        left: ["text_encoders.t5xxl"]),
      Half(
        prefix: "model.vision_tower.vision_tower.", fixture: "vit-hugging-face-image-projection",
        beside: [
          "model.layers.0.mlp.up_proj.weight", "model.layers.1.mlp.up_proj.weight", "lm_head.weight",
          "model.mm_projector.0.weight",
        ],
        left: ["model.layers", "lm_head", "model.mm_projector"]),
      Half(
        prefix: "conditioner.embedders.0.model.", fixture: "open_clip text",
        beside: ["model.diffusion_model.out.2.bias"], left: ["model.diffusion_model"]),
    ])
  func halves(_ half: Half) throws {
    let isOpenCLIP = half.fixture == "open_clip text"
    let name = isOpenCLIP ? "vit.safetensors" : half.fixture
    let fixture = try ModelFixture.named(name)
    var edited = try EditedCheckpoint(name)
    if isOpenCLIP { edited.keep { !$0.hasPrefix("visual.") } }
    edited.rename { half.prefix + $0 }
    for name in half.beside { edited.add(name, shape: [3]) }
    var options = fixture.options
    options.activation = PerTower(both: .quickGELU)
    options.heads = PerTower(both: 1)
    var isolated = options
    isolated.tower = isOpenCLIP ? .text : nil
    try edited.open { checkpoint in
      #expect(checkpoint.evidence.strippedPrefix == half.prefix)
      #expect(checkpoint.ignored.filter { $0.reason == .otherModel }.map(\.name) == half.left)
      #expect(checkpoint.notes.contains { $0.hasPrefix("not part of the model: \(half.left[0])") })
      try expectEqual(checkpoint, CLIPModel(Checkpoint.open(fixture.path), options: isolated), options)
    }
  }

  @Test("a classifier's head and a safety checker's concepts are not part of the image tower")
  func otherTasks() throws {
    let name = "vit-hugging-face-image-projection"
    var options = try ModelFixture.named(name).options
    options.activation = PerTower(both: .quickGELU)
    options.heads = PerTower(both: 1)
    let truth = try CLIPModel(Checkpoint.open(ModelFixture.named(name).path), options: options)
    for (holder, beside) in [
      ("", ["classifier.weight", "classifier.bias"]),
      ("vision_model.", ["concept_embeds", "special_care_embeds", "concept_embeds_weights"]),
    ] {
      var edited = try EditedCheckpoint(name)
      edited.rename { $0.hasPrefix("vision_model.") ? holder + $0 : $0 }
      for name in beside { edited.add(name, shape: [3]) }
      try edited.open { checkpoint in
        #expect(checkpoint.ignored.reduce(0) { $0 + $1.tensorCount } >= beside.count)
        try expectEqual(checkpoint, truth, options)
      }
    }
  }

  @Test(
    "of two models, --prefix selects one, with or without its dot; without it they are an error",
    arguments: [
      ("model.", "model_ema."), ("", "ema."), ("student.module.", "teacher."), ("a.", "a.b."),
    ])
  func several(_ first: String, _ second: String) throws {
    let fixture = try ModelFixture.named("vit.safetensors")
    let truth = try fixture.open()
    var edited = try EditedCheckpoint("vit.safetensors")
    let copy = edited.entries.map { entry in
      var entry = entry
      entry.name = second + entry.name
      entry.bytes = entry.bytes.map { _ in 0 }
      return entry
    }
    edited.rename { first + $0 }
    edited.entries += copy
    let error = #expect(throws: ReadError.self) { try edited.open { _ in } }
    #expect(error?.code == .severalModels)
    for typed in Set([first, first.hasSuffix(".") ? String(first.dropLast()) : first]) {
      try edited.open(Selection(prefix: typed)) { checkpoint in
        try expectEqual(checkpoint, truth, fixture.options)
      }
    }
    let unknown = #expect(throws: ReadError.self) { try edited.open(Selection(prefix: "other.")) { _ in } }
    #expect(unknown?.code == .noModelBelowPrefix)
  }

  @Test(
    "values below a word that marks derived values are read only with --prefix, and otherwise listed",
    arguments: [
      ("delta.", "a difference of weights"), ("model.grads.", "gradients"),
      ("lora/model_delta/", "a difference"),
      ("exp_avg_sq.", "an optimizer's state"), ("Optimizer.state.", "an optimizer's state"),
      ("momentum.", "an optimizer's state"), ("fisher_information.", "the importance of weights"),
      ("module.mask.", "a mask of weights"),
    ])
  func otherValues(_ prefix: String, _ meaning: String) throws {
    let fixture = try ModelFixture.named("vit.safetensors")
    let truth = try fixture.open()
    var edited = try EditedCheckpoint("vit.safetensors")
    let weights = edited.entries
    edited.rename { prefix + $0 }
    let error = #expect(throws: ReadError.self) { try edited.open { _ in } }
    #expect(error?.code == .noWeights && error?.found?.contains(meaning) == true)
    try edited.open(Selection(prefix: prefix)) { try expectEqual($0, truth, fixture.options) }
    edited.entries = edited.entries.map { entry in
      var entry = entry
      entry.bytes = entry.bytes.map { _ in 0 }
      return entry
    }
    for name in ["", "model.", "image_encoder."] {
      var beside = edited
      beside.entries += weights.map { entry in
        var entry = entry
        // A single tower, with the heads of both elsewhere.
        entry.name =
          name == "image_encoder." && !entry.name.hasPrefix("visual.")
          ? "text." + entry.name : name + entry.name
        if entry.name == "text.logit_scale" { entry.name = "logit_scale" }
        return entry
      }
      try beside.open { checkpoint in
        #expect(
          checkpoint.ignored.reduce(0) { $0 + ($1.reason == .otherModel ? $1.tensorCount : 0) }
            == weights.count)
        try expectEqual(checkpoint, truth, fixture.options)
      }
    }
  }

  @Test(
    "a momentum encoder and a diffusion model's encoder have weights",
    arguments: ["momentum_encoder.", "diffusion."])
  func encoders(_ prefix: String) throws {
    let fixture = try ModelFixture.named("vit.safetensors")
    var edited = try EditedCheckpoint("vit.safetensors")
    edited.rename { prefix + $0 }
    try edited.open { try expectEqual($0, fixture.open(), fixture.options) }
  }

  @Test(
    "a text tower of another kind next to an image tower is an error, and ignored with --tower image",
    arguments: ["bert.", "text_model.", "image_encoder/text_encoder.bert."])
  func otherText(_ names: String) throws {
    let fixture = try ModelFixture.named("vit.safetensors")
    var edited = try EditedCheckpoint("vit.safetensors")
    edited.keep { $0.hasPrefix("visual.") }
    let parts = names.split(separator: "/")
    if parts.count == 2 { edited.rename { "\(parts[0])." + $0 } }
    edited.add(String(parts[parts.count - 1]) + "embeddings.word_embeddings.weight", shape: [5, 4])
    try edited.open { checkpoint in
      #expect(throws: ModelError.self) { try CLIPModel(checkpoint, options: fixture.options) }
      var options = fixture.options
      options.tower = .image
      let model = try CLIPModel(checkpoint, options: options)
      #expect(model.architecture.text == nil && model.architecture.image != nil)
    }
  }

  @Test("missing tensors of a tower below a prefix are an error, not a smaller model")
  func missing() throws {
    for name in ["token_embedding.weight", "ln_final.weight", "visual.conv1.weight", "visual.ln_pre.bias"] {
      var edited = try EditedCheckpoint("vit.safetensors")
      edited.remove(name)
      edited.rename { "net." + $0 }
      #expect(throws: ModelError.self, "\(name)") {
        try edited.open { try CLIPModel($0, options: ModelFixture.named("vit.safetensors").options) }
      }
    }
  }

  private func expectEqual(_ checkpoint: Checkpoint, _ truth: CLIPModel, _ options: ModelOptions) throws {
    let model = try CLIPModel(checkpoint, options: options)
    #expect(model.architecture == truth.architecture)
    for parameter in truth.schema.parameters {
      #expect(try model.values(of: parameter) == truth.values(of: parameter), "\(parameter.name)")
    }
  }
}
