"""Tiny random CLIPs as bundles in three precisions, and the outputs of OpenAI's code for the same weights.

    Scripts/environments/venv-goldens.sh; .venv-goldens/bin/python Fixtures/runtime/make_runtime_fixtures.py

torch 2.13.0+cpu, clip-anytorch 2.6.0 (OpenAI's clip package), open_clip 3.3.0 (the model with a sigmoid), numpy. Truth is the float64 forward pass, with
clip.model.LayerNorm.forward replaced by nn.LayerNorm.forward, which it casts to float32 otherwise.
"""

import gzip
import pathlib
import sys

import numpy as np
import open_clip
import torch
from clip import model as clip_model

from tiny_bundles import PRECISIONS, selftest_ids, selftest_pixels, write_bundle

clip_model.LayerNorm.forward = torch.nn.LayerNorm.forward
here = pathlib.Path(__file__).parent

VIT = {"kind": "vit", "size": 30, "patch_size": 7, "width": 40, "layers": 3, "heads": 2, "mlp_width": 160,
       "activation": "quick_gelu", "projection": 24}
RESNET = {"kind": "resnet", "size": 64, "width": 6, "blocks.1": 1, "blocks.2": 2, "blocks.3": 1, "blocks.4": 2,
          "heads": 3, "projection": 24}
TEXT = {"context_length": 13, "vocabulary": 71, "width": 36, "layers": 3, "heads": 3, "mlp_width": 144,
        "activation": "quick_gelu", "pooled_id": "none", "projection": 24}

# Towers published without projections: other activations, and pooling at an id that is not the highest.
HIDDEN_VIT = {"kind": "vit", "size": 28, "patch_size": 14, "width": 32, "layers": 2, "heads": 2, "mlp_width": 128,
              "activation": "gelu", "projection": "none"}
HIDDEN_TEXT = {"context_length": 9, "vocabulary": 50, "width": 20, "layers": 2, "heads": 1, "mlp_width": 80,
               "activation": "gelu_tanh", "pooled_id": 7, "projection": "none"}
# A tokenizer, which needs the complete vocabulary: most rows of the table are zero, and the file is kept gzipped.
WORDS = {"context_length": 9, "vocabulary": 49408, "width": 4, "layers": 1, "heads": 1, "mlp_width": 16,
         "activation": "gelu", "pooled_id": "none", "projection": "none"}

# open_clip's model with `init_logit_bias`, as for training with SigLIP's loss.
SIGMOID_VIT = {"kind": "vit", "size": 24, "patch_size": 8, "width": 32, "layers": 2, "heads": 2, "mlp_width": 128,
               "activation": "gelu", "projection": 16}
SIGMOID_TEXT = {"context_length": 9, "vocabulary": 50, "width": 24, "layers": 2, "heads": 2, "mlp_width": 96,
                "activation": "gelu", "pooled_id": "none", "projection": 16}


class TextTower(torch.nn.Module):
    """The text tower of clip.model.CLIP, whose constructor ties its sizes to the image tower's."""

    def __init__(self, tower):
        super().__init__()
        length, width = tower["context_length"], tower["width"]
        mask = torch.full((length, length), float("-inf")).triu_(1)
        self.transformer = clip_model.Transformer(width, tower["layers"], tower["heads"], mask)
        self.token_embedding = torch.nn.Embedding(tower["vocabulary"], width)
        self.positional_embedding = torch.nn.Parameter(torch.randn(length, width) * 0.02)
        self.ln_final = clip_model.LayerNorm(width)
        if tower["projection"] != "none":
            self.text_projection = torch.nn.Parameter(torch.randn(width, tower["projection"]) * width**-0.5)
        self.dtype = torch.float64

    encode_text = clip_model.CLIP.encode_text


