"""A second reader of PocketCLIP bundles, written from docs/BUNDLE.md alone: checks every rule, gives the weights back.

python3 Scripts/check_bundle.py FILE.pclip [--against FILE.safetensors]

Python 3.11 and NumPy. With --against (canonical names) it proves that the weights come back: bit for bit from fp32,
within half a step from fp16 and int8. Exit status 1: the broken rule is printed.
"""
import hashlib, json, math, re, struct, sys
import numpy as np

DTYPES = {"F32": "<f4", "F16": "<f2", "I8": "<i1", "I32": "<i4", "U16": "<u2", "F64": "<f8", "U8": "<u1", "I16": "<i2",
          "I64": "<i8", "U32": "<u4", "U64": "<u8", "BF16": "<u2", "BOOL": "<u1"}
TEXT, DIGEST, ONE = r"([ !#$&-\[\]-~]|%([01][0-9A-F]|22|25|5C|7F|[89A-F][0-9A-F]))*", "[0-9a-f]{64}|-", r"0|[1-9]\d*"
# Section 4: tower (- always, I image, V vit, R resnet, T text), key, allowed: a pattern or first..last, ? with none.
FIELDS = [line.split(None, 2) for line in f"""- pclip.version 1\n- model {TEXT}\n- towers image,text|image|text
- image.id {DIGEST}\n- text.id {DIGEST}\n- layout panel16\n- logit_scale absent|present\nI image.kind vit|resnet
I image.size 1..4096\nV image.patch_size 1..256\nI image.width 1..16384\nV image.layers 1..256\nR image.blocks.1 1..256
R image.blocks.2 1..256\nR image.blocks.3 1..256\nR image.blocks.4 1..256\nI image.heads 1..256
V image.mlp_width 1..65536\nV image.activation quick_gelu|gelu|gelu_tanh\nV image.projection 1..16384?
R image.projection 1..16384\nI image.precision fp32|fp16|int8\nI image.recipe none|token_s8|image_u8
I preprocess.resize shortest|squash\nI preprocess.interpolation bicubic|bilinear\nI preprocess.crop half_to_even|down
I preprocess.conversion after_resize|before_resize\nT text.context_length 2..4096\nT text.vocabulary 4..2097152
T text.width 1..16384\nT text.layers 1..256\nT text.heads 1..256\nT text.mlp_width 1..65536
T text.activation quick_gelu|gelu|gelu_tanh\nT text.pooled_id 0..2097151?\nT text.projection 1..16384?
T text.precision fp32|fp16|int8\nT text.recipe none|token_s8\nT tokenizer.kind openai|none\nT tokenizer.id {DIGEST}
- fidelity.probes {TEXT}\nI fidelity.image.fast 0..1000000?\nI fidelity.image.exact 0..1000000?
T fidelity.text.fast 0..1000000?\nT fidelity.text.exact 0..1000000?\n- fidelity.agreement 0..1000000?
- provenance.format {TEXT}\n- provenance.file {TEXT}\n- provenance.sha256 {DIGEST}\n- provenance.tool {TEXT}
- provenance.license {TEXT}\n- provenance.attribution {TEXT}""".splitlines()]


class Broken(Exception):
    pass


def need(holds, rule):
    if not holds:
        raise Broken(rule)


