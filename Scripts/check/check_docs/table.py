"""The settings of check_docs for each page. Without a row here a page's `sh` and `console` blocks are run,
one after the other in one fresh folder, and every command must end with status 0.

A block is identified by its page and the beginning of its text. A row without a block is an error, and so is a block
that is neither run nor listed.
"""

import dataclasses

from stand_ins import copy, hub, link, scaled, twice, written

MINI = "Fixtures/minis/mini-vit.pt"
IMAGE = "Fixtures/minis/images/tractor-14.jpg"
LABELS = "Fixtures/minis/images/labels.txt"
IMAGE_TOWER, TEXT_TOWER = "Fixtures/valid/vit-mmproj.gguf", "Fixtures/valid/vit-clip-cpp-text.gguf"
# Full size, because --architecture compares the tensors with the real model's.
FULL_SIZE = written("export", "synthetic:ViT-B-32", "--to", "safetensors", "--precision", "fp16")
INT8 = written("convert", MINI, "--precision", "int8")
FP16 = written("convert", MINI)

MISTAKES = "Fixtures/diagnose/mistakes"
# Vectors with a mistake, and the inputs that they belong to.
DIAGNOSED = {
    "ViT-B-32.pt": copy(MINI), "Photos": copy("Fixtures/diagnose/images"),
    "mine.npy": copy(f"{MISTAKES}/folder-bilinear.npy"),
    "mine.safetensors": copy(f"{MISTAKES}/text-eos-safetensors.safetensors"),
    "captions.txt": copy("Fixtures/diagnose/texts.txt"),
}
# The second linear layer of texts, changed as in Fixtures/diff.
CHANGED = scaled(written("export", MINI, "--to", "safetensors"), "transformer.resblocks.1.mlp.c_fc.weight")

