"""The engines. Each opens its own export of a tower with THREADS threads and prepares calls for fixed batches.

`ENGINES[name](case)` returns an object with `prepare(batch)`, which returns a function without arguments for the
outputs.
Every engine gets the settings that make it fastest for one caller: static shapes and shared buffers for OpenVINO,
sequential execution with its full graph optimization for ONNX Runtime.
"""

import os

from . import THREADS, amx, exports


class OnnxRuntime:
    def __init__(self, case, kind):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        options.inter_op_num_threads = 1
        model = exports.path(case.variant, case.tower, kind)
        self.session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])

    def prepare(self, batch):
        return lambda: self.session.run(None, {"input": batch})[0]


class OpenVINO:
    """`hint`: the precision of operations that are not int8; None leaves OpenVINO's choice, BF16 if the machine has
    it. Where AMX is refused, oneDNN must not use it either: it looks at the processor."""

    def __init__(self, case, kind, hint):
        if amx.refused:
            os.environ["ONEDNN_MAX_CPU_ISA"] = "AVX512_CORE_FP16"  # everything but AMX
        self.model_path = exports.path(case.variant, case.tower, kind)
        self.properties = {"INFERENCE_NUM_THREADS": THREADS, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
        if hint:
            self.properties["INFERENCE_PRECISION_HINT"] = hint

    def prepare(self, batch):
        import openvino

        core = openvino.Core()
        model = core.read_model(self.model_path)
        model.reshape({model.input(0): list(batch.shape)})
        request = core.compile_model(model, "CPU", self.properties).create_infer_request()
        return lambda: request.infer([batch], share_inputs=True, share_outputs=True)[0]


class Torch:
    def __init__(self, case):
        import torch

        from . import towers

        torch.set_num_threads(THREADS)
        self.torch, self.module = torch, towers.tower(case.variant, case.tower)

    def prepare(self, batch):
        tensor = self.torch.from_numpy(batch)

        def encode():
            with self.torch.inference_mode():
                return self.module(tensor).numpy()

        return encode


def pocketclip(case, precision, arithmetic):
    import numpy as np

    from . import pocketclip

    reference = np.load(exports.path(case.variant, case.tower, "reference"))
    return pocketclip.Tower(exports.bundle(case.variant, precision), case.tower, reference[case.inputs].shape[1],
                            arithmetic, max(case.batches))


ENGINES = {
    "pocketclip-int8": lambda case: pocketclip(case, "int8", "fast"),
    "pocketclip-exact": lambda case: pocketclip(case, "int8", "exact"),
    "pocketclip-fp16": lambda case: pocketclip(case, "fp16", "auto"),
    "pocketclip-bf16": lambda case: pocketclip(case, "fp16", "bf16"),
    "onnxruntime-fp32": lambda case: OnnxRuntime(case, "onnx"),
    "onnxruntime-dynamic": lambda case: OnnxRuntime(case, "onnx-dynamic"),
    "onnxruntime-static": lambda case: OnnxRuntime(case, "onnx-static"),
    "openvino-fp32": lambda case: OpenVINO(case, "onnx", "f32"),
    "openvino-bf16": lambda case: OpenVINO(case, "onnx", "bf16"),
    "openvino-default": lambda case: OpenVINO(case, "onnx", None),
    "openvino-int8": lambda case: OpenVINO(case, "openvino-int8", None),
    "openvino-int8-f32": lambda case: OpenVINO(case, "openvino-int8", "f32"),
    "torch-fp32": lambda case: Torch(case),
}
