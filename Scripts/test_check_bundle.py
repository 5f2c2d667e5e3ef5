"""Puts docs/BUNDLE.md to the test: the second reader against every committed bundle, and the page's three lines.

python3 -m venv .venv-bundle && .venv-bundle/bin/pip install numpy==2.4.6 safetensors==0.8.0
.venv-bundle/bin/python Scripts/test_check_bundle.py
"""
import pathlib, re
import numpy as np, safetensors.numpy
import check_bundle

ROOT = pathlib.Path(__file__).parent.parent
VALID, MALFORMED = ROOT / "Fixtures/valid/bundle", ROOT / "Fixtures/malformed/bundle"


def every_sound_bundle_gives_its_weights_back():
    for file in sorted(VALID.glob("*.pclip")):
        print(file.name, end=": ")
        source = VALID / {"v": "vit.safetensors", "r": "rn.safetensors", "t": "vit.safetensors"}.get(file.name[0], "")
        check_bundle.main(file, *[source] if source != VALID else [])


def every_malformed_bundle_is_refused_for_its_own_rule():
    files = sorted(MALFORMED.glob("*.pclip"))
    assert len(files) >= 27
    for file in files:
        try:
            check_bundle.Bundle(file.read_bytes()).check_content()
        except check_bundle.Broken as broken:
            assert str(broken) == file.stem, f"{file.name}: refused for {broken}"
        else:
            raise AssertionError(f"{file.name} was accepted")


def three_lines_restore_a_matrix():
    page = (ROOT / "docs/BUNDLE.md").read_text()
    lines = re.search(r"```python\n(.*?)```", page, re.S)[1]
    assert lines.count("\n") == 3
    source = safetensors.numpy.load_file(VALID / "vit.safetensors")
    for precision in ("fp32", "fp16", "int8"):
        path = VALID / f"vit-{precision}.pclip"
        # A linear that nothing equalizes, so that the three lines are the whole story.
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
    every_sound_bundle_gives_its_weights_back()
    every_malformed_bundle_is_refused_for_its_own_rule()
    three_lines_restore_a_matrix()
    print("every rule, every bundle, and the three lines: as docs/BUNDLE.md says")
