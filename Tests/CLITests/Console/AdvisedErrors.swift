/// Errors and their advice. Names of files are those that `files` and `preparation` make.
enum AdvisedErrors {
  static let all = commandLine + values + options + inputs + models + outputs

  /// Fixtures, and what they are called here.
  static let files = [
    ("minis/mini-vit.pt", "m.pt"), ("minis/mini-rn.pt", "rn.pt"),
    ("valid/vit.safetensors", "vit.safetensors"),
    ("minis/images/alarm-clock-00.jpg", "cat.jpg"), ("foreign/weights.pt.gz", "weights.pt.gz"),
    ("valid/vit-sharded", "sharded"), ("siglip/siglip2-tokenizer", "siglip2"),
    ("siglip/siglip-tokenizer/spiece.model", "spiece.model"),
  ]

  static let preparation = [
    "convert m.pt -o m.pclip --no-measure -q", "convert m.pt -o image.pclip --tower image --no-measure -q",
    "convert m.pt -o text.pclip --tower text --no-measure -q",
    "convert m.pt -o i8.pclip --precision int8 --no-measure -q",
    "embed -m m.pclip cat.jpg -o v.safetensors -q",
    "embed -m m.pclip cat.jpg -o v.npy -q",
  ]

  private static let settings = "--heads 1 --activation quickgelu --pooling highest --preprocess openai"

  private static let commandLine = [
    AdvisedError(
      "clasify -m m.pclip cat.jpg --label a --label b", "unknown command", "classify", .replace("clasify")),
    AdvisedError("embed -m m.pclip --txt a", "unknown option '--txt'", "--text", .replace("--txt")),
    AdvisedError("convert m.pt", "missing: --output", "-o <out>", .add, filling: ["<out>": "x.pclip"]),
    AdvisedError("convert m.pt --precision", "--precision needs a value", "fp16", .add),
    AdvisedError("formats now", "unexpected argument 'now'", "leave it out", .leaveOut(["now"])),
    AdvisedError("formats --json=1", "--json takes no value", "--json", .replace("--json=1")),
    AdvisedError("help embd", "unknown command 'embd'", "embed", .replace("embd")),
  ]

  private static let values = [
    AdvisedError(
      "convert m.pt -o x.pclip --precision int4", "--precision: unknown value", "--precision int8", .add),
    AdvisedError("inspect m.pt --tokenizer opnai", "--tokenizer: unknown value", "--tokenizer openai", .add),
    AdvisedError(
      "inspect m.pt --activation quikgelu", "--activation: unknown value", "--activation quickgelu", .add),
    AdvisedError("inspect m.pt --alpha whit", "--alpha: unknown value", "--alpha white", .add),
    AdvisedError(
      "inspect m.pt --resize-backend pilow", "--resize-backend: unknown value", "--resize-backend pillow",
      .add),
    AdvisedError("inspect m.pt --format torchscrip", "--format: unknown value", "--format torchscript", .add),
    AdvisedError("inspect m.pt --format parquet", "--format: unknown value", "pocketclip formats", .run),
    AdvisedError(
      "inspect m.pt --architecture ViT-B32", "--architecture: unknown value", "--architecture ViT-B/32", .add),
    AdvisedError(
      "inspect m.pt --architecture no", "--architecture: unknown value", "pocketclip architectures", .run),
    AdvisedError("info m.pclip --isa scaler", "--isa: unknown value", "--isa scalar", .add),
    AdvisedError(
      "info m.pclip --arithmetic exakt", "--arithmetic: unknown value", "--arithmetic exact", .add),
    AdvisedError("export m.pt --to hugginface -o hf", "--to: unknown value", "--to huggingface", .add),
    AdvisedError("inspect m.pt --heads two", "--heads: expected a positive number", "--heads 12", .add),
    AdvisedError(
      "inspect m.pt --heads 1,2,3", "expected one value, or two", "--heads VALUE", .add,
      filling: ["VALUE": "1"]),
    AdvisedError("inspect m.pt --pooling end", "--pooling end", "--pooling highest", .add),
    AdvisedError(
      "info m.pclip --threads=-1", "--threads -1", "leave it out", .leaveOut(["--threads=-1"])),
    AdvisedError("diff m.pt m.pt --passes 2", "--passes 2", "leave it out", .leaveOut(["--passes"])),
    AdvisedError("bench m.pclip --seconds 0", "--seconds 0", "leave it out", .leaveOut(["--seconds"])),
    AdvisedError(
      "classify -m m.pclip cat.jpg --label a --label b --top 0", "--top 0", "leave it out",
      .leaveOut(["--top"])),
    AdvisedError(
      "convert m.pt -o x.pclip --min-cosine 2", "--min-cosine 2", "leave it out", .leaveOut(["--min-cosine"])),
    AdvisedError(
      "convert synthetic:ViT-B32 -o x.pclip --no-measure", "unknown architecture name",
      "pocketclip architectures", .run),
    AdvisedError("inspect m.pt --preprocess clip", "--preprocess clip", "--preprocess openai", .add),
  ]

