"""Tests docs/BUNDLE.md: the independent reader on every committed bundle, and the page's three lines of NumPy.

python3 -m venv .venv-bundle && .venv-bundle/bin/pip install --require-hashes --no-deps -r Scripts/environments/locks/test.lock
.venv-bundle/bin/python Scripts/check/test_check_bundle.py [BUNDLE SOURCE]

With a bundle and the safetensors file that it was converted from (canonical names), only these two are compared.
"""
import copy, hashlib, pathlib, re, struct, subprocess, sys, tempfile
import numpy as np, safetensors.numpy
import check_bundle

ROOT = pathlib.Path(__file__).resolve().parents[2]
VALID, MALFORMED = ROOT / "Fixtures/valid/bundle", ROOT / "Fixtures/malformed/bundle"


def open_bundle(raw):
    """The bundle, the rules that were checked, and the one that it breaks."""
    bundle, asked = check_bundle.Bundle(), []
    for rule, holds in bundle.rules(raw):
        asked.append(rule)
        if not holds:
            return bundle, asked, rule
    return bundle, asked, None


def read(path):
    bundle, _, broken = open_bundle(pathlib.Path(path).read_bytes())
    assert broken is None, f"{path} breaks {broken}"
    return bundle


def fold_batch_norms(source, epsilon):
    """The source with each BatchNorm as restored by section 6."""
    for name in [n.removesuffix(".running_var") for n in source if n.endswith(".running_var")]:
        parts = [f"{name}.{part}" for part in ("weight", "bias", "running_mean", "running_var")]
        gain, bias, mean, variance = (source[part].astype(np.float64) for part in parts)
        quotient = gain / np.sqrt(variance + epsilon)
        folded = quotient, bias - mean * quotient, 0 * mean, 0 * mean + (1 - epsilon)
        source.update({part: value.astype(np.float32) for part, value in zip(parts, folded)})


def steps(bundle):
    """By name, the distance of neighbouring stored values in restored ones; absent if nothing was rounded."""
    # A restored int8 value is a multiple of its step: restoring ones gives the steps.
    ones = copy.copy(bundle)
    ones.arrays = {name: np.ones_like(a) if a.dtype == np.int8 else a for name, a in bundle.arrays.items()}
    restored, found = ones.weights(), {}
    for name, values in bundle.weights().items():
        stored = bundle.arrays.get(name, values)
        if stored.dtype == np.int8:
            found[name] = restored[name]
        elif stored.dtype == np.float16:
            found[name] = np.spacing(abs(values).astype(np.float16)).astype(np.float32)
    return found


def compare(bundle, path):
    """The largest difference from the source in steps; an error where it must be zero, or above a half."""
    source, worst = safetensors.numpy.load_file(path), 0.0
    source = {name: value.astype(np.float32) for name, value in source.items()}
    if "image.epsilon" in bundle.arrays:
        fold_batch_norms(source, np.float64(bundle.value("image.epsilon")[0]))
    distances = steps(bundle)
    for name, values in bundle.weights().items():
        assert values.shape == source[name].shape, name
        step = distances.get(name, np.zeros(values.shape))
        error = abs(values.astype(np.float64) - source[name])
        assert (error[step == 0] == 0).all(), f"{name} differs where it must be equal"
        worst = max(worst, float((error / np.where(step == 0, 1, step)).max()))
    assert worst <= 0.5 + 127 * 2.0**-23, f"off by {worst} steps"  # quotient and product are rounded to FP32
    return worst


def tower_id(bundle, tower):
    """Section 8, from the restored weights: the source's id if they are restored bit for bit."""
    digest, bits = hashlib.sha256(), int(bundle.arrays[tower + ".epsilon"].view("<u4")[0])
    for keys, _, owner, implied in check_bundle.table("| Line | Of"):
        if owner.split(",")[0] != f"{tower} tower" or "`" in owner and f"`{bundle.fields['image.kind']}`" not in owner:
            continue
        for key in keys:
            if key == tower + ".epsilon":
                digest.update(f"{key}={bits:08x}\n".encode())
            elif f"`{bundle.fields[key]}`" not in implied:
                digest.update(f"{key}={bundle.fields[key]}\n".encode())
    for name, values in bundle.weights().items():
        if name not in ("logit_scale", "logit_bias") and name.startswith("visual.") == (tower == "image"):
            shape = struct.pack(f"<{values.ndim + 1}Q", values.ndim, *values.shape)
            digest.update(hashlib.sha256(name.encode() + b"\0" + shape + values.tobytes()).digest())
    return digest.hexdigest()


