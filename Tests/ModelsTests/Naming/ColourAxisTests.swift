import BundleFormat
import Checkpoints
import Models
import Testing

/// MLX's conversions permute the patch kernel's axes. Names do not show how often that was done.
@Suite("Colour axes of patch embeddings") struct ColourAxisTests {
  private static let kernel = "vision_model.embeddings.patch_embedding.weight"

  @Test(
    "A kernel converted once, twice or three times is restored",
    arguments: ["vit-hugging-face", "vit-mlx", "vit-mlx-twice.npz"])
  func conversions(name: String) throws {
    let source = try ModelFixture.named("vit.safetensors")
    #expect(try SpaceID(of: ModelFixture.named(name).open()) == SpaceID(of: source.open()))
  }

  @Test("The fixtures hold the kernel in three different layouts")
  func layouts() throws {
    let shapes = try ["vit-hugging-face", "vit-mlx", "vit-mlx-twice.npz"].map { name in
      try Checkpoint.open(ModelFixture.named(name).path).tensors.first { $0.name == Self.kernel }?.shape
    }
    #expect(shapes == [[64, 3, 8, 8], [64, 8, 8, 3], [64, 8, 3, 8]])
  }

  @Test(
    "If the number of colours does not identify the axis, the kernel is an error",
    arguments: [[64, 3, 8, 3], [64, 6, 4, 8]])
  func ambiguous(shape: [Int]) throws {
    var edited = try EditedCheckpoint("vit-hugging-face")
    edited.remove(Self.kernel)
    edited.add(Self.kernel, shape: shape)
    let error = #expect(throws: ModelError.self) {
      try edited.open { try CLIPModel($0, options: ModelFixture.named("vit.safetensors").options) }
    }
    #expect(error?.code == .wrongShape && error?.tensor == Self.kernel)
  }
}
