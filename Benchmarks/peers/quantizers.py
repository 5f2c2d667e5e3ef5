"""Compares int8 of PocketCLIP with int8 of ONNX Runtime and of OpenVINO: cosine to the original, and size.

    python -m peers.quantizers [--model RN50 …] [--bundle '--effort nearest' …] [--publish]

MODEL is a variant with synthetic weights (`ViT-B-32`, `ViT-B-32:tails`), `mini-vit`, `mini-rn`, or an archive in OpenAI's
layout with --golden. The truth is the golden file's FP64 embeddings, of OpenAI's own code (docs/GOLDEN.md). Its inputs
calibrate nothing: every quantizer calibrates on PocketCLIP's own items (calibration.py). Prints Markdown; with --publish
also replaces the models in Benchmarks/results/quantizers and the table of docs/QUANTIZATION.md.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
from types import SimpleNamespace

import numpy as np

from curve import bundles

from . import engines, exports, inputs, machine, models, quantizer_report

MODELS = ("RN50", "ViT-B-32", "ViT-B-32:tails", "mini-rn", "mini-vit")
TOWERS = ("image", "text")
PEERS = {
    "ONNX Runtime dynamic": "onnx-dynamic-all",
    "ONNX Runtime static": "onnx-static",
    "OpenVINO": "openvino-int8",
    "OpenVINO, min-max ranges": "openvino-minmax",
}
RUNGS = ("--effort nearest", "--effort calibrated")


def parsed():
    parser = argparse.ArgumentParser(prog="peers.quantizers", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", action="append", help=f"repeatable; default: {', '.join(MODELS)}")
    parser.add_argument("--golden", type=pathlib.Path, help="the golden file of the model; default: the committed one")
    parser.add_argument("--bundle", action="append",
                        help=f"options of `convert --precision int8`; repeatable; default: {' and '.join(RUNGS)}")
    parser.add_argument("--publish", action="store_true", help="write Benchmarks/results and docs/QUANTIZATION.md")
    return parser.parse_args()


def truth(golden, name, tower):
    """(inputs, FP64 embeddings) of the report set."""
    import safetensors.numpy

    tensors = safetensors.numpy.load_file(golden)
    embeddings = tensors[f"{tower}.embedding.f64"]
    if tower == "text":
        return tensors["text.ids"].astype(np.int64), embeddings
    if "image.pixels" in tensors:
        return tensors["image.pixels"], embeddings
    return inputs.images(models.image_size(name), count=len(embeddings)), embeddings


def cosines(outputs, embeddings):
    """(worst, mean)"""
    unit = outputs.astype(np.float64) / np.linalg.norm(outputs.astype(np.float64), axis=1, keepdims=True)
    each = np.einsum("ij,ij->i", unit, embeddings)
    return {"worst": float(each.min()), "mean": float(each.mean())}


def peer(name, tower, kind, batch, embeddings):
    file = exports.path(name, tower, kind)
    case = SimpleNamespace(variant=name, tower=tower)
    engine = (engines.OnnxRuntime(case, kind) if file.suffix == ".onnx"
              else engines.OpenVINO(case, kind, "f32"))  # the rest in FP32: only int8 is compared
    item = np.empty_like(batch[:1])
    call = engine.prepare(item)
    outputs = []
    for item[0] in batch:
        outputs.append(np.array(call()[0]))
    size = sum(each.stat().st_size for each in file.parent.iterdir() if each.name != exports.TIMES)
    return cosines(np.stack(outputs), embeddings) | {"bytes": size}


def ours(name, tower, options, golden):
    """{arithmetic: figures} of a bundle that holds this tower alone."""
    with tempfile.TemporaryDirectory() as folder:
        bundle = pathlib.Path(folder) / "bundle.pclip"
        size = bundles.convert(models.source(name), bundle, f"--tower {tower} --precision int8 {options}")
        found = bundles.command("verify", bundle, "--golden", golden, "--json", "--quiet", accepted=(0, 1))
    reports = json.loads(found)["reports"]  # status 1: a bound is missed, which is a result
    found = {}
    for report in reports:
        metrics = report[tower]["metrics"]
        found[report["thresholds"]["name"].removeprefix("int8 ")] = {
            "worst": metrics["worst_cosine"], "mean": metrics["mean_cosine"], "bytes": size}
    return found


def measure(name, golden, rungs):
    """{tower: {quantizer: figures, or {"refused": why}}}"""
    return {tower: dict(quantizers(name, tower, golden, rungs)) for tower in TOWERS}


def quantizers(name, tower, golden, rungs):
    batch, embeddings = truth(golden, name, tower)
    for title, kind in PEERS.items():
        yield title, attempt(peer, name, tower, kind, batch, embeddings)
        print(f"{name} {tower}: {title}", file=sys.stderr, flush=True)
    for options in rungs:
        found = attempt(ours, name, tower, options, golden)
        for arithmetic in ("fast", "exact"):
            yield f"PocketCLIP `{arithmetic}`, {options.replace('--effort ', '')}", found.get(arithmetic, found)
        print(f"{name} {tower}: PocketCLIP {options}", file=sys.stderr, flush=True)


def attempt(function, *arguments):
    """A quantizer that fails is a result, not the end of the run."""
    try:
        return function(*arguments)
    except (RuntimeError, subprocess.CalledProcessError) as error:
        return {"refused": str(error)}


def main():
    arguments = parsed()
    names = arguments.model or MODELS
    if arguments.golden and len(names) != 1:
        sys.exit("--golden belongs to one model: name it with --model")
    for name in names:
        golden = arguments.golden or models.golden(name)
        result = measure(name, golden, arguments.bundle or RUNGS)
        print(quantizer_report.markdown({name: result}), flush=True)
        if arguments.publish:
            quantizer_report.store(name, {"commit": machine.commit(), "towers": result})
            quantizer_report.write_document()


if __name__ == "__main__":
    main()
