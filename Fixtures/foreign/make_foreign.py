#!/usr/bin/env python3
"""Files of formats that PocketCLIP does not read, written by their own libraries. Tests compare the name in each error.

    make_foreign.py torch       torch 2.13.0, onnx 1.23.2, onnxruntime 1.32.0, openvino and coremltools as printed
    make_foreign.py tensorflow  tensorflow 2.21.0, keras 3.15.1
    make_foreign.py standard    Python 3.11 alone

Each holds one matrix of four numbers. TensorRT and Paddle could not be run here: their files contain the first bytes by
which other projects recognise them.
"""

import bz2
import gzip
import io
import lzma
import os
import pathlib
import shutil
import sys
import tarfile
import zipfile

HERE = pathlib.Path(__file__).resolve().parent


def write(name, data):
    path = HERE / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def with_torch():
    import coremltools
    import onnx
    import openvino
    import torch
    import torch.distributed.checkpoint
    from onnx import TensorProto, helper

    print("torch", torch.__version__, "openvino", openvino.__version__, "coremltools", coremltools.__version__)

    class Product(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = torch.nn.Parameter(torch.ones(2, 2))

        def forward(self, x):
            return x @ self.weight

    sample = (torch.zeros(1, 2),)
    program = torch.export.export(Product(), sample)
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # paths of this machine
    torch.export.save(program, HERE / "program.pt2")

    weight = helper.make_tensor("weight", TensorProto.FLOAT, [2, 2], [1.0] * 4)
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "weight"], ["y"])], "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2])], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, HERE / "model.onnx")
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(HERE / "model.ort")
    options.add_session_config_entry("session.save_model_format", "ORT")
    onnxruntime.InferenceSession(str(HERE / "model.onnx"), options, providers=["CPUExecutionProvider"])
    (HERE / "openvino").mkdir(exist_ok=True)
    openvino.save_model(openvino.convert_model(HERE / "model.onnx"), HERE / "openvino/openvino_model.xml")
    (HERE / "model.onnx").unlink()

    shutil.rmtree(HERE / "distributed", ignore_errors=True)
    os.chdir(HERE)  # the checkpoint states its path
    torch.distributed.checkpoint.save(
        {"model": {"visual.proj": torch.ones(2, 2), "logit_scale": torch.tensor(4.6)}},
        checkpoint_id="distributed")
    # ZeRO-3 writes names without values into the model's own file.
    torch.save({"visual.proj": torch.empty(0, dtype=torch.float16), "ln_final.weight": torch.empty(0),
                "logit_scale": torch.empty(0)}, HERE / "zero-3.bin")

    traced = torch.jit.trace(Product(), sample)
    converted = coremltools.convert(traced, inputs=[coremltools.TensorType(shape=(1, 2))], convert_to="mlprogram")
    shutil.rmtree(HERE / "package.mlpackage", ignore_errors=True)
    converted.save(str(HERE / "package.mlpackage"))
    network = coremltools.models.neural_network.NeuralNetworkBuilder(
        [("x", coremltools.models.datatypes.Array(2))], [("y", coremltools.models.datatypes.Array(2))])
    network.add_activation("relu", "RELU", "x", "y")
    coremltools.models.utils.save_spec(network.spec, str(HERE / "network.mlmodel"))


def with_tensorflow():
    import tensorflow

    print("tensorflow", tensorflow.__version__)

    class Product(tensorflow.Module):
        def __init__(self):
            self.weight = tensorflow.Variable([[1.0, 1.0], [1.0, 1.0]])

        @tensorflow.function(input_signature=[tensorflow.TensorSpec([1, 2])])
        def __call__(self, x):
            return x @ self.weight

    module = Product()
    shutil.rmtree(HERE / "saved-model", ignore_errors=True)
    tensorflow.saved_model.save(module, str(HERE / "saved-model"))
    tensorflow.train.Checkpoint(model=module).write(str(HERE / "tensorflow/model.ckpt"))
    converter = tensorflow.lite.TFLiteConverter.from_saved_model(str(HERE / "saved-model"))
    write("model.tflite", converter.convert())


def standard():
    write("engine.plan", b"ftrt" + bytes(60))
    write("old-engine.plan", b"ptrt" + bytes(60))
    write("executorch.pte", b"\x1c\0\0\0ET12" + bytes(24))
    weights = b"\x80\x02}q\x00." + bytes(60)
    for name, method in (("around.zip", zipfile.ZIP_DEFLATED), ("stored.zip", zipfile.ZIP_STORED)):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            archive.writestr("clip/README.md", "text")
            archive.writestr("clip/ViT-B-32.pt", weights)
        write(name, buffer.getvalue())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("photos/a.txt", "text")
    write("photos.zip", buffer.getvalue())
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("clip/ViT-B-32.pt")
        member.size = len(weights)
        archive.addfile(member, io.BytesIO(weights))
    write("around.tar", buffer.getvalue())
    write("around.tar.gz", gzip.compress(buffer.getvalue(), mtime=0))
    write("weights.pt.gz", gzip.compress(weights, mtime=0))
    write("weights.pt.bz2", bz2.compress(weights))
    write("weights.pt.xz", lzma.compress(weights))
    write("model.py", b'import torch\n\nmodel = torch.load("ViT-B-32.pt")\n')
    write("README.md", "---\nlicense: mit\n---\n# CLIP \N{EM DASH} ViT-B/32\n".encode())
    write("config.json", b'{\n  "model_type": "clip"\n}\n')
    write("denied.xml", b'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code></Error>')
    write("paper.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")


if __name__ == "__main__":
    {"torch": with_torch, "tensorflow": with_tensorflow, "standard": standard}[sys.argv[1]]()