# Page: {name in the fresh folder: its content}. `~` is a fresh home directory for the page's commands.
STAND_INS = {
    "README.md": {
        "ViT-B-32.pt": copy(MINI),
        "epoch_32.pt": FULL_SIZE,
        "cat.jpg": copy(IMAGE), "birds.txt": copy(LABELS),
        "Photos": copy("Fixtures/minis/images"),
        "models--laion--CLIP-ViT-B-32-laion2B-s34B-b79K": hub("Fixtures/valid/vit-open-clip"),
        "~/.cache/huggingface/hub/models--openai--clip-vit-base-patch32": hub("Fixtures/valid/vit-hugging-face"),
        "dist": link("dist"), "mine.npy": copy(f"{MISTAKES}/all-bilinear.npy"),
    },
    "Python/README.md": {"b32.pclip": INT8},
    "Examples/README.md": {
        ".build": link(".build"), "Examples": link("Examples"), "Fixtures": link("Fixtures"), "Python": link("Python"),
        "dist": link("dist"),
    },
    "docs/BUNDLE.md": {name: copy(f"Fixtures/valid/bundle/{name}")
                       for name in ["vit.safetensors", "vit-fp32.pclip", "vit-int8.pclip"]},
    "docs/VERIFY.md": {
        "b32.pclip": INT8, "ViT-B-32.pt": copy(MINI), "Photos": copy("Fixtures/minis/images"), "birds.txt": copy(LABELS),
        "golden.safetensors": copy("Fixtures/minis/goldens/mini-vit.safetensors"),
    },
    "docs/VECTORS.md": {"b32.pclip": INT8, "Photos": copy("Fixtures/minis/images")},
    "docs/CARD.md": {"b32.pclip": INT8, "cat.jpg": copy(IMAGE), "dist": link("dist")},
    "docs/DIFF.md": {
        "ViT-B-32.pt": copy(MINI), "b32.pclip": INT8, "b32.safetensors": written("export", MINI, "--to", "safetensors"),
        "clip-vit-b32": written("export", MINI, "--to", "huggingface"), "changed.safetensors": CHANGED,
    },
    "docs/TROUBLESHOOTING.md": {
        "siglip2-base-patch16-224": copy("Fixtures/siglip/siglip2-tokenizer"),
        "ViT-B-32.pt": copy(MINI), "epoch_32.pt": FULL_SIZE, "b32.pclip": INT8, "cat.jpg": copy(IMAGE),
        "Photos": copy("Fixtures/minis/images"), "golden.safetensors": copy("Fixtures/minis/goldens/mini-vit.safetensors"),
        "clip-vit-b32": written("export", MINI, "--to", "huggingface"),
        "open-clip-folder": written("export", MINI, "--to", "open-clip"),
        "text_encoder": copy("Fixtures/valid/vit-hugging-face-text"), "clip-tiny": copy("Fixtures/valid/vit-hugging-face"),
        "lora": copy("Fixtures/adapters/plain"), "vision.gguf": copy(IMAGE_TOWER), "text.gguf": copy(TEXT_TOWER),
        "trained.safetensors": twice(written("export", MINI, "--to", "safetensors"), "model.", "model_ema."),
        "~/.cache/huggingface/hub/models--openai--clip-vit-base-patch32": hub("Fixtures/valid/vit-hugging-face"),
        "dist": link("dist"), "mine.npy": copy(f"{MISTAKES}/all-bilinear.npy"),
    },
    "docs/CHECKPOINTS.md": {"type-99.gguf": copy("Fixtures/malformed/gguf/type-99.gguf")},
    "docs/DIAGNOSE.md": DIAGNOSED | {
        "pixels.npy": copy("Fixtures/diagnose/pixels.npy"), "texts.npy": copy(f"{MISTAKES}/text-eos.npy"),
        "ids.npy": copy("Fixtures/diagnose/ids.npy"),
    },
    "docs/GOLDEN.md": {
        "Scripts": link("Scripts"), ".venv-goldens": link(".venv-goldens"), "ViT-B-32.pt": copy(MINI),
        "cat.jpg": copy(IMAGE), "captions.txt": copy(LABELS),
        "open-clip-folder": written("export", MINI, "--to", "open-clip"),
        "hugging-face-folder": written("export", MINI, "--to", "huggingface"),
    },
    "pocketclip help": {"ViT-B-32.pt": copy(MINI), "image.jpg": copy(IMAGE)},
    "pocketclip help inspect": {"epoch_32.pt": copy(MINI), "broken.gguf": copy("Fixtures/malformed/gguf/type-99.gguf")},
    "pocketclip help convert": {
        "ViT-B-32.pt": copy(MINI), "epoch_32.pt": FULL_SIZE, "clip-folder": copy("Fixtures/valid/vit-open-clip"),
        "vision.gguf": copy(IMAGE_TOWER), "text.gguf": copy(TEXT_TOWER),
    },
    "pocketclip help verify": {
        "ViT-B-32.pt": copy(MINI), "b32.pclip": INT8, "Photos": copy("Fixtures/minis/images"), "birds.txt": copy(LABELS),
        "golden.safetensors": copy("Fixtures/minis/goldens/mini-vit.safetensors"),
    },
    "pocketclip help diff": {
        "ViT-B-32.pt": copy(MINI), "clip-vit-base-patch32": written("export", MINI, "--to", "open-clip"),
        "epoch_1.pt": FULL_SIZE, "epoch_2.pt": FULL_SIZE,
    },
    "pocketclip help export": {
        "ViT-B-32.pt": copy(MINI), "b32.pclip": INT8, "vision.gguf": copy(IMAGE_TOWER), "text.gguf": copy(TEXT_TOWER),
    },
    "pocketclip help embed": {"b32.pclip": INT8, "Photos": copy("Fixtures/minis/images")},
    "pocketclip help classify": {
        "b32.pclip": INT8, "cat.jpg": copy(IMAGE), "Photos": copy("Fixtures/minis/images"),
        "birds.txt": copy(LABELS),
    },
    "pocketclip help bench": {
        "b32.pclip": INT8, "b32-fp16.pclip": FP16, "b32-int8.pclip": INT8, "ViT-B-32.pt": copy(MINI),
        "Photos": copy("Fixtures/minis/images"),
    },
    "pocketclip help diagnose": DIAGNOSED | {
        "text.npy": copy(f"{MISTAKES}/text-eos.npy"), "words.txt": copy("Fixtures/diagnose/texts.txt"),
    },
    "pocketclip help info": {"b32.pclip": INT8},
}

