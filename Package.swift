// swift-tools-version: 6.2
import PackageDescription

// Layers, lowest first. Dependencies only point downward. Tests/LayeringTests compares this list with the
// `import` lines of every source file.

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableExperimentalFeature("Lifetimes"),
]

let strictC: [CSetting] = [.define("_GNU_SOURCE", .when(platforms: [.linux]))]

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let package = Package(
  name: "PocketCLIP",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "pocketclip", targets: ["pocketclip-cli"]),
    .library(name: "PocketCLIP", targets: ["PocketCLIP"]),
  ],
  dependencies: [
    // Parsing, help and completions of the command line.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // C: kernels, functions that Embedded Swift does not have, the public header, the vocabulary's bytes.
    .target(name: "CKernels", cSettings: strictC),
    .target(name: "CPlatform", cSettings: strictC),
    .target(name: "CPocketCLIP"),
    .target(name: "CVocabulary", exclude: ["openai-merges.u16"]),
    .target(name: "CTextTables"),
    // Loops that measure this machine's peak; only the command line uses them.
    .target(name: "CPeak", cSettings: strictC),
    module("MachinePeak", ["CPeak", "CPlatform"]),
    // Paths that are not necessarily UTF-8.
    module("SystemPath"),

    // Embedded-clean: compiled as ordinary modules here and, by Scripts/build/build-runtime.sh, as the small .so.
    module("Bytes"),
    module("TensorTypes"),
    module("Architecture"),
    module("Tokenizer", ["CTextTables"]),
    module("BundleFormat", ["TensorTypes", "Architecture", "Tokenizer", "CKernels"]),
    module("ImagePreprocessing", ["Architecture", "CKernels"]),
    module(
      "PocketRuntime",
      [
        "TensorTypes", "Architecture", "BundleFormat", "Tokenizer", "ImagePreprocessing", "CKernels",
        "CPlatform", "CPocketCLIP",
      ]),

    // The Swift API.
    module("PocketCLIP", ["PocketRuntime", "CPocketCLIP"]),

    // System libraries. OpenBLAS, for the reference's matrix products, is loaded when the reference runs.
    // Inflating compressed zip members.
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    // Decoding image files on the host, with the libraries that Pillow uses.
    .systemLibrary(
      name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CWebP", pkgConfig: "libwebp", providers: [.apt(["libwebp-dev"])]),

    // Host.
    // Loops on all processors.
    module("Parallel", ["CPlatform"]),
    // How far long work is, and the line that shows it.
    module("Progress"),
    // Files and folders that appear complete or not at all, and the system call that exchanges names.
    .target(name: "COutput", cSettings: strictC),
    module("Output", ["SystemPath", "CPlatform", "COutput"]),
    // Files that are read completely, up to a limit.
    module("Input", ["SystemPath"]),
    module("Archives", ["SystemPath", "Bytes", "TensorTypes", "CPlatform", "CZlib"]),
    module("Checkpoints", ["Archives", "SystemPath", "Bytes", "TensorTypes"]),
    // Tables of the tokenizers, from the files of sentencepiece and tokenizers.
    module("TokenizerFiles", ["Archives", "Tokenizer"]),
    module("SyntheticWeights"),
    // Rounding that minimises a layer's output error, in FP64 with the same bits on every machine.
    .target(name: "CRounding", cSettings: strictC),
    module(
      "Quantization",
      ["BundleFormat", "Architecture", "Parallel", "Progress", "CKernels", "CRounding", "CPlatform"]),
    module(
      "Models",
      [
        "Archives", "Checkpoints", "SyntheticWeights", "Quantization", "Architecture", "BundleFormat",
        "TensorTypes", "Tokenizer", "TokenizerFiles", "Parallel", "Progress", "CKernels", "CVocabulary",
      ]),
    .target(name: "CImageCodecs", dependencies: ["CJPEG", "CPNG"], cSettings: strictC),
    module(
      "ImageFiles", ["ImagePreprocessing", "Architecture", "CKernels", "CImageCodecs", "CWebP", "Input"]),
    .target(name: "CPortableProduct", cSettings: strictC),
    module("ReferenceForward", ["Models", "Architecture", "Parallel", "CPortableProduct"]),
    module(
      "BundleWriter",
      [
        "Quantization", "Models", "BundleFormat", "Architecture", "TensorTypes", "CVocabulary",
        "Parallel", "Progress", "Output",
      ]),
    // Models in the formats of other tools.
    module(
      "Export",
      [
        "Quantization", "Models", "BundleFormat", "Architecture", "Parallel", "Progress", "Output",
      ]),
    module(
      "Verification",
      [
        "ReferenceForward", "PocketRuntime", "PocketCLIP", "CVocabulary", "Models", "SyntheticWeights",
        "Checkpoints", "Archives", "BundleFormat", "Quantization", "Architecture", "TensorTypes", "Tokenizer",
        "ImagePreprocessing", "ImageFiles", "Progress",
      ]),
    // A report of `verify` as one HTML file.
    module("ReportPage", ["Verification", "Architecture", "CZlib"]),
    // How two models differ, and which tensors move the embeddings.
    module(
      "ModelDiff",
      [
        "Verification", "ReferenceForward", "Models", "Quantization", "BundleFormat", "Architecture",
        "TensorTypes", "Parallel", "Progress", "CKernels",
      ]),
    // Rounding that minimises the output error, from the inputs of every layer on calibration images and texts.
    module(
      "Calibration",
      [
        "Verification", "ReferenceForward", "Models", "Quantization", "BundleFormat", "Architecture",
        "Progress",
      ]),
    // What the rounding of each matrix costs the embeddings, and the precision of each for the fewest bytes.
    module(
      "Sensitivity",
      [
        "Verification", "ReferenceForward", "Models", "Quantization", "BundleFormat", "Architecture",
        "Parallel", "Progress",
      ]),
    // Why vectors that another tool computed differ from the right ones.
    module(
      "Diagnosis",
      [
        "Verification", "ReferenceForward", "ImageFiles", "ImagePreprocessing", "Tokenizer", "CVocabulary",
        "Models", "Architecture", "TensorTypes", "Progress",
      ]),
    module(
      "Conversion",
      [
        "BundleWriter", "Calibration", "Sensitivity", "Quantization", "Verification", "Models",
        "BundleFormat",
        "Architecture", "PocketCLIP", "Output",
        "Progress",
      ]),
    // Targets of the fuzzers; ordinary tests replay them, Scripts/check/fuzz.sh runs them with libFuzzer.
    module(
      "FuzzTargets",
      [
        "Archives", "Checkpoints", "Models", "BundleFormat", "Tokenizer", "TokenizerFiles", "CVocabulary",
        "ImageFiles", "ImagePreprocessing", "Architecture",
      ]),
    // The command's process: its arguments without /proc, its standard error.
    .target(name: "CProcess"),
    .executableTarget(
      name: "pocketclip-cli",
      dependencies: [
        "CProcess", "SystemPath",
        "Archives", "Conversion", "Calibration", "Diagnosis", "Export", "ModelDiff", "Verification",
        "BundleWriter",
        "Quantization",
        "PocketCLIP",
        "ReferenceForward", "ReportPage", "ImageFiles", "Models", "Checkpoints",
        "TokenizerFiles", "BundleFormat", "Architecture", "TensorTypes", "ImagePreprocessing", "MachinePeak",
        "Parallel",
        "Input", "Output", "Progress",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    // Tests mirror Sources one to one.
    module(
      "TestSupport",
      [
        "Archives", "Architecture", "CKernels", "CZlib", "ImageFiles", "ImagePreprocessing",
        "ReferenceForward", "Verification",
      ]),
    // Lists the tensors that the readers find in many files. Scripts/check/differential compares the lists with the
    // original libraries'. Not shipped.
    .executableTarget(
      name: "ReaderListing",
      dependencies: ["Archives", "Checkpoints", "TensorTypes", "Tokenizer", "TokenizerFiles", "CZlib"],
      swiftSettings: strict),
    // A check of each kernel in the list, in C, so that it also runs under an emulator of another processor.
    .target(name: "CKernelChecks", dependencies: ["CKernels"], cSettings: strictC),
    tests("LayeringTests", ["TestSupport"]),
    tests("CLITests", ["pocketclip-cli", "PocketCLIP", "SystemPath", "Quantization", "TestSupport"]),
    tests("MachinePeakTests", ["MachinePeak"]),
    tests("ReportPageTests", ["ReportPage", "Verification", "ImageFiles"]),
    tests("BytesTests", ["Bytes"]),
    tests("TensorTypesTests", ["TensorTypes"]),
    tests("ArchitectureTests", ["Architecture", "TensorTypes", "TestSupport"]),
    tests("SyntheticWeightsTests", ["SyntheticWeights", "TestSupport"]),
    tests("CKernelsTests", ["CKernels", "CKernelChecks", "TestSupport"]),
    tests("CPlatformTests", ["CPlatform", "TestSupport"]),
    tests("ParallelTests", ["Parallel"]),
    tests("ProgressTests", ["Progress"]),
    tests("SystemPathTests", ["SystemPath"]),
    tests("InputTests", ["Input", "TestSupport"]),
    tests("OutputTests", ["Output", "TestSupport"]),
    tests("TokenizerTests", ["Tokenizer", "CTextTables", "CVocabulary", "TestSupport"]),
    tests("TokenizerFilesTests", ["TokenizerFiles", "Tokenizer", "Archives", "TestSupport"]),
    tests(
      "ImagePreprocessingTests",
      ["ImagePreprocessing", "ImageFiles", "Architecture", "CKernels", "TestSupport"]),
    tests(
      "ImageFilesTests",
      ["ImageFiles", "ImagePreprocessing", "Architecture", "CKernels", "TestSupport"]),
    tests(
      "CalibrationTests",
      [
        "Calibration", "Verification", "Quantization", "Models", "Checkpoints", "BundleFormat",
        "Architecture",
        "TestSupport",
      ]),
    tests(
      "SensitivityTests",
      [
        "Sensitivity", "Calibration", "Conversion", "ReferenceForward", "Verification", "PocketCLIP",
        "Quantization", "Models", "Checkpoints", "BundleFormat", "Architecture", "TestSupport",
      ]),
    tests(
      "ConversionTests",
      [
        "Conversion", "Calibration", "Verification", "Models", "Checkpoints", "BundleFormat", "Architecture",
        "PocketCLIP",
        "Progress", "TestSupport",
      ]),
    tests(
      "ModelDiffTests",
      [
        "ModelDiff", "Conversion", "Verification", "Models", "Checkpoints",
        "BundleFormat",
        "Architecture", "TensorTypes", "TokenizerFiles", "TestSupport",
      ]),
    tests("ArchivesTests", ["Archives", "TensorTypes", "TestSupport"]),
    tests("CheckpointsTests", ["Checkpoints", "Archives", "TensorTypes", "TestSupport"]),
    tests(
      "BundleWriterTests",
      [
        "BundleWriter", "Quantization", "Models", "Checkpoints", "Archives", "BundleFormat", "Architecture",
        "Tokenizer", "TokenizerFiles", "Output", "TestSupport",
      ]),
    tests(
      "ExportTests",
      [
        "Export", "BundleWriter", "Models", "BundleFormat", "Architecture", "TensorTypes", "Output",
        "TestSupport",
      ]),
    tests(
      "ReferenceForwardTests",
      ["ReferenceForward", "CPortableProduct", "Models", "Checkpoints", "Architecture", "TestSupport"]),
    tests("ParityTests", ["Verification", "Models", "TestSupport"]),
    tests(
      "VerificationTests",
      [
        "Verification", "Conversion", "PocketCLIP", "Models", "Checkpoints", "BundleFormat", "Architecture",
        "ReferenceForward", "TensorTypes", "TokenizerFiles", "TestSupport",
      ]),
    tests(
      "DiagnosisTests",
      [
        "Diagnosis", "ReferenceForward", "ImageFiles", "Models", "Verification", "Architecture",
        "TestSupport",
      ]),
    tests(
      "ModelsTests",
      [
        "Models", "Verification", "Checkpoints", "Archives", "BundleFormat", "Architecture", "TensorTypes",
        "Tokenizer", "TokenizerFiles", "TestSupport",
      ]),
    tests("BundleFormatTests", ["BundleFormat", "Architecture", "TestSupport"]),
    tests("QuantizationTests", ["Quantization", "BundleFormat", "Architecture", "CRounding"]),
    tests("PocketRuntimeTests", ["PocketRuntime", "Quantization", "CPocketCLIP", "TestSupport"]),
    tests("PocketCLIPTests", ["PocketCLIP", "CPocketCLIP", "TestSupport"]),
    tests("FuzzTargetsTests", ["FuzzTargets", "Archives", "TestSupport"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c11
)

// Scripts/check/fuzz.sh builds with this set, into a separate scratch path. Packages with unsafe flags cannot be
// dependencies, so the ordinary manifest does not have them.
if Context.environment["POCKETCLIP_FUZZ"] == "1" {
  let instrumented: Set = [
    "Bytes", "TensorTypes", "Architecture", "BundleFormat", "Archives", "Checkpoints", "Models", "Tokenizer",
    "TokenizerFiles", "ImagePreprocessing", "ImageFiles", "FuzzTargets",
  ]
  for target in package.targets where instrumented.contains(target.name) {
    target.swiftSettings = strict + [.unsafeFlags(["-sanitize=fuzzer,address"])]
  }
  package.products.append(.library(name: "FuzzTargets", type: .static, targets: ["FuzzTargets"]))
}
