"""Exports of one model in every engine's format, made on demand and kept in the cache.

Each is made in a separate process (`python -m peers.exports MODEL TOWER KIND`), so that its memory is freed
afterwards. Recipes: ONNX by torch's exporter; ONNX Runtime's int8 dynamic per channel, of matrix products (as fast as
possible) or of every operator that it quantizes (as small as possible), or static (QDQ); OpenVINO's int8 by nncf, with
its transformer scheme (which smooths) for ViT and text, and with ranges that clip nothing.
"""

import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

from . import CACHE, TOOL, inputs, models

FILES = {
    "reference": "reference/outputs.npz",
    "onnx": "fp32/model.onnx",
    "onnx-dynamic": "dynamic/model.onnx",
    "onnx-dynamic-all": "dynamic-all/model.onnx",
    "onnx-static": "static/model.onnx",
    "openvino-int8": "nncf/model.xml",
    "openvino-minmax": "nncf-minmax/model.xml",
}
SOURCES = {kind: ["onnx"] for kind in FILES if kind not in ("reference", "onnx")}
"""The exports from which others are made."""
OF_ENGINE = {"onnxruntime-fp32": "onnx", "onnxruntime-dynamic": "onnx-dynamic", "onnxruntime-static": "onnx-static",
             "openvino-fp32": "onnx", "openvino-bf16": "onnx", "openvino-default": "onnx",
             "openvino-int8": "openvino-int8", "openvino-int8-f32": "openvino-int8"}
TIMES = "seconds.json"
"""Next to an export: how long making it took, without its sources, and the machine's load before."""


def path(variant, tower, kind):
    """The file of a kind; made first if it is missing."""
    file = models.cache(variant) / tower / FILES[kind]
    if not file.exists():
        print(f"making {kind} of {variant}'s {tower} tower", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "peers.exports", variant, tower, kind], check=True, stdout=sys.stderr)
    return file


def bundle(variant, precision):
    """Our bundle of both towers of the same weights, by the command line. PEERS_BUNDLES distinguishes those of several."""
    file = models.cache(variant) / (precision + os.environ.get("PEERS_BUNDLES", "")) / "model.pclip"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with timed(file):
            subprocess.run([os.environ.get("POCKETCLIP", str(TOOL)), "convert", models.source(variant), "-o", str(file),
                            "--precision", precision, "--no-measure", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return file


@contextlib.contextmanager
def timed(file):
    """Records how long making a file takes."""
    load, begin = os.getloadavg()[0], time.perf_counter()
    yield
    seconds = {"seconds": time.perf_counter() - begin, "load": load}
    (file.parent / TIMES).write_text(json.dumps(seconds) + "\n")


def step_seconds(file):
    """{seconds, load} of a file that exists; None if they were not recorded."""
    times = file.parent / TIMES
    return json.loads(times.read_text()) if times.exists() else None


def steps(variant, tower, engine):
    """{step: {seconds, load}} of everything that an engine needs from the weights; empty for PyTorch."""
    if engine.startswith("pocketclip-"):
        precision = "int8" if engine.removeprefix("pocketclip-") in ("int8", "exact") else "fp16"
        return {f"convert --precision {precision}": step_seconds(bundle(variant, precision))}
    if engine not in OF_ENGINE:
        return {}
    kind = OF_ENGINE[engine]
    return {each: step_seconds(path(variant, tower, each)) for each in [*SOURCES.get(kind, []), kind]}


def operations(variant, tower):
    """Two operations per multiply-add of one item, padding included, as a peer computes them (counted by PyTorch)."""
    import numpy as np

    return int(np.load(path(variant, tower, "reference"))["operations"])


def make_reference(variant, tower, file):
    """FP32 outputs of PyTorch for each kind of input, and the operations per item of a padded pass."""
    import numpy as np
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    from . import towers

    module = towers.tower(variant, tower)
    batches = ({"images": inputs.images(models.image_size(variant))} if tower == "image"
               else {"long": inputs.long_ids(), "captions": inputs.caption_ids()})
    with torch.no_grad():
        outputs = {name: module(torch.from_numpy(batch)).numpy() for name, batch in batches.items()}
        with FlopCounterMode(display=False) as counter:
            module(torch.from_numpy(next(iter(batches.values()))[:1]))
    np.savez(file, operations=counter.get_total_flops(), **outputs)


def make_onnx(variant, tower, file):
    import numpy as np
    import torch

    from . import towers

    module = towers.tower(variant, tower)
    samples = inputs.calibration(tower, models.image_size(variant))
    batch = torch.from_numpy(np.concatenate(samples[:2]))
    with torch.no_grad():
        torch.onnx.export(module, (batch,), file, dynamo=True, opset_version=20, input_names=["input"],
                          output_names=["output"], dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=64)},))