def up(n, multiple):
    return -(-n // multiple) * multiple


def parse_fields(pairs):
    """The fields with integers as such and none as None, and what follows them."""
    f, towers = {}, "-"
    for tower, key, allowed in FIELDS:
        if tower not in towers:
            continue
        need(pairs and pairs[0][0] == key, "B-012")
        value = pairs.pop(0)[1]
        if ".." in allowed and "[" not in allowed:
            low, high = map(int, allowed.rstrip("?").split(".."))
            f[key] = int(value) if re.fullmatch(ONE, value) else None if value == "none" and allowed[-1] == "?" else -1
            need(f[key] is None or low <= f[key] <= high, "B-013")
        else:
            need(re.fullmatch(allowed, value), {"pclip.version": "B-011"}.get(key, "B-014" if allowed == TEXT else "B-013"))
            f[key] = value
        towers += {"towers": "I" * ("image" in value) + "T" * ("text" in value), "image.kind": value[:1].upper()}.get(key, "")
    return f


def check_relations(f):
    """What section 4 says about fields together."""
    width = f.get("image.width", 0) * (32 if f.get("image.kind") == "resnet" else 1)
    if "image.kind" in f:
        need(width % f["image.heads"] == 0 and f.get("image.patch_size", 1) <= f["image.size"], "B-015")
        need("image.patch_size" in f or f["image.size"] % 32 == f["image.width"] % 2 == 0 and 2 <= f["image.width"] <= 1024, "B-015")
        recipe = {"vit": "token_s8", "resnet": "image_u8"}[f["image.kind"]] if f["image.precision"] == "int8" else "none"
        need(f["image.recipe"] == recipe, "B-015")
    if "text.width" in f:
        need(f["text.width"] % f["text.heads"] == 0 and (f["text.pooled_id"] or 0) < f["text.vocabulary"], "B-015")
        need((f["text.recipe"] == "token_s8") == (f["text.precision"] == "int8"), "B-015")
        need((f["tokenizer.id"] == "-") == (f["tokenizer.kind"] == "none"), "B-015")
        need(f["tokenizer.kind"] == "none" or f["text.vocabulary"] >= 49408, "B-015")
        need(len({f.get("image.projection"), f["text.projection"]} - {None}) < 2, "B-015")
    need(f["fidelity.probes"] or all(f[k] is None for k in f if re.match(r"fidelity\.(?!probes)", k)), "B-015")


def canonical(f):
    """Section 5: (tower, name, canonical shape, kind) of what a checkpoint holds, in order."""
    out = []
    add = lambda name, shape, kind="vector": out.append(("image" if name.startswith("visual.") else "text", name, shape, kind))

    def layer(name, n, *k, kind="linear"):  # without k: a LayerNorm
        add(name + ".weight", (n, *k), kind if k else "vector")
        add(name + ".bias", (n,))

    def blocks(tower, prefix):
        w, m = f[tower + ".width"], f[tower + ".mlp_width"]
        for b in (f"{prefix}transformer.resblocks.{i}." for i in range(f[tower + ".layers"])):
            layer(b + "ln_1", w)
            add(b + "attn.in_proj_weight", (3 * w, w), "equalized")
            add(b + "attn.in_proj_bias", (3 * w,))
            layer(b + "attn.out_proj", w, w, kind="equalized")
            layer(b + "ln_2", w)
            layer(b + "mlp.c_fc", m, w, kind="equalized")
            layer(b + "mlp.c_proj", w, m)

    def convolution(name, norm, n, c, size):
        add(name + ".weight", (n, c, size, size), "convolution")
        for part in ("weight", "bias", "running_mean", "running_var"):
            add(f"{norm}.{part}", (n,), "norm " + part)

    w, projection = f.get("image.width"), f.get("image.projection")
    if f.get("image.kind") == "vit":
        add("visual.class_embedding", (w,))
        add("visual.positional_embedding", ((f["image.size"] // f["image.patch_size"]) ** 2 + 1, w), "table")
        add("visual.conv1.weight", (w, 3, f["image.patch_size"], f["image.patch_size"]), "convolution")
        layer("visual.ln_pre", w)
        blocks("image", "visual.")
        layer("visual.ln_post", w)
        if projection:
            add("visual.proj", (w, projection), "projection")
    elif w:
        for i, (n, c) in enumerate(((w // 2, 3), (w // 2, w // 2), (w, w // 2)), 1):
            convolution(f"visual.conv{i}", f"visual.bn{i}", n, c, 3)
        channels = w
        for stage in range(1, 5):
            inner = w << (stage - 1)
            for block in range(f[f"image.blocks.{stage}"]):
                b = f"visual.layer{stage}.{block}."
                for i, (n, c, size) in enumerate(((inner, channels, 1), (inner, inner, 3), (4 * inner, inner, 1)), 1):
                    convolution(f"{b}conv{i}", f"{b}bn{i}", n, c, size)
                if block == 0:
                    convolution(b + "downsample.0", b + "downsample.1", 4 * inner, channels, 1)
                channels = 4 * inner
        add("visual.attnpool.positional_embedding", ((f["image.size"] // 32) ** 2 + 1, 32 * w), "table")
        for name, n in (("q", 32 * w), ("k", 32 * w), ("v", 32 * w), ("c", projection)):
            layer(f"visual.attnpool.{name}_proj", n, 32 * w, kind="equalized" if name == "c" else "linear")
    if "text.width" in f:
        add("token_embedding.weight", (f["text.vocabulary"], f["text.width"]), "tokens")
        add("positional_embedding", (f["text.context_length"], f["text.width"]), "table")
        blocks("text", "")
        layer("ln_final", f["text.width"])
        if f["text.projection"]:
            add("text_projection", (f["text.width"], f["text.projection"]), "projection")
    return out


def stored(f):
    """Sections 5 and 6: name → (dtype, stored shape, logical extent), in file order."""
    out = {}
    vector = lambda name, n, dtype="F32": out.update({name: (dtype, (up(n, 16),), (n,))})
    scalars = [("logit_scale", f["logit_scale"] == "present", 1)] + [("image.epsilon", "image.kind" in f, 1)]
    scalars += [(f"preprocess.{k}", "image.kind" in f, 3) for k in ("mean", "std")] + [("text.epsilon", "text.width" in f, 1)]
    for name in ((name, n) for name, there, n in scalars if there):
        vector(*name)
    for tower, name, shape, kind in canonical(f):
        dtype = {"fp32": "F32", "fp16": "F16", "int8": "I8"}[f[tower + ".precision"]]
        if kind in ("vector", "norm bias"):
            vector(name, shape[0])
        elif kind == "norm weight":
            vector(name.removesuffix("weight") + "scale", shape[0])
        elif kind in ("table", "tokens"):
            dtype = "F32" if kind == "table" else dtype
            out[name] = (dtype, (shape[0], up(shape[1], 64 // np.dtype(DTYPES[dtype]).itemsize)), shape)
            if dtype == "I8":
                vector(name + ".scale", shape[0])
        elif not kind.startswith("norm"):
            n, k = shape[::-1] if kind == "projection" else (shape[0], math.prod(shape[1:]))
            tail = (up(k, 4) // 4, 16, 4) if dtype == "I8" else (up(k, 4), 16)
            out[name] = (dtype, (up(n, 16) // 16, *tail), (n, k))
            if dtype == "I8":
                vector(name + ".scale", n)
                vector(name + ".sum", n, "I32")
                if kind in ("equalized", "projection"):
                    vector(name + ".exponent", k, "I32")
    if f.get("tokenizer.kind") == "openai":
        out["tokenizer.merges"] = ("U16", (48896, 2), (48896, 2))
    for tower, key in (("image", "image.kind"), ("text", "text.width")):
        if key in f:
            vector(f"selftest.{tower}", f[tower + ".projection"] or f[tower + ".width"])
    vector("selftest.tolerance", 2)
    return out


class Bundle:
    def __init__(self, raw):
        """Checks the structural rules."""
        need(len(raw) >= 8, "B-001")
        size = 8 + struct.unpack_from("<Q", raw)[0]
        need(size <= min(len(raw), 16 << 20), "B-002")
        need(size % 64 == 0, "B-003")
        text = raw[8:size].decode("latin-1")
        need(text.startswith('{"__metadata__":{'), "B-004")
        try:
            pairs, end = json.JSONDecoder(object_pairs_hook=list).raw_decode(text)
        except ValueError:
            raise Broken("B-010")
        need(text[end:].strip(" ") == "" and len(text) - end < 64, "B-005")
        plain = lambda value: dict((k, plain(v)) for k, v in value) if value and isinstance(value[0], tuple) else value
        metadata = [(k, v) for k, v in pairs[0][1]]
        spelled = '{"__metadata__":{' + ",".join(f'"{k}":"{v}"' for k, v in metadata) + "}"
        need(text.startswith(spelled), "B-010")
        self.f, entries = parse_fields(metadata), [(n, plain(e)) for n, e in pairs[1:]]
        check_relations(self.f)
        spelled += "".join(f',"{n}":{json.dumps(e, separators=(",", ":"))}' for n, e in entries) + "}"
        need(text[:end] == spelled and all(list(e) == ["dtype", "shape", "data_offsets"] for _, e in entries), "B-020")
        expected, extras = stored(self.f), [n for n, _ in entries if n.startswith("x.")]
        need([n for n, _ in entries if not n.startswith("x.")] == list(expected), "B-021")
        need(all(a < b for a, b in zip(extras, extras[1:])), "B-027")
        need([k for k, _ in metadata] == ["sha256." + n for n, _ in entries], "B-016")
        need(all(re.fullmatch("[0-9a-f]{64}", v) for _, v in metadata), "B-016")
        self.digests, self.tensors, at = dict(metadata), {}, 0
        self.logical = {n: logical for n, (_, _, logical) in expected.items()}
        for name, e in entries:
            dtype, shape, _ = expected.get(name, (e["dtype"], tuple(e["shape"]), None))
            need(e["dtype"] == dtype in DTYPES, "B-022")
            need(tuple(e["shape"]) == shape, "B-023")
            count = math.prod(shape) * np.dtype(DTYPES[dtype]).itemsize
            need(count % 64 == 0, "B-025")
            need(e["data_offsets"] == [at, at + count], "B-024")
            need(size + at + count <= len(raw), "B-026")
            self.tensors[name] = np.frombuffer(raw, DTYPES[dtype], math.prod(shape), size + at).reshape(shape)
            at += count
        need(size + at == len(raw), "B-026")
        for name in set(self.tensors) & {"logit_scale", "image.epsilon", "preprocess.mean", "preprocess.std", "text.epsilon"}:
            values = self.value(name)
            need(np.isfinite(values).all() and ("epsilon" not in name and "std" not in name or (values > 0).all()), "B-030")
        if "tokenizer.merges" in self.tensors:
            merges, row = self.tensors["tokenizer.merges"], np.arange(48896)[:, None]
            need(np.where(row < 48894, merges < 512 + row, merges == 65535).all(), "B-031")

    def value(self, name):
        """A tensor without its padding; matrices as [N, K] in stored order."""
        stored, extent = self.tensors[name], self.logical[name]
        if stored.ndim > 2:
            stored = stored.swapaxes(-3, -2) if stored.ndim == 4 else stored.swapaxes(-2, -1)
            stored = stored.reshape(stored.shape[0] * 16, -1)
        return stored[tuple(slice(n) for n in extent)]

    def check_content(self):
        for name, stored in self.tensors.items():
            if name in self.logical:
                need(stored.dtype.kind != "f" or np.isfinite(stored).all(), "B-043")
                need(stored.dtype != np.int8 or stored.min() > -128, "B-041")
                need(np.count_nonzero(stored) == np.count_nonzero(self.value(name)), "B-042")
                base, _, suffix = name.rpartition(".")
                if base in self.tensors:  # a companion; a BatchNorm has no tensor of its own name
                    need(suffix != "scale" or (stored >= 0).all(), "B-045")
                    need(suffix != "exponent" or (abs(stored.astype(np.int64)) <= 64).all(), "B-046")
                    need(suffix != "sum" or (self.value(base).sum(1, np.int64) == self.value(name)).all(), "B-044")
            need(hashlib.sha256(stored.tobytes()).hexdigest() == self.digests["sha256." + name], "B-040")

    def weights(self):
        """(tower, name, FP32 values, distance of neighbouring stored values or 0) of every canonical tensor."""
        everything, rows = canonical(self.f), {}
        for i, (_, name, _, _) in enumerate(everything):
            if name + ".exponent" in self.tensors:
                factors = np.exp2(self.value(name + ".exponent").astype(np.float32))
                for _, producer, shape, _ in everything[i - 2 : i]:
                    rows[producer] = np.concatenate([np.ones(shape[0] - len(factors), np.float32), factors])
        for tower, name, shape, kind in everything:
            step = np.float32(0)
            if kind in ("norm running_mean", "norm running_var"):
                one = np.float32(1 - np.float64(self.value("image.epsilon")[0]))
                yield tower, name, np.full(shape, one if kind.endswith("var") else 0, np.float32), step
                continue
            w = self.value(name.removesuffix("weight") + "scale" if kind == "norm weight" else name)
            if w.dtype == np.float16:
                step = np.spacing(abs(w)).astype(np.float32)
            row = rows.get(name, np.float32(1))
            if w.dtype == np.int8:
                step = self.value(name + ".scale")[:, None] * np.ones(w.shape, np.float32)
                w = w * step
                column = np.exp2(-self.value(name + ".exponent").astype(np.float32)) if name + ".exponent" in self.tensors else 1
                step, row = step * column * np.reshape(row, (-1, 1)), np.reshape(row, (-1, 1)) * column
            w = w.astype(np.float32) * row
            yield tower, name, *(canonical_layout(a, shape, kind) for a in (w, np.broadcast_to(step, w.shape)))

    def tower_id(self, tower):
        """Section 8, from the weights given back: the source's id where they come back bit for bit."""
        keys = [k for k in self.f if k.startswith(tower + ".") and not re.search("id$|precision|recipe", k)]
        keys += [tower + ".pooled_id"] if tower == "text" else []
        keys.sort(key=[key for _, key, _ in FIELDS].index)
        lines = {k: "none" if self.f[k] is None else self.f[k] for k in keys}
        text = "".join(f"{k}={v}\n" for k, v in lines.items())
        before = re.search(rf"{tower}\.(activation|pooled_id=|projection)=?.*\n", text)
        at = before.end() if "activation" in before[0] else before.start()
        bits = format(int(self.tensors[tower + ".epsilon"].view("<u4")[0]), "08x")
        whole = hashlib.sha256((text[:at] + f"{tower}.epsilon={bits}\n" + text[at:]).encode())
        for _, name, values, _ in (w for w in self.weights() if w[0] == tower):
            shape = b"".join(struct.pack("<Q", n) for n in (values.ndim, *values.shape))
            whole.update(hashlib.sha256(name.encode() + b"\0" + shape + values.astype("<f4").tobytes()).digest())
        return whole.hexdigest()


def canonical_layout(w, shape, kind):
    if kind == "convolution":
        return w.reshape(shape[0], shape[2], shape[3], shape[1]).transpose(0, 3, 1, 2)
    return w.T if kind == "projection" else w


def compare(bundle, path):
    """The largest difference from the source in steps; an error where it must be zero, or above a half."""
    raw, worst = open(path, "rb").read(), 0.0
    start = 8 + struct.unpack_from("<Q", raw)[0]
    source = {n: np.frombuffer(raw, DTYPES[e["dtype"]], math.prod(e["shape"]), start + e["data_offsets"][0]).reshape(e["shape"])
              .astype(np.float32) for n, e in json.loads(raw[8:start]).items() if n != "__metadata__"}
    for name in [n.removesuffix(".running_var") for n in source if n.endswith(".running_var")]:  # as section 6 gives them back
        gain, bias, mean, variance = (source[f"{name}.{p}"].astype(np.float64) for p in ("weight", "bias", "running_mean", "running_var"))
        epsilon = np.float64(bundle.value("image.epsilon")[0])
        quotient = gain / np.sqrt(variance + epsilon)
        values = {"weight": quotient, "bias": bias - mean * quotient, "running_mean": 0 * mean, "running_var": 0 * mean + (1 - epsilon)}
        source.update({f"{name}.{part}": value.astype(np.float32) for part, value in values.items()})
    for _, name, values, step in bundle.weights():
        error = abs(values.astype(np.float64) - source[name])
        if (error[np.broadcast_to(step == 0, error.shape)] != 0).any():
            sys.exit(f"{name} differs where it must be equal")
        worst = max(worst, float((error / np.where(step == 0, 1, step)).max()))
    if worst > 0.5 + 127 * 2.0**-23:  # the quotient and the product are rounded to FP32
        sys.exit(f"off by {worst} steps")
    return worst


def main(path, against=None):
    raw = open(path, "rb").read()
    try:
        bundle = Bundle(raw)
        bundle.check_content()
    except Broken as broken:
        sys.exit(str(broken))
    print(f"sound, bundle id {hashlib.sha256(raw[: 8 + struct.unpack_from('<Q', raw)[0]]).hexdigest()}")
    for tower in bundle.f["towers"].split(","):
        if bundle.f[tower + ".precision"] == "fp32" and bundle.f.get(tower + ".kind") != "resnet":
            if bundle.tower_id(tower) != bundle.f[tower + ".id"]:
                sys.exit(f"{tower}.id is not that of the weights")
            print(f"{tower}.id is that of the weights")
    if against:
        print(f"the weights come back, at most {compare(bundle, against):.6f} steps off")


if __name__ == "__main__":
    main(sys.argv[1], *[a for a in sys.argv[2:] if a != "--against"])