# Page, beginning of the block, why it is not run.
NOT_RUN = [
    ("README.md", "sh Scripts/setup.sh", ".ci/run begins with exactly these lines"),
    ("CONTRIBUTING.md", "Bytes →", "a drawing"),
    ("docs/ARCHITECTURE.md", "file → Archives", "a drawing"),
    ("Benchmarks/README.md", "make bench", "races every engine for an hour; `make ci-full` races one case"),
    ("Benchmarks/README.md", "Scripts/build/build-runtime.sh && PYTHONPATH",
     "needs what `make bench` has installed and exported"),
    ("Benchmarks/README.md", "Scripts/build/build-runtime.sh /tmp/new", "likewise"),
    ("Benchmarks/README.md", "make bench-images", "measures for minutes"),
    ("Benchmarks/README.md", "make bench-profile", "needs `perf`"),
    ("Benchmarks/README.md", "make bench-quantizers", "needs what `make bench` has installed; `make ci-full` measures one model"),
    ("Benchmarks/README.md", "make curve", "needs PyTorch; `make ci-full` runs it, `make check-curve` a part of it"),
    ("Fixtures/minis/README.md", "python train.py", "trains the minis anew"),
    ("THIRD_PARTY.md", "MIT License", "a licence"),
    ("THIRD_PARTY.md", "UNICODE LICENSE", "a licence"),
    ("THIRD_PARTY.md", "Copyright © WHATWG", "a licence"),
    ("THIRD_PARTY.md", "As an exception", "a licence"),
    ("docs/BUNDLE.md", '{"__metadata__"', "a layout"),
    ("docs/BUNDLE.md", "splitmix64(n)", "a formula"),
    ("docs/BUNDLE.md", "the header's length", "BundleFormatTests compares it with the file"),
    ("docs/OFFICIAL.md", "make build\nsh", "downloads 5 GB; `make check-official` has a stand-in"),
    ("docs/OFFICIAL.md", "make build && sh", "likewise; Scripts/check/official.sh writes this block"),
    ("docs/SYNTHETIC.md", "synthetic:ViT-B-32", "names"),
    ("docs/SYNTHETIC.md", "key  =", "a formula"),
    ("docs/SYNTHETIC.md", "b     =", "a formula"),
    ("docs/SYNTHETIC.md", "key   2c14", "figures"),
    ("docs/SYNTHETIC.md", "x     =", "a formula"),
    ("docs/SYNTHETIC.md", "dome     =", "a formula"),
    ("docs/SYNTHETIC.md", "lattice of", "a formula"),
]

# Page, beginning of the block, what it needs: run with --all alone.
SLOW = [
    ("Examples/README.md", "swift run", "builds the package of the example: minutes"),
    ("Examples/README.md", "python3 -m venv", "an environment of 1 GB, and Java"),
    ("docs/GOLDEN.md", "Scripts/environments/venv-goldens.sh", "an environment of 2 GB"),
]

# Page, beginning of the command: the expected exit status, if it is not 0.
STATUS = {
    ("pocketclip help inspect", "pocketclip inspect --explain broken.gguf"): 65,
    ("docs/DIFF.md", "pocketclip diff ViT-B-32.pt changed.safetensors"): 1,
} | {
    (page, "pocketclip diagnose ViT-B-32.pt --embeddings " + rest): 1  # The vectors are wrong.
    for page, rest in [
        ("README.md", "mine.npy --images Photos/  # why another tool's vectors differ"),
        ("docs/TROUBLESHOOTING.md", "mine.npy --images Photos/"), ("docs/DIAGNOSE.md", "mine.npy --images Photos/"),
        ("docs/DIAGNOSE.md", "mine.safetensors --texts captions.txt"), ("docs/DIAGNOSE.md", "texts.npy --ids ids.npy"),
        ("pocketclip help diagnose", "mine.npy --images Photos/"),
        ("pocketclip help diagnose", "text.npy --texts words.txt"),
    ]
}


