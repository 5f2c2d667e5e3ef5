#!/usr/bin/env python3
"""Small sound inputs for each fuzz target, beside which crashes found by Scripts/fuzz.sh are kept for ever.

Standard library only. Seeds are cut from the builders of Fixtures/malformed.
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "malformed"))

from builders import Member, Pickle, floats, safetensors_bytes, torch_members, zip_bytes  # noqa: E402
from cases_safetensors import PAIR, text  # noqa: E402

STATE = Pickle.file(Pickle.dictionary([
    ("epoch", Pickle.integer(70_000_000_000)),
    ("state_dict", Pickle.dictionary([
        ("module.visual.proj", Pickle.tensor("0", [2, 3], strides=[1, 2])),
        ("module.logit_scale", Pickle.tensor("1", [], kind="HalfStorage")),
    ])),
]))
SCRIPT = Pickle.file(
    Pickle.name("__torch__.___torch_mangle_1", "CLIP") + b")\x81" + Pickle.EMPTY_DICT + Pickle.MARK
    + Pickle.text("logit_scale") + Pickle.tensor("0", [2]) + Pickle.SETITEMS + Pickle.BUILD)
STORAGES = {"0": floats(6), "1": b"\x00\x3c"}

SEEDS = {
    "zip/stored": zip_bytes(torch_members(STATE, STORAGES))[0],
    "zip/deflated": zip_bytes([Member("a/b", floats(30), method=8)], comment=b"comment")[0],
    "zip/zip64": zip_bytes([Member("a", b"1")], zip64_count=1)[0],
    "pickle/state": STATE,
    "pickle/script": SCRIPT,
    "pickle/protocol-4": b"\x80\x04\x95\x10\0\0\0\0\0\0\0}\x94(\x8c\x01a\x94]\x94(K\x01N\x88eu.",
    "safetensors/pair": safetensors_bytes(text({"__metadata__": {"format": "pt"}, **PAIR}), bytes(16)),
    "json/config": b'{"model_type": "clip", "text_config": {"hidden_act": "gelu", "eps": 1e-05, "x": [null, true, -0.5]}}',
    "json/escapes": rb'["\u0041\ud83d\ude00\n", "", {}, [], 0, -1.5E+3]',
    "checkpoint/training": zip_bytes(torch_members(STATE, STORAGES))[0],
    "checkpoint/script": zip_bytes([*torch_members(SCRIPT, {"0": floats(2)}), Member("archive/constants.pkl", b"")])[0],
    "checkpoint/deflated": zip_bytes(torch_members(STATE, STORAGES, method=8))[0],
    "checkpoint/safetensors": safetensors_bytes(text(PAIR), floats(4)),
}


def main():
    for name, content in SEEDS.items():
        path = HERE / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()