  private static let options = [
    AdvisedError("embed -m m.pclip cat.jpg -o p.npy --prune", "--prune needs --resume", "--resume", .add),
    AdvisedError(
      "embed -m m.pclip cat.jpg --resume", "--resume needs -o", "-o NAME", .add, filling: ["NAME": "r.npy"]),
    AdvisedError(
      "embed -m m.pclip cat.jpg -o r.npy --resume --force", "exclude each other", "--force",
      .leaveOut(["--resume"])),
    AdvisedError(
      "classify -m m.pclip cat.jpg --label a --label b --lines --json", "--lines and --json",
      "give one of them", .leaveOut(["--json"])),
    AdvisedError(
      "info --isa scalar", "have no effect without a bundle", "leave them out", .leaveOut(["--isa"])),
    AdvisedError("bench m.pclip i8.pclip --seconds 0.001", "2 bundles without --compare", "--compare", .add),
    AdvisedError(
      "bench --compare m.pclip --arithmetic exact --seconds 0.001", "--compare runs every",
      "leave out --arithmetic", .leaveOut(["--arithmetic"])),
    AdvisedError(
      "convert m.pt -o x.pclip --no-measure --min-cosine 0.9", "--no-measure excludes",
      "leave out --no-measure", .leaveOut(["--no-measure"])),
    AdvisedError(
      "convert m.pt -o x.pclip --no-measure --effort calibrated", "--effort only applies to",
      "--precision int8", .add),
    AdvisedError(
      "convert m.pt -o x.pclip --precision int8 --effort nearest --calibrate cat.jpg",
      "--effort nearest does not calibrate", "leave out --effort", .leaveOut(["--effort"])),
    AdvisedError(
      "convert m.pt -o x.pclip --precision int8 --calibrate cat.jpg --no-measure", "never calibrates",
      "--effort calibrated", .add),
    AdvisedError(
      "verify m.pclip --min-cosine 0.9", "a bundle alone is checked", "--against CHECKPOINT", .add,
      filling: ["CHECKPOINT": "m.pt"]),
    AdvisedError(
      "verify m.pclip --reference portable", "--reference has no effect", "--against CHECKPOINT", .add,
      filling: ["CHECKPOINT": "m.pt"]),
    AdvisedError(
      "diagnose m.pt --embeddings x.npy", "no inputs: the right vectors", "--images", .add,
      filling: ["--images": "--images cat.jpg"]),
    AdvisedError("embed -m m.pclip", "no images and no texts", "--text TEXT", .add, filling: ["TEXT": "a"]),
    AdvisedError(
      "classify -m m.pclip --label a --label b", "no images", "images", .add,
      filling: ["images": "cat.jpg"]),
    AdvisedError(
      "classify -m m.pclip cat.jpg", "no labels", "--label", .add, filling: ["--label": "--label a --label b"]
    ),
    AdvisedError(
      "embed -m m.pclip --texts - --images -", "standard input is named 2 times", "files", .replace("-"),
      filling: ["files": "/dev/null"]),
  ]