@dataclasses.dataclass(frozen=True)
class Program:
    """A block in another language, and the text around it that makes it a program."""
    file: str  # The name under which the page's later commands find it.
    before: str = ""
    after: str = ""
    indent: str = ""
    runner: str = ""  # "" where the page itself says how it is built and run.


# Page, beginning of the block.
PROGRAMS = {
    ("README.md", "import json, subprocess, numpy, safetensors"): Program("search.py", runner="python3", after="""
assert rows[0]["space_id"] == query["space_id"], "images and query are not of one space"
assert len(rows) == len(images) > 5
"""),
    ("README.md", "#include <pocketclip.h>"): Program("app.c", before="""\
#include <pocketclip.h>
#include <stdio.h>
#include <stdlib.h>
static void die(const char *message) { fprintf(stderr, "%s\\n", message); exit(1); }
int main(void) {
  enum { side = 96, dim = 64 };
  static uint8_t pixels[side * side * 3];
  static float vector[dim];
  pclip_image image = {.pixels = pixels, .width = side, .height = side};
""", after="""
  float norm = 0;
  for (int i = 0; i < dim; i++) norm += vector[i] * vector[i];
  if (norm < 0.99f || norm > 1.01f) die("the vector is not of unit length");
  return 0;
}
"""),
    ("README.md", "from PIL import Image"): Program("first.py", runner="python3", after="""
import json, subprocess, numpy
line = json.loads(subprocess.check_output(["pocketclip", "embed", "-m", "b32.pclip", "cat.jpg"]))
assert model.info.space_id == line["space_id"]
assert isinstance(images, numpy.ndarray) and isinstance(texts, numpy.ndarray)
assert numpy.abs(images[0] - numpy.float32(line["vector"])).max() < 1e-6, "not the vector of `pocketclip embed`"
"""),
    ("docs/CARD.md", "from PIL import Image"): Program("card.py", runner="python3"),
    ("docs/CARD.md", "#include <pocketclip.h>"): Program("app.c"),
    ("Python/README.md", "from pocketclip import"): Program("first.py", runner="python3", before="""
import numpy
image = numpy.zeros([96, 96, 3], numpy.uint8)
"""),
    ("docs/VECTORS.md", "def file_name"): Program("names.py", runner="python3", after="""
import json, os, pathlib, subprocess
name = b"caf\\xe9 \\xf0\\x9f\\x98\\x80.jpg"  # A byte that is not UTF-8, and a character of four bytes that is.
os.link(sorted(pathlib.Path("Photos").glob("*.jpg"))[0], os.path.join(b"Photos", name))
found = subprocess.check_output(["pocketclip", "embed", "-m", "b32.pclip", "Photos"], stderr=subprocess.DEVNULL)
rows = [json.loads(line) for line in found.splitlines()]
assert b"Photos/" + name in [file_name(row["input"]) for row in rows], "the name did not come back"
assert all(os.path.exists(file_name(row["input"])) for row in rows)
os.unlink(os.path.join(b"Photos", name))
"""),
    ("docs/BUNDLE.md", "panels = safetensors.numpy.load_file"): Program(
        "restore.py", runner="python3", indent="    ", before="""
import numpy, safetensors.numpy
name = "visual.transformer.resblocks.0.mlp.c_proj.weight"
original = safetensors.numpy.load_file("vit.safetensors")[name].astype(numpy.float32)
N, K = original.shape
for path in ["vit-fp32.pclip", "vit-int8.pclip"]:
""", after="""
    if path == "vit-int8.pclip":
        matrix = matrix * safetensors.numpy.load_file(path)[name + ".scale"][:N, None]
    step = 0 if path == "vit-fp32.pclip" else numpy.abs(original).max(axis=1, keepdims=True) / 127
    assert (numpy.abs(matrix - original) <= step / 2 * 1.001).all(), path
"""),
}