def check_tower_ids(bundle):
    for tower in bundle.fields["towers"].split(","):
        if bundle.fields[tower + ".precision"] == "fp32" and bundle.fields.get(tower + ".kind") != "resnet":
            assert tower_id(bundle, tower) == bundle.fields[tower + ".id"], f"{tower}.id is not that of the weights"


def every_sound_bundle_gives_its_weights_back():
    files = sorted(VALID.glob("*.pclip"))
    assert len(files) >= 9
    for file in files:
        bundle = read(file)
        check_tower_ids(bundle)
        source = {"v": "vit.safetensors", "r": "rn.safetensors", "t": "vit.safetensors"}.get(file.name[0])
        worst = f"at most {compare(bundle, VALID / source):.6f} steps off" if source else "no source to compare with"
        print(f"{file.name}: sound, {worst}")


def every_malformed_bundle_is_refused_for_its_own_rule():
    files = sorted(MALFORMED.glob("*.pclip"))
    assert len(files) >= 28
    for file in files:
        broken = open_bundle(file.read_bytes())[2]
        assert broken == file.stem, f"{file.name}: refused for {broken}"


def every_rule_of_the_page_is_asked_about():
    names = ("vit-int8", "rn-int8", "least-extra-int8", "siglip-text-fp16")
    asked = {rule for name in names for rule in open_bundle((VALID / f"{name}.pclip").read_bytes())[1]}
    page = {row[1] for row in check_bundle.table("## 10. Rules")}
    assert asked == page - {"B-031"}, asked ^ page  # for B-031 a bundle needs a tokenizer, too large to commit


def merges_are_held_to_their_rule():
    """B-031 on a bundle of nothing but merges."""
    row = np.arange(48896)[:, None]
    sound = np.where(row < 48894, row + 511, 65535).repeat(2, 1)
    for merges, broken in ((sound, None), (sound + (row == 7), "B-031"), (sound - (row == 48895), "B-031")):
        data = merges.astype("<u2").tobytes()
        bundle = check_bundle.Bundle()
        bundle.stored = lambda: [("tokenizer.merges", ("U16", [48896, 2], ()))]
        bundle.digests = [("sha256.tokenizer.merges", hashlib.sha256(data).hexdigest())]
        rules = bundle.tensor_rules([("tokenizer.merges", "U16", "48896,2", "0", str(len(data)))], data)
        assert next((rule for rule, holds in rules if not holds), None) == broken


def the_command_writes_the_weights_and_refuses_what_is_broken():
    command = [sys.executable, pathlib.Path(check_bundle.__file__)]
    with tempfile.TemporaryDirectory() as folder:
        for name in ("vit-fp32.pclip", "rn-int8.pclip"):
            subprocess.run([*command, VALID / name, f"{folder}/w.safetensors"], check=True, capture_output=True)
            written = safetensors.numpy.load_file(f"{folder}/w.safetensors")
            restored = read(VALID / name).weights()
            assert written.keys() == restored.keys()
            assert all((written[key] == restored[key]).all() for key in written)
    refused = subprocess.run([*command, MALFORMED / "B-044.pclip"], capture_output=True, text=True)
    assert refused.returncode == 1 and "breaks B-044" in refused.stderr


def three_lines_restore_a_matrix():
    page = (ROOT / "docs/BUNDLE.md").read_text()
    lines = re.search(r"```python\n(.*?)```", page, re.S)[1]
    assert lines.count("\n") == 3
    source = safetensors.numpy.load_file(VALID / "vit.safetensors")
    for precision in ("fp32", "fp16", "int8"):
        path = VALID / f"vit-{precision}.pclip"
        # A linear that nothing equalizes, so that the three lines are sufficient.
        name = "visual.transformer.resblocks.1.mlp.c_proj.weight"
        names = {"safetensors": safetensors, "path": path, "name": name, "N": 36, "K": 52}
        exec(lines, names)
        matrix, want = names["matrix"].astype(np.float32), source[name]
        if precision == "int8":
            scale = safetensors.numpy.load_file(path)[name + ".scale"][:36, None]
            assert (abs(matrix * scale - want) <= 0.5001 * scale).all()
        else:
            assert (matrix == (want if precision == "fp32" else want.astype(np.float16))).all()


if __name__ == "__main__":
    if len(sys.argv) == 3:
        fresh = read(sys.argv[1])
        check_tower_ids(fresh)
        print(f"at most {compare(fresh, sys.argv[2]):.6f} steps off")
        sys.exit()
    every_sound_bundle_gives_its_weights_back()
    every_malformed_bundle_is_refused_for_its_own_rule()
    every_rule_of_the_page_is_asked_about()
    merges_are_held_to_their_rule()
    the_command_writes_the_weights_and_refuses_what_is_broken()
    three_lines_restore_a_matrix()
    print("every rule, every bundle, and the three lines: as docs/BUNDLE.md says")