  private static let inputs = [
    AdvisedError(
      "verify m.pclip m.pt", "2 inputs, of which m.pclip is a bundle",
      "pocketclip verify m.pclip --against m.pt", .run),
    AdvisedError(
      "verify m.pt --against m.pclip", "a checkpoint is verified with a golden file",
      "pocketclip verify m.pclip --against m.pt", .run),
    AdvisedError(
      "inspect cat.jpg", "not a checkpoint (an image)", "`pocketclip embed -m BUNDLE.pclip cat.jpg`", .run,
      filling: ["BUNDLE": "m"]),
    AdvisedError(
      "info m.pt", "a checkpoint (TorchScript archive), not a bundle",
      "`pocketclip convert m.pt -o NAME.pclip`", .run, filling: ["NAME": "new"]),
    AdvisedError(
      "inspect v.safetensors", "vectors that `pocketclip embed` wrote", "the bundle that made them",
      .replace("v.safetensors"), filling: ["the bundle that made them": "m.pclip"]),
    AdvisedError(
      "convert v.npy -o x.pclip", "vectors that `pocketclip embed` wrote", "the bundle that made them",
      .replace("v.npy"), filling: ["the bundle that made them": "m.pclip"]),
    AdvisedError(
      "info v.safetensors", "not a bundle: vectors that", "the bundle that made them",
      .replace("v.safetensors"),
      filling: ["the bundle that made them": "m.pclip"]),
    AdvisedError("info .", "a folder, not a bundle", "./i8.pclip", .replace(".")),
    AdvisedError(
      "inspect weights.pt.gz", "one compressed file", "`gunzip -k weights.pt.gz`",
      .shell("inspect weights.pt")),
    AdvisedError(
      "inspect m.pt --format safetensors", "not a checkpoint (expected the format safetensors",
      "--format torchscript", .add),
    AdvisedError(
      "inspect nothing.pt", "no such file or folder", "check the path", .replace("nothing.pt"),
      filling: ["check the path": "m.pt"]),
    AdvisedError(
      "inspect sharded/model-00001-of-00003.safetensors", "one part of a checkpoint in several files",
      "the folder", .replace("sharded/model-00001-of-00003.safetensors"), filling: ["the folder": "sharded"]),
    AdvisedError(
      "embed -m m.pclip m.pt", "not an image this tool reads", "JPEG", .replace("m.pt"),
      filling: ["JPEG": "cat.jpg"]),
  ]

