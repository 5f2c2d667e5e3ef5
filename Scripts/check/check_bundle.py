"""An independent reader of PocketCLIP bundles, written from docs/BUNDLE.md alone.

check_bundle.py FILE.pclip [WEIGHTS.safetensors] checks every rule; with a second argument it writes the weights.
Fields, tensors and stored forms are read from the page's tables.
"""
import hashlib, math, pathlib, re, sys
import numpy as np, safetensors.numpy

PAGE = (pathlib.Path(__file__).resolve().parents[2] / "docs/BUNDLE.md").read_text()
DTYPES = {"F32": "<f4", "F16": "<f2", "I8": "<i1", "I32": "<i4", "U8": "<u1", "U16": "<u2"}
TEXT = r"([ !#$&-\[\]-~]|%([01][0-9A-F]|22|25|5C|7F|[89A-F][0-9A-F]))*"
PATTERNS = {"text": TEXT, "digest": "[0-9a-f]{64}|-", "letters": "[nNcCh]*"}
NUMBER, STRING, PAIR = r"(?:0|[1-9]\d{0,17})", r'"([^"\\]*)"', r'"([^"\\]*)":"([^"\\]*)"'
SHAPE = rf'"shape":\[((?:{NUMBER},)*{NUMBER}|)\]'
ENTRY = rf',{STRING}:{{"dtype":{STRING},{SHAPE},"data_offsets":\[({NUMBER}),({NUMBER})\]}}'


def table(start):
    """The page's first table after `start`, row by row: names in the first cell, then all cells."""
    lines = PAGE.split(start, 1)[1].split("\n|---", 1)[1].split("\n\n")[0].splitlines()[1:]
    for cells in ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines):
        names = re.findall("`(.+?)`", cells[0])  # `a.b`, `.c` are a.b and a.c
        yield [names[0].rpartition(".")[0] + n if n[0] == "." else n for n in names], *cells


def evaluate(formula, values):
    """Evaluates a formula of the page: `image.kind == "vit"`, [(size/32)² + 1, 32 · width], [⌈N⌉16, K]."""
    formula = re.sub(r"⌈(\w)⌉(\d+)", r"-(-\1/\2)·\2", formula.strip("`")).replace("·", "*")
    formula = re.sub(r"[a-z]+\.[a-z._]+", lambda name: repr(values.get(name[0])), formula)
    return eval(formula.replace("/", "//").replace("²", "**2") or "True", dict(values))


