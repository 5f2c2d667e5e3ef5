"""Bundles of tiny random CLIPs, written from docs/BUNDLE.md alone, for the runtime's tests.

Sizes are deliberately irregular: widths that are not multiples of 16, heads of 12 and 20, 3 channels in a stem.
"""

import hashlib
import json
import math

import numpy as np

# `mixed` is int8 with one form after another for the matrices.
PRECISIONS = ("fp32", "fp16", "int8", "mixed")
FORMS = "hnCNc"


def round_up(count, multiple):
    return -(-count // multiple) * multiple


def panels(matrix, dtype):
    """[N, K] as [N/16, K', 16], K' a multiple of 4."""
    n, k = matrix.shape
    padded = np.zeros((round_up(n, 16), round_up(k, 4)), dtype)
    padded[:n, :k] = matrix
    return padded.reshape(-1, 16, padded.shape[1]).transpose(0, 2, 1)


def quantized(matrix):
    scale = (np.abs(matrix).max(axis=1) / np.float32(127)).astype(np.float32)
    safe = np.where(scale == 0, np.float32(1), scale)
    q = np.rint((matrix / safe[:, None]).astype(np.float32)).clip(-127, 127).astype(np.int8)
    return q, scale


def vector(values, dtype=np.float32):
    padded = np.zeros(round_up(len(values), 16), dtype)
    padded[: len(values)] = values
    return padded


class Bundle:
    def __init__(self, precision):
        self.precision = precision
        self.forms = ""
        self.tensors = []

    def next_precision(self):
        """Of a matrix, whose form is noted in `forms`."""
        if self.precision != "mixed":
            return self.precision
        self.forms += FORMS[len(self.forms) % len(FORMS)]
        return "fp16" if self.forms[-1] == "h" else "int8"

    def take_forms(self):
        forms, self.forms = self.forms, ""
        return forms

    def add(self, name, array):
        self.tensors.append((name, np.ascontiguousarray(array)))

    def add_matrix(self, name, matrix, equalized):
        """y = W x; int8 also has scales, sums and exponents."""
        matrix = matrix.astype(np.float32)
        precision = self.next_precision()
        if precision == "int8":
            q, scale = quantized(matrix)
            blocked = panels(q, np.int8)
            count, k, _ = blocked.shape
            self.add(name, blocked.reshape(count, k // 4, 4, 16).transpose(0, 1, 3, 2))
            self.add(name + ".scale", vector(scale))
            self.add(name + ".sum", vector(q.astype(np.int32).sum(axis=1), np.int32))
        else:
            self.add(name, panels(matrix, np.float32 if precision == "fp32" else np.float16))
        if equalized and self.precision in ("int8", "mixed"):
            self.add(name + ".exponent", vector(np.zeros(matrix.shape[1], np.int32), np.int32))

    def add_table(self, name, table, dtype):
        rows, width = table.shape
        padded = np.zeros((rows, round_up(width, 64 // np.dtype(dtype).itemsize)), dtype)
        padded[:, :width] = table
        self.add(name, padded)

    def add_token_table(self, name, table):
        precision = self.next_precision()
        if precision == "int8":
            q, scale = quantized(table)
            self.add_table(name, q, np.int8)
            self.add(name + ".scale", vector(scale))
        else:
            self.add_table(name, table, np.float32 if precision == "fp32" else np.float16)

    def add_batch_norm(self, name, norm):
        gain, bias, mean, variance = (norm[p].astype(np.float64) for p in
                                      ("weight", "bias", "running_mean", "running_var"))
        scale = gain / np.sqrt(variance + 1e-5)
        self.add(name + ".scale", vector(scale.astype(np.float32)))
        self.add(name + ".bias", vector((bias - mean * scale).astype(np.float32)))

    def write(self, path, metadata):
        spelled = {"F32": np.float32, "F16": np.float16, "I8": np.int8, "I32": np.int32, "U16": np.uint16}
        names = {np.dtype(v): k for k, v in spelled.items()}
        fields = dict(metadata)
        for name, array in self.tensors:
            fields["sha256." + name] = hashlib.sha256(array.tobytes()).hexdigest()
        header = {"__metadata__": fields}
        offset = 0
        for name, array in self.tensors:
            header[name] = {"dtype": names[array.dtype], "shape": list(array.shape),
                            "data_offsets": [offset, offset + array.nbytes]}
            offset += array.nbytes
        text = json.dumps(header, separators=(",", ":")).encode()
        text += b" " * (round_up(8 + len(text), 64) - 8 - len(text))
        with open(path, "wb") as file:
            file.write(len(text).to_bytes(8, "little") + text)
            for _, array in self.tensors:
                file.write(array.tobytes())


def scalar(*values):
    return vector(np.array(values, np.float32))


def add_blocks(bundle, state, prefix, layers):
    for layer in range(layers):
        block = f"{prefix}resblocks.{layer}."
        for name in ("ln_1.weight", "ln_1.bias"):
            bundle.add(block + name, vector(state[block + name]))
        bundle.add_matrix(block + "attn.in_proj_weight", state[block + "attn.in_proj_weight"], True)
        bundle.add(block + "attn.in_proj_bias", vector(state[block + "attn.in_proj_bias"]))
        add_linear(bundle, state, block + "attn.out_proj", True)
        for name in ("ln_2.weight", "ln_2.bias"):
            bundle.add(block + name, vector(state[block + name]))
        add_linear(bundle, state, block + "mlp.c_fc", True)
        add_linear(bundle, state, block + "mlp.c_proj", False)


def add_linear(bundle, state, name, equalized):
    bundle.add_matrix(name + ".weight", state[name + ".weight"], equalized)
    bundle.add(name + ".bias", vector(state[name + ".bias"]))


def add_convolution(bundle, state, name, norm):
    weight = state[name + ".weight"]
    bundle.add_matrix(name + ".weight", weight.transpose(0, 2, 3, 1).reshape(len(weight), -1), False)
    bundle.add_batch_norm(norm, {p: state[f"{norm}.{p}"] for p in
                                 ("weight", "bias", "running_mean", "running_var")})


def add_vision_transformer(bundle, state, layers):
    bundle.add("visual.class_embedding", vector(state["visual.class_embedding"]))
    bundle.add_table("visual.positional_embedding", state["visual.positional_embedding"], np.float32)
    weight = state["visual.conv1.weight"]
    bundle.add_matrix("visual.conv1.weight", weight.transpose(0, 2, 3, 1).reshape(len(weight), -1), False)
    for name in ("weight", "bias"):
        bundle.add("visual.ln_pre." + name, vector(state["visual.ln_pre." + name]))
    add_blocks(bundle, state, "visual.transformer.", layers)
    for name in ("weight", "bias"):
        bundle.add("visual.ln_post." + name, vector(state["visual.ln_post." + name]))
    if "visual.proj" in state:
        bundle.add_matrix("visual.proj", state["visual.proj"].T, True)


def add_modified_resnet(bundle, state, blocks):
    for index in (1, 2, 3):
        add_convolution(bundle, state, f"visual.conv{index}", f"visual.bn{index}")
    for stage, count in enumerate(blocks, start=1):
        for index in range(count):
            block = f"visual.layer{stage}.{index}."
            for conv in (1, 2, 3):
                add_convolution(bundle, state, f"{block}conv{conv}", f"{block}bn{conv}")
            if index == 0:
                add_convolution(bundle, state, block + "downsample.0", block + "downsample.1")
    bundle.add_table("visual.attnpool.positional_embedding", state["visual.attnpool.positional_embedding"],
                     np.float32)
    for name in ("q_proj", "k_proj", "v_proj", "c_proj"):
        add_linear(bundle, state, "visual.attnpool." + name, name == "c_proj")


def add_text(bundle, state, layers):
    bundle.add_token_table("token_embedding.weight", state["token_embedding.weight"])
    bundle.add_table("positional_embedding", state["positional_embedding"], np.float32)
    add_blocks(bundle, state, "transformer.", layers)
    for name in ("weight", "bias"):
        bundle.add("ln_final." + name, vector(state["ln_final." + name]))
    if "text_projection" in state:
        bundle.add_matrix("text_projection", state["text_projection"].T, True)


def score_kind(state):
    if "logit_scale" not in state:
        return "none"
    return "sigmoid" if "logit_bias" in state else "softmax"


def completed(tower):
    """With the fields that CLIP's towers have in common, each before the key that follows it."""
    added = {}
    if tower.get("kind") == "vit":
        added = {"width": {"patch_bias": "no", "prefix": "class_token", "pre_norm": "yes"},
                 "projection": {"pool": "class_token", "pool_heads": "none", "pool_mlp_width": "none"}}
    elif "vocabulary" in tower:
        added = {"pooled_id": {"causal": "yes", "pooling": "highest_id" if tower["pooled_id"] == "none" else "first_id"}}
    result = {}
    for key, value in tower.items():
        result |= added.get(key, {}) | {key: value}
    return result | ({"projection_bias": "no"} if "vocabulary" in tower else {})


def write_bundle(path, precision, state, image=None, text=None, merges=None, selftest=None, tolerance=(0, 0)):
    """`image` and `text` are architecture fields, in the order of docs/BUNDLE.md; `state` OpenAI's state dict."""
    bundle = Bundle(precision)
    kinds = [name for name, tower in (("image", image), ("text", text)) if tower]
    fields = [("pclip.version", "1"), ("model", "tiny"), ("towers", ",".join(kinds)), ("image.id", "-"),
              ("text.id", "-"), ("layout", "panel16"), ("score.kind", score_kind(state))]
    if "logit_scale" in state:
        bundle.add("logit_scale", scalar(state["logit_scale"]))
    if "logit_bias" in state:
        bundle.add("logit_bias", scalar(state["logit_bias"]))
    if image:
        bundle.add("image.epsilon", scalar(1e-5))
        bundle.add("preprocess.mean", scalar(0.48145466, 0.4578275, 0.40821073))
        bundle.add("preprocess.std", scalar(0.26862954, 0.26130258, 0.27577711))
    if text:
        bundle.add("text.epsilon", scalar(1e-5))
    recipes = {"vit": "token_u8", "resnet": "image_u8"}
    stated = "int8" if precision == "mixed" else precision
    if image:
        fields += [("image." + key, str(value)) for key, value in completed(image).items()]
        if image["kind"] == "vit":
            add_vision_transformer(bundle, state, image["layers"])
        else:
            add_modified_resnet(bundle, state, [image[f"blocks.{stage}"] for stage in (1, 2, 3, 4)])
        recipe = recipes[image["kind"]] if stated == "int8" else "none"
        fields += [("image.precision", stated), ("image.recipe", recipe), ("image.forms", bundle.take_forms()),
                   ("preprocess.resize", "shortest"),
                   ("preprocess.interpolation", "bicubic"), ("preprocess.crop", "half_to_even"),
                   ("preprocess.conversion", "after_resize"), ("preprocess.resize_edge", "none"),
                   ("preprocess.backend", "pillow"), ("preprocess.alpha", "drop")]
    if text:
        fields += [("text." + key, str(value)) for key, value in completed(text).items()]
        add_text(bundle, state, text["layers"])
        fields += [("text.precision", stated), ("text.recipe", "token_u8" if stated == "int8" else "none"),
                   ("text.forms", bundle.take_forms()),
                   ("tokenizer.kind", "none" if merges is None else "openai"),
                   ("tokenizer.id", "-" if merges is None else tokenizer_id(merges)),
                   ("tokenizer.table_bytes", "none")]
        if merges is not None:
            bundle.add("tokenizer.merges", merges)
    fields.append(("fidelity.probes", ""))
    fields += [(f"fidelity.{kind}.{arithmetic}", "none") for kind in kinds for arithmetic in ("fast", "exact")]
    fields += [("fidelity.agreement", "none"), ("provenance.format", "random"), ("provenance.file", ""),
               ("provenance.sha256", "-"), ("provenance.tool", "tiny_bundles.py"), ("provenance.license", ""),
               ("provenance.attribution", ""), ("provenance.calibration", "random" if precision == "mixed" else "")]
    for kind in kinds:
        width = image_output(image) if kind == "image" else text_output(text)
        values = np.zeros(width, np.float32) if selftest is None else selftest[kind]
        bundle.add("selftest." + kind, vector(values))
    bundle.add("selftest.tolerance", scalar(*tolerance))
    bundle.write(path, fields)


def tokenizer_id(merges):
    lines = b"tokenizer.kind=openai\ntokenizer.unicode=classes 17.0.0, case 14.0.0\n"
    return hashlib.sha256(lines + merges.tobytes()).hexdigest()


def image_output(image):
    return image["width"] if image["projection"] == "none" else image["projection"]


def text_output(text):
    return text["width"] if text["projection"] == "none" else text["projection"]


def selftest_pixels(count):
    """splitmix64 of the index, its top 24 bits as a fraction, mapped to [-2, 2)."""
    return np.array([(splitmix64(i) >> 40) * 2.0**-22 - 2 for i in range(count)], np.float32)


def splitmix64(counter):
    mask = (1 << 64) - 1
    z = (counter + 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return z ^ (z >> 31)


def selftest_ids(context, vocabulary):
    last, first = vocabulary - 1, vocabulary - 2
    ids = [first]
    for index in range(min(14, context - 2)):
        ids.append(splitmix64(index + 0x74657874) % first)
    return ids + [last] + [0] * (context - len(ids) - 1)


def cosine(a, b):
    return float(np.dot(a, b) / math.sqrt(np.dot(a, a) * np.dot(b, b)))
