#!/usr/bin/env python3
"""Writes Fixtures/malformed: one defect per file, and next to each a sidecar with the expected error.

Standard library only (written with Python 3.11). Run it in its own folder; it replaces what it wrote before.
Sidecar: code (of `ReadError.Code`), name, offset (absolute in the file, null if the error has no single byte position),
places
(the steps of the error's path), open (the path to open instead of the file next to the sidecar).
"""

import json
import pathlib
import shutil

import cases_checkpoint
import cases_flax
import cases_gguf
import cases_hdf5
import cases_keras
import cases_numpy
import cases_onnx
import cases_pickle
import cases_safetensors
import cases_torch_legacy
import cases_torch_tar
import cases_zip
from codes import CODES

HERE = pathlib.Path(__file__).resolve().parent


def write(group, name, case):
    folder = HERE / group
    content = case["content"]
    target = folder / name
    if isinstance(content, dict):  # a folder: names to bytes, or to a link's target
        for inner, value in content.items():
            path = target / inner
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(value, str):
                path.symlink_to(value)
            else:
                path.write_bytes(value)
    else:
        target.write_bytes(content)
    sidecar = {"code": CODES[case["error"]], "name": case["error"], "offset": case.get("offset"),
               "places": case.get("places", []), "open": case.get("open")}
    (folder / (name + ".json")).write_text(json.dumps(sidecar, indent=2) + "\n")


def main():
    for group, cases in {"zip": cases_zip.CASES, "pickle": cases_pickle.CASES,
                         "safetensors": cases_safetensors.CASES, "checkpoint": cases_checkpoint.CASES,
                         "flax-msgpack": cases_flax.CASES, "gguf": cases_gguf.CASES, "npz": cases_numpy.NPZ,
                         "npy": cases_numpy.NPY, "hdf5": cases_hdf5.CASES | cases_keras.CASES,
                         "pytorch-legacy": cases_torch_legacy.CASES, "onnx": cases_onnx.CASES,
                         "pytorch-tar": cases_torch_tar.CASES}.items():
        shutil.rmtree(HERE / group, ignore_errors=True)
        (HERE / group).mkdir()
        for name, case in cases.items():
            write(group, name, case)


if __name__ == "__main__":
    main()