def randomize(module):
    """Statistics of trained networks in miniature: gains with spread, biases and running means that are not zero."""
    for name, tensor in module.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 2)
        elif name.endswith("running_mean"):
            tensor.normal_(0, 0.3)
        elif tensor.dim() == 1 and name.endswith("weight"):
            tensor.uniform_(0.6, 1.4)
        elif tensor.dim() == 1 and name.endswith("bias"):
            tensor.normal_(0, 0.1)
        elif tensor.dim() == 4:
            tensor.normal_(0, (2 / tensor[0].numel()) ** 0.5)
        elif tensor.dim() == 2 and name.endswith(("weight", "in_proj_weight")):
            tensor.normal_(0, tensor.shape[1] ** -0.5)


def set_activation(module, activation):
    """open_clip's and Hugging Face's activations in OpenAI's blocks."""
    gelu = torch.nn.GELU(approximate="tanh" if activation == "gelu_tanh" else "none")
    for block in module.transformer.resblocks:
        block.mlp.gelu = gelu


def image_tower(tower):
    if tower["kind"] == "vit":
        return clip_model.VisionTransformer(tower["size"], tower["patch_size"], tower["width"], tower["layers"],
                                            tower["heads"], tower["projection"])
    blocks = [tower[f"blocks.{stage}"] for stage in (1, 2, 3, 4)]
    return clip_model.ModifiedResNet(blocks, tower["projection"], tower["heads"], tower["size"], tower["width"])


def main():
    torch.manual_seed(20260301)
    text = TextTower(TEXT)
    randomize(text)
    for name, tower in (("vit", VIT), ("resnet", RESNET)):
        visual = image_tower(tower)
        randomize(visual)
        write_family(name, tower, visual.eval(), text.eval())
    write_hidden_states()
    write_tokenizer()
    write_sigmoid()


def write_hidden_states():
    visual = clip_model.VisionTransformer(HIDDEN_VIT["size"], HIDDEN_VIT["patch_size"], HIDDEN_VIT["width"],
                                          HIDDEN_VIT["layers"], HIDDEN_VIT["heads"], 8)
    visual.proj = None
    text = TextTower(HIDDEN_TEXT)
    for module, tower in ((visual, HIDDEN_VIT), (text, HIDDEN_TEXT)):
        set_activation(module, tower["activation"])
        randomize(module)
    state = {"visual." + key: value for key, value in visual.state_dict().items()} | dict(text.state_dict())
    arrays = {key: value.float().numpy() for key, value in state.items()}
    visual, text = visual.double().eval(), text.double().eval()
    count = 3 * HIDDEN_VIT["size"] ** 2
    pixels = selftest_pixels(count).reshape(1, 3, HIDDEN_VIT["size"], HIDDEN_VIT["size"])
    ids = torch.tensor([[48, 3, 7, 49, 7, 1, 2, 3, 4]])  # pooled at position 2, though 49 is higher
    with torch.no_grad():
        image = visual(torch.from_numpy(pixels).double())[0].numpy()
        x = text.token_embedding(ids) + text.positional_embedding
        x = text.ln_final(text.transformer(x.permute(1, 0, 2)).permute(1, 0, 2))
        hidden = x[0, 2].numpy()
    zeros = {"image": np.zeros(HIDDEN_VIT["width"]), "text": np.zeros(HIDDEN_TEXT["width"])}
    write_bundle(here / "hidden-fp32.pclip", "fp32", arrays, HIDDEN_VIT, HIDDEN_TEXT, selftest=zeros)
    write_bundle(here / "hidden-text-fp32.pclip", "fp32", arrays, None, HIDDEN_TEXT, selftest=zeros)
    (here / "hidden-images.f64").write_bytes(image.tobytes())
    (here / "hidden-texts.f64").write_bytes(hidden.tobytes())


def write_tokenizer():
    text = TextTower(WORDS)
    randomize(text)
    arrays = {key: value.numpy() for key, value in text.state_dict().items()}
    arrays["token_embedding.weight"][600:49406] = 0
    merges = np.fromfile(here.parents[1] / "Sources/CVocabulary/openai-merges.u16", "<u2").reshape(-1, 2)
    bundle = here / "words-fp16.pclip"
    write_bundle(bundle, "fp16", arrays, None, WORDS, merges, selftest={"text": np.zeros(WORDS["width"])})
    with open(f"{bundle}.gz", "wb") as file, gzip.GzipFile("", "wb", 9, file, mtime=0) as packed:
        packed.write(bundle.read_bytes())
    bundle.unlink()