  private static let models = [
    AdvisedError(
      "convert siglip2 -o x.pclip --no-measure", "what becomes of a text", "--tokenizer none", .add),
    AdvisedError(
      "convert siglip2 -o x.pclip --no-measure", "what becomes of a text",
      "--text-rules siglip, siglip2, pipeline, open_clip or big_vision", .add,
      filling: ["siglip, siglip2, pipeline, open_clip or big_vision": "pipeline"]),
    AdvisedError(
      "convert siglip2 -o x.pclip --no-measure --tokenizer spiece.model --text-rules siglip2",
      "the tokenizer's file cannot be used", "--tokenizer none", .add),
    AdvisedError(
      "convert vit.safetensors -o x.pclip --no-measure --heads 1 --pooling highest --preprocess openai",
      "the activation is not recorded", "--activation quickgelu", .add),
    AdvisedError(
      "convert vit.safetensors -o x.pclip --no-measure --heads 1 --activation gelu --preprocess openai",
      "the pooled position", "--pooling highest", .add),
    AdvisedError(
      "convert vit.safetensors -o x.pclip --no-measure --heads 1 --activation gelu --pooling highest",
      "the preprocessing of images", "--preprocess openai", .add),
    AdvisedError(
      "convert vit.safetensors -o x.pclip --no-measure --activation gelu --pooling highest --preprocess openai",
      "the number of attention heads", "--heads IMAGE,TEXT", .add, filling: ["IMAGE,TEXT": "1,1"]),
    AdvisedError(
      "convert vit.safetensors -o x.pclip --no-measure \(settings) --tokenizer openai",
      "an option or a config requests",
      "leave --tokenizer out", .leaveOut(["--tokenizer"])),
    AdvisedError(
      "convert vit.safetensors -o x.pclip --no-measure --heads 1 --activation quickgelu --preprocess openai --pooling first:99999",
      "an option or a config requests",
      "--pooling highest", .add),
    AdvisedError(
      "convert image.pclip -o x.pclip --tower text", "the checkpoint has no such tower", "--tower",
      .leaveOut(["--tower"])),
    AdvisedError(
      "convert m.pclip -o x.pclip --heads 4", "an option or a config requests", "leave the option out",
      .leaveOut(["--heads"])),
    AdvisedError(
      "inspect m.pt --architecture ViT-B-32", "do not have the sizes of the named architecture",
      "leave out --architecture", .leaveOut(["--architecture"])),
    AdvisedError(
      "inspect m.pt --heads 5", "not a multiple of the heads", "leave it out", .leaveOut(["--heads"])),
    AdvisedError(
      "inspect m.pt --lora-alpha 4", "no low-rank update in the file", "leave --lora-alpha out",
      .leaveOut(["--lora-alpha"])),
    AdvisedError(
      "inspect m.pt --adapter merge", "no adapter is next to complete weights", "leave --adapter out",
      .leaveOut(["--adapter"])),
    AdvisedError(
      "classify -m image.pclip cat.jpg --label a --label b", "this bundle has no text tower", "--text-model",
      .add, filling: ["--text-model": "--text-model text.pclip"]),
    AdvisedError(
      "embed -m m.pclip --text a --arithmetic bf16 --isa scalar", "BF16", "--arithmetic exact", .add),
    AdvisedError(
      "convert m.pt -o x.pclip --precision int8 --min-cosine 1", "nothing was written", "--min-cosine",
      .add, filling: ["--min-cosine": "--min-cosine 0.5"]),
  ]

  private static let outputs = [
    AdvisedError("convert m.pt -o x.onnx", "this command writes a bundle", "-o x.pclip", .add),
    AdvisedError(
      "embed -m m.pclip cat.jpg -o x.csv", "this command writes vectors", "-o x.safetensors", .add),
    AdvisedError(
      "embed -m m.pclip cat.jpg -o -", "-o - is not supported", "leave out -o", .leaveOut(["-o", "-"])),
    AdvisedError("convert m.pt -o m.pclip --no-measure", "a file of that name exists", "--force", .add),
    AdvisedError(
      "convert m.pt -o no/folder/x.pclip --no-measure", "its folder does not exist", "mkdir -p no/folder",
      .shell("convert m.pt -o no/folder/x.pclip --no-measure")),
    AdvisedError("embed -m m.pclip cat.jpg -o v.npy", "a file of that name exists", "--resume", .add),
    AdvisedError(
      "embed -m m.pclip cat.jpg -o v.npy --resume --raw", "made with another normalized",
      "another name to -o", .replace("v.npy"), filling: ["another name to -o": "raw.npy"]),
    AdvisedError(
      "export rn.pt --to huggingface -o hf", "transformers has no ResNet CLIP", "--to open-clip", .add),
    AdvisedError(
      "export m.pt --to huggingface -o hf --precision int8", "expected weights in fp32 or fp16",
      "--precision fp16", .add),
    AdvisedError(
      "convert m.pt -o /dev/stdout", "-o /dev/stdout is not supported", "name a file",
      .replace("/dev/stdout"), filling: ["name a file": "x.pclip"]),
  ]
}
