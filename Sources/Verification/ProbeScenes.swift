/// The images that decide whether a bundle is written: twenty scenes of sixteen kinds. docs/QUANTIZATION.md states why
/// these. Portrait, landscape, panorama, tiny and large; no image is square, and margins are odd.
enum ProbeScenes {
  /// The first four kinds occur twice: they show the largest errors most often.
  static let all = (0..<kinds.count + 4).map { index in
    let (width, height) = sizes[index % sizes.count]
    var scene = ProbeScene(seed: UInt64(0x6A7E_0000 + index), width: width, height: height)
    kinds[index % kinds.count](&scene)
    return scene.image
  }

  private static let sizes = [
    (385, 299), (301, 421), (337, 334), (501, 333), (640, 425), (225, 449), (97, 61), (767, 511),
    (425, 641), (301, 199), (1023, 333), (511, 767), (230, 227), (449, 338), (283, 378), (612, 407),
    (377, 253),
  ]

  private static let kinds: [@Sendable (inout ProbeScene) -> Void] = [
    clouds, contrast, silhouette, night, fog, landscape, snow, faint, lights, cells, bricks, checkerboard,
    rings,
    discs, object, planet,
  ]
}

// One function for each kind.
extension ProbeScenes {
  private static func clouds(_ scene: inout ProbeScene) {
    scene.fill(scene.muted())
    scene.plasma(amplitude: 70, roughness: 10)
  }

  private static func contrast(_ scene: inout ProbeScene) {
    scene.fill(scene.muted())
    scene.greyPlasma(amplitude: 110, roughness: 9)
  }

  private static func fog(_ scene: inout ProbeScene) {
    scene.fill(scene.muted())
    scene.plasma(amplitude: 15, roughness: 10)
  }

  private static func landscape(_ scene: inout ProbeScene) {
    scene.slope(scene.muted(), scene.muted())
    for layer in 0..<4 {
      scene.ridge(scene.muted(), at: scene.height * (3 + 2 * layer) / 10, amplitude: scene.height / 6)
    }
    scene.noise(4)
  }

  private static func silhouette(_ scene: inout ProbeScene) {
    scene.slope(scene.color(), scene.color())
    scene.ridge([8, 8, 12], at: scene.height * 6 / 10, amplitude: scene.height / 4)
    scene.noise(2)
  }

  private static func night(_ scene: inout ProbeScene) {
    scene.fill([18, 20, 36])
    scene.plasma(amplitude: 20, roughness: 10)
    for _ in 0..<60 { scene.disc(scene.color(), at: scene.point(), radius: 1 + scene.random.below(5)) }
  }

  private static func snow(_ scene: inout ProbeScene) {
    scene.fill([245, 246, 250])
    scene.ridge([222, 226, 235], at: scene.height * 2 / 3, amplitude: scene.height / 8)
    scene.disc(scene.muted(), at: scene.point(), radius: scene.height / 9)
    scene.noise(3)
  }

  /// A disc that differs from its background by 14 levels.
  private static func faint(_ scene: inout ProbeScene) {
    let color = scene.muted()
    scene.fill(color)
    scene.disc(
      color.map { $0 < 128 ? $0 + 14 : $0 - 14 }, at: (scene.width / 2, scene.height / 2),
      radius: scene.height / 4)
    scene.noise(2)
  }

  private static func lights(_ scene: inout ProbeScene) {
    scene.fill(scene.muted())
    for _ in 0..<6 { scene.glow(scene.color()) }
    scene.noise(2)
  }

  private static func cells(_ scene: inout ProbeScene) {
    scene.regions(count: 8)
    scene.noise(2)
  }

  private static func bricks(_ scene: inout ProbeScene) {
    scene.bricks(scene.muted(), scene.muted(), width: scene.height / 8, height: scene.height / 20)
    scene.noise(6)
  }

  private static func checkerboard(_ scene: inout ProbeScene) {
    scene.checkerboard(scene.color(), scene.color(), size: 8 + scene.random.below(50))
    scene.noise(2)
  }

  private static func rings(_ scene: inout ProbeScene) {
    scene.rings(scene.color(), scene.color(), period: 10 + scene.random.below(scene.height / 4))
    scene.noise(2)
  }

  private static func discs(_ scene: inout ProbeScene) {
    scene.fill([20, 20, 30])
    for _ in 0..<40 { scene.disc(scene.color(), at: scene.point(), radius: scene.height / 8, opacity: 3) }
    scene.noise(4)
  }

  private static func object(_ scene: inout ProbeScene) {
    scene.fill(scene.muted())
    let center = (scene.width / 2, scene.height / 2)
    scene.disc(scene.color(), at: center, radius: scene.height / 8 + scene.random.below(scene.height / 4))
    scene.noise(4)
  }

  private static func planet(_ scene: inout ProbeScene) {
    scene.fill([4, 4, 8])
    for _ in 0..<2 { scene.glow(scene.color()) }
    scene.noise(2)
  }
}