@contextlib.contextmanager
def preprocessed(variant, tower):
    """The FP32 graph as ONNX Runtime needs it for quantizing: folded, with shapes. A temporary file."""
    from onnxruntime.quantization.shape_inference import quant_pre_process

    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        prepared = pathlib.Path(folder) / "prepared.onnx"
        quant_pre_process(str(path(variant, tower, "onnx")), str(prepared), save_as_external_data=True)
        yield prepared


def make_onnx_dynamic(variant, tower, file, operators=("MatMul", "Gemm", "Attention")):
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with preprocessed(variant, tower) as prepared:
        quantize_dynamic(prepared, file, per_channel=True, weight_type=QuantType.QInt8,
                         op_types_to_quantize=list(operators))


def make_onnx_dynamic_all(variant, tower, file):
    """Convolutions and the token table too: ONNX Runtime's own list."""
    make_onnx_dynamic(variant, tower, file, operators=())


def make_onnx_static(variant, tower, file):
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

    class Samples(CalibrationDataReader):
        def __init__(self):
            self.samples = iter(inputs.calibration(tower, models.image_size(variant)))

        def get_next(self):
            sample = next(self.samples, None)
            return None if sample is None else {"input": sample}

    # Of a transformer only the products: the scale of a causal mask, whose range is infinite, destroys every output.
    operators = ["MatMul", "Gemm", "Conv", "Gather"] if models.is_transformer(variant, tower) else None
    with preprocessed(variant, tower) as prepared:
        quantize_static(prepared, file, Samples(), quant_format=QuantFormat.QDQ, per_channel=True,
                        activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8, op_types_to_quantize=operators)


def make_openvino_int8(variant, tower, file, **settings):
    import nncf
    import openvino

    model = openvino.Core().read_model(path(variant, tower, "onnx"))
    scheme = nncf.ModelType.TRANSFORMER if models.is_transformer(variant, tower) else None
    samples = inputs.calibration(tower, models.image_size(variant))
    quantized = nncf.quantize(model, nncf.Dataset(samples), subset_size=len(samples), model_type=scheme, **settings)
    openvino.save_model(quantized, file, compress_to_fp16=False)


def make_openvino_minmax(variant, tower, file):
    """Ranges that hold every value of the calibration (by default nncf averages the samples' extremes, and clips), and zero
    points for activations."""
    import nncf
    from nncf.quantization.range_estimator import RangeEstimatorParametersSet

    ranges = nncf.AdvancedQuantizationParameters(activations_range_estimator_params=RangeEstimatorParametersSet.MINMAX)
    make_openvino_int8(variant, tower, file, preset=nncf.QuantizationPreset.MIXED, advanced_parameters=ranges)


MAKERS = {"reference": make_reference, "onnx": make_onnx, "onnx-dynamic": make_onnx_dynamic,
          "onnx-dynamic-all": make_onnx_dynamic_all, "onnx-static": make_onnx_static,
          "openvino-int8": make_openvino_int8, "openvino-minmax": make_openvino_minmax}


def main(variant, tower, kind):
    """Writes a temporary file next to the target and renames it, so that an interrupted run leaves no incomplete
    target."""
    for source in SOURCES.get(kind, []):
        path(variant, tower, source)
    final = models.cache(variant) / tower / FILES[kind]
    unfinished = final.parent.with_name(f"unfinished-{final.parent.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    with timed(unfinished / final.name):
        MAKERS[kind](variant, tower, unfinished / final.name)
    unfinished.rename(final.parent)


if __name__ == "__main__":
    main(*sys.argv[1:])