class Bundle:
    letters = {}  # of each tower, as many as matrices; `stored` takes them
    def rules(self, raw):
        """Each rule's id and whether it holds. Stop at the first that does not."""
        yield "B-001", len(raw) >= 8
        yield "B-004", raw[8:].startswith(b'{"__metadata__":{"pclip.version":"')
        start = 8 + int.from_bytes(raw[:8], "little")
        yield "B-002", start <= min(len(raw), 16 << 20)
        yield "B-003", start % 64 == 0
        header = raw[8:start].decode("latin-1")
        metadata = re.match(f'{{"__metadata__":{{{PAIR}(,{PAIR})*}}', header)
        yield "B-010", metadata
        yield from self.field_rules(re.findall(PAIR, metadata[0]))
        entries = re.match(f"({ENTRY})*}}", header[metadata.end() :])
        yield "B-020", entries
        yield "B-005", re.fullmatch(" {0,63}", header[metadata.end() + entries.end() :])
        yield from self.tensor_rules(re.findall(ENTRY, entries[0]), raw[start:])
        yield from self.content_rules()

    def field_rules(self, pairs):
        """Section 4, row by row; integers become numbers."""
        found, f = dict(pairs), {}
        present = "–", *found.get("towers", "").split(","), found.get("image.kind")
        rows = [row for row in table("## 4. Fields") if row[2] in present and row[1][0] != "("]
        cells = {key: cell for names, _, _, cell, _ in rows for key in names}
        self.fields, self.digests = f, pairs[len(cells) :]
        yield "B-012", [key for key, _ in pairs if key[:7] != "sha256."] == list(cells)
        for key, cell in cells.items():
            f[key] = value = found[key]
            allowed = f"`{value}`" in cell or re.fullmatch(PATTERNS.get(cell, "(?!)"), value)
            if "–" in cell and re.fullmatch(NUMBER, value):
                low, high = map(int, re.findall(r"\d+", cell))
                f[key] = int(value)
                allowed = low <= f[key] <= high
            yield {"1": "B-011", "text": "B-014"}.get(cell.strip("`"), "B-013"), allowed
        for _, condition, formula in table("(B-015)"):
            yield "B-015", not evaluate(condition, f) or evaluate(formula, f)

    def tensors(self, start="## 5. Tensors", group="", prefix="", **place):
        """Section 5 for these fields: name, canonical shape, kind and precision."""
        for names, first, shapes, kinds, condition in table(start):
            group = group if names else condition
            tower = "text." if "text" in group + condition else "image."
            v = self.fields | {key.removeprefix(tower): x for key, x in self.fields.items()} | place
            if not (evaluate(group, v) and evaluate(condition, v)):
                continue
            for i in range(v["layers"] if first.startswith("blocks") else 0):
                yield from self.tensors("A block", group, names[0].replace("0", str(i)))
            bottlenecks = [(s, b) for s in range(1, 5) for b in range(v.get(f"blocks.{s}", 0))]
            for s, b in bottlenecks if first.startswith("bottlenecks") else []:
                i = v["width"] << (s - 1)
                sizes = {"I": i, "C": 4 * i if b else 2 * i if s > 1 else i, "B": b}
                yield from self.tensors("A bottleneck", group, f"visual.layer{s}.{b}.", **sizes)
            shapes = [evaluate(shape, v) for shape in re.findall(r"\[.*?\]", shapes)]
            for name, shape, kind in zip(names, shapes * 2, kinds.split("; ") * 2):
                yield prefix + name, shape, kind, v.get("precision", "fp32")

    def stored(self):
        """Section 6: name; dtype, stored shape, the part without padding (of a matrix, in [N, K])."""
        self.letters = {tower: list(self.fields.get(tower + ".forms", "")) for tower in ("image", "text")}
        for name, shape, kind, precision in self.tensors():
            tower, tower_precision = "image" if name.startswith("visual.") else "text", precision
            if kind.startswith(("token", "linear", "projection", "convolution")) and self.letters[tower]:
                precision = "fp16" if self.letters[tower].pop(0) == "h" else precision
            n, k = math.prod(shape[:1]), math.prod(shape[1:])
            v = {"N": k, "K": n} if kind.startswith("projection") else {"N": n, "K": k}
            row = next(r for r in table("## 6.") if kind.startswith(tuple(r[1].split(", "))))
            form = row[("fp32", "fp16", "int8").index(precision) + 2].replace("same", row[2])
            if precision != tower_precision:
                form += "".join(row[4].partition("if equalized")[1:])
            part = r"(if equalized )?(?:`NAME(\S+)` )?([FIU]\d+) (\[.*?\])"
            for optional, suffix, dtype, padded in re.findall(part, form):
                if not optional or "equalized" in kind:
                    plain = tuple(slice(v[side]) for side in re.findall("[NK]", padded))
                    yield name + suffix, (dtype, evaluate(padded, v), plain)

    def tensor_rules(self, entries, data):
        self.expected, self.bytes, self.arrays, at = dict(self.stored()), {}, {}, 0
        names = [name for name, *_ in entries]
        extras = [name for name in names if name.startswith("x.")]
        yield "B-015", not any(self.letters.values())  # as many letters as matrices
        yield "B-021", [name for name in names if name not in extras] == list(self.expected)
        yield "B-027", extras == sorted(set(extras))
        yield "B-016", [key for key, _ in self.digests] == ["sha256." + name for name in names]
        yield "B-016", all(re.fullmatch("[0-9a-f]{64}", digest) for _, digest in self.digests)
        for name, dtype, shape, *offsets in entries:
            shape = evaluate(f"[{shape}]", {})
            wanted = self.expected.get(name, (dtype, shape))
            yield "B-022", dtype == wanted[0]
            yield "B-023", shape == wanted[1]
            size = math.prod(shape) * int(re.search(r"\d+|$", dtype)[0] or 8) // 8
            yield "B-025", size % 64 == 0
            yield "B-024", offsets == [str(at), str(at + size)]
            self.bytes[name], at = data[at : at + size], at + size
        yield "B-026", at == len(data)
        for name, (dtype, shape, _) in self.expected.items():
            self.arrays[name] = np.frombuffer(self.bytes[name], DTYPES[dtype]).reshape(shape)
        for name in filter(re.compile(r"logit|preprocess|\w+\.epsilon").match, self.arrays):
            low = -np.inf if name in ("logit_scale", "logit_bias", "preprocess.mean") else 0
            high = 88.0 if name == "logit_scale" else np.finfo(np.float32).max
            yield "B-030", all(low < x <= high for x in self.value(name))
        if "tokenizer.merges" in self.arrays:
            row, merges = np.arange(48896)[:, None], self.arrays["tokenizer.merges"]
            yield "B-031", np.where(row < 48894, merges < 512 + row, merges == 65535).all()
        if "tokenizer.table" in self.arrays:
            yield "B-032", self.has_sound_table_fields(self.bytes["tokenizer.table"])

    def has_sound_table_fields(self, table):
        """The layout of docs/TOKENIZER.md."""
        f = self.fields
        vocabulary, *ids, length, longest = np.frombuffer(table, "<u4", 7, 20).tolist()
        lists = np.frombuffer(table, "<u4", 18, 64).reshape(9, 2).astype(int)
        needs_pads = f["text.causal"] == "no" or f["text.pooling"] == "last"
        return (
            table[:8] == b"PCTK\1\0\xa0\0" and table[8] > 0
            and all(x <= most for x, most in zip(table[8:20], (4, 1, 3, 2, 1, 1, 4, 3, 1, 3, 2, 32)))
            and 0 < vocabulary <= min(f["text.vocabulary"], 1 << 24) and all(x < vocabulary or x == 2**32 - 1 for x in ids)
            and (length == f["text.context_length"] or length == 0 and not needs_pads) and longest <= 512 and table[136] <= 1
            and (lists[:, 0] % 8 == 0).all() and (lists.sum(1) <= f["tokenizer.table_bytes"]).all()
        )

    def value(self, name):
        """A tensor without its padding, a matrix as [N, K]."""
        array = self.arrays[name]
        if array.ndim > 2:
            array = array.swapaxes(1, 2).reshape(16 * len(array), -1)
        return array[self.expected[name][2]]

    def content_rules(self):
        for name, array in self.arrays.items():
            yield "B-043", array.dtype.kind != "f" or np.isfinite(array).all()
            yield "B-041", array.dtype != np.int8 or array.min() > -128
            yield "B-042", np.count_nonzero(array) == np.count_nonzero(self.value(name))
            base, _, role = name.rpartition(".")
            if base in self.arrays:  # scales, sums and exponents; a BatchNorm has no tensor of its own name
                yield "B-045", role != "scale" or array.min() >= 0
                yield "B-046", role != "exponent" or -64 <= array.min() <= array.max() <= 64
                yield "B-044", role != "sum" or (self.value(base).sum(1) == self.value(name)).all()
        for (_, digest), stored in zip(self.digests, self.bytes.values()):
            yield "B-040", hashlib.sha256(stored).hexdigest() == digest

    def weights(self):
        """The canonical tensors by name: panels, BatchNorm folding and equalization undone."""
        restored = {}
        for name, shape, kind, _ in self.tensors():
            if kind == "BatchNorm":
                one = 1 - np.float64(self.value("image.epsilon")[0])
                folded = self.value(name + ".scale"), self.value(name + ".bias"), 0, one
                for part, x in zip(("weight", "bias", "running_mean", "running_var"), folded):
                    restored[f"{name}.{part}"] = np.full(shape[0], x, np.float32)
            elif not re.match(r"(image|text|preprocess|tokenizer|selftest)\.", name):
                w = self.value(name).astype(np.float32)
                if name + ".scale" in self.arrays:
                    w *= self.value(name + ".scale")[:, None]
                if name + ".exponent" in self.arrays:
                    factor = np.exp2(self.value(name + ".exponent").astype(np.float32))
                    w /= factor
                    for producer in list(restored.values())[-2:]:  # section 6's pairs
                        producer[-len(factor) :] *= factor.reshape(-1, *[1] * (producer.ndim - 1))
                if kind == "convolution":
                    w = w.reshape(shape[0], *shape[2:], shape[1]).transpose(0, 3, 1, 2)
                restored[name] = w.T if kind.startswith("projection") else w.reshape(shape)
        return {name: w.copy() for name, w in restored.items()}  # in C order, as safetensors writes


if __name__ == "__main__":
    bundle = Bundle()
    for rule, holds in bundle.rules(pathlib.Path(sys.argv[1]).read_bytes()):
        if not holds:
            sys.exit(f"{sys.argv[1]} breaks {rule}")
    print("sound")
    for path in sys.argv[2:]:
        if not path.endswith(".safetensors"):
            sys.exit(f"{path}: weights are written to a .safetensors file; give one bundle")
        safetensors.numpy.save_file(bundle.weights(), path)