def write_sigmoid():
    """sigmoid(scale * cosine + bias) of every image and text, by open_clip's own logits in float64."""
    torch.manual_seed(20261129)
    vision = {"image_size": 24, "patch_size": 8, "width": 32, "layers": 2, "head_width": 16}
    words = {"context_length": 9, "vocab_size": 50, "width": 24, "layers": 2, "heads": 2}
    model = open_clip.CLIP(16, vision, words, init_logit_scale=np.log(12), init_logit_bias=-1.5)
    randomize(model)
    state = {key: value.numpy().copy() for key, value in model.state_dict().items()}
    model = model.double().eval()
    pixels = selftest_pixels(IMAGES * 3 * 24**2).reshape(IMAGES, 3, 24, 24)
    with torch.no_grad():
        logits, _ = model.get_logits(torch.from_numpy(pixels).double(), torch.tensor(text_ids(SIGMOID_TEXT)))
    zeros = {"image": np.zeros(16), "text": np.zeros(16)}
    write_bundle(here / "sigmoid-fp32.pclip", "fp32", state, SIGMOID_VIT, SIGMOID_TEXT, selftest=zeros)
    (here / "sigmoid-probabilities.f64").write_bytes(torch.sigmoid(logits).numpy().tobytes())


def write_family(name, tower, visual, text):
    # Weights that FP16 holds exactly, so that one reference serves FP32 and FP16.
    state = {"visual." + key: value for key, value in visual.state_dict().items()} | dict(text.state_dict())
    for value in state.values():
        if value.is_floating_point():
            value.copy_(value.half().float())
    arrays = {key: value.numpy() for key, value in state.items()} | {"logit_scale": np.float32(np.log(100))}
    goldens = golden_vectors(tower, visual.double(), text.double())
    for precision in PRECISIONS:
        write_bundle(here / f"{name}-{precision}.pclip", precision, arrays, tower, TEXT,
                     selftest=goldens["selftest"], tolerance=(0.05, 0.05) if precision in ("int8", "mixed") else (1e-5, 1e-5))
    (here / f"{name}-images.f64").write_bytes(goldens["images"].tobytes())
    (here / f"{name}-texts.f64").write_bytes(goldens["texts"].tobytes())


@torch.no_grad()
def golden_vectors(tower, visual, text):
    """Unit vectors of the generated images and of texts of every length."""
    values = 3 * tower["size"] ** 2
    pixels = selftest_pixels(IMAGES * values).reshape(IMAGES, 3, tower["size"], tower["size"])
    images = visual(torch.from_numpy(pixels).double())
    texts = text.encode_text(torch.tensor(text_ids(TEXT)))
    images = images / images.norm(dim=1, keepdim=True)
    texts = texts / texts.norm(dim=1, keepdim=True)
    first_text = text.encode_text(torch.tensor([selftest_ids(TEXT["context_length"], TEXT["vocabulary"])]))
    return {"images": images.numpy(), "texts": texts.numpy(),
            "selftest": {"image": images[0].float().numpy(),
                         "text": (first_text[0] / first_text[0].norm()).float().numpy()}}


IMAGES = 3


def text_ids(tower):
    """One text of each length from 2 to the context: start, 7·position + length, …, end, zeros."""
    context, vocabulary = tower["context_length"], tower["vocabulary"]
    rows = []
    for length in range(2, context + 1):
        middle = [(7 * position + length) % (vocabulary - 2) for position in range(1, length - 1)]
        rows.append([vocabulary - 2] + middle + [vocabulary - 1] + [0] * (context - length))
    return rows


if __name__ == "__main__":
    sys.exit(main())
