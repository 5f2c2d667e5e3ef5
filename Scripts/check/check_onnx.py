#!/usr/bin/env python3
"""Changes ONNX graphs in many ways: each mutant is refused, or its vectors equal ONNX Runtime's.

    Scripts/check/check_onnx.py [--tool PATH] [--positions N] [--only KIND] [--markdown FILE]

Needs the command line (`make build`) and the environment of Scripts/environments/venv-onnx.sh. The graphs are exports
of tiny random models by both of torch's exporters. A mutant is one change at one position; a graph that ONNX Runtime
does not run, or whose embedding is not finite, does not count. Exit status 1 if an accepted mutant's vectors differ
from ONNX Runtime's, or if an unchanged graph is refused.
"""

import argparse
import collections
import concurrent.futures
import copy
import json
import logging
import pathlib
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import save_file
from transformers import CLIPConfig, CLIPModel

from layouts.model import CLIP, CONTEXT, VOCABULARY, randomize
from verify_report import worst_cosines

ROOT = pathlib.Path(__file__).resolve().parents[2]
LEAST_COSINE = 0.99999


# ---- Graphs ----------------------------------------------------------------------------------------


class Towers(torch.nn.Module):
    """Both embeddings of a model below an attribute."""

    def __init__(self, model, image, text):
        super().__init__()
        self.clip_model, self.image, self.text = model, image, text

    def forward(self, image, text):
        return self.image(self.clip_model, image), self.text(self.clip_model, text)


def openai(layers, size, width):
    return randomize(CLIP(
        embed_dim=48, image_resolution=size, vision_layers=layers, vision_width=width, vision_patch_size=8,
        context_length=CONTEXT, vocab_size=VOCABULARY, transformer_width=64, transformer_heads=2, transformer_layers=2))


def hugging_face():
    tower = dict(num_attention_heads=2, num_hidden_layers=2, projection_dim=48, hidden_act="gelu")
    model = CLIPModel(CLIPConfig(
        text_config=dict(tower, hidden_size=64, intermediate_size=256, vocab_size=VOCABULARY, eos_token_id=VOCABULARY - 1,
                         max_position_embeddings=CONTEXT, bos_token_id=VOCABULARY - 2, pad_token_id=0),
        vision_config=dict(tower, hidden_size=128, intermediate_size=512, image_size=24, patch_size=8), projection_dim=48))
    return randomize(model)


def inputs(size):
    generator = np.random.RandomState(5)
    ids = np.zeros((2, CONTEXT), np.int64)
    for row, end in zip(ids, (6, 11)):
        row[0], row[1:end], row[end] = VOCABULARY - 2, generator.randint(1, VOCABULARY - 2, end - 1), VOCABULARY - 1
    return {"image": generator.standard_normal((2, 3, size, size)).astype(np.float32), "text": ids}


def graphs(folder):
    """{name: (graph, inputs)}"""
    native = lambda model, x: model.encode_image(x), lambda model, x: model.encode_text(x)  # noqa: E731
    pooled = (lambda model, x: model.get_image_features(pixel_values=x).pooler_output,
              lambda model, x: model.get_text_features(input_ids=x).pooler_output)
    vit, resnet, other = openai(2, 24, 128), openai((1, 2, 1, 1), 64, 8), hugging_face()
    cases = {"vit opset 14": (vit, native, 24, 14, {}), "vit opset 18": (vit, native, 24, 18, {}),
             "vit dynamo": (vit, native, 24, 20, {"dynamo": True}),
             "transformers": (other, pooled, 24, 17, {}),
             "resnet": (resnet, native, 64, 17, {"do_constant_folding": False}),
             "resnet folded": (resnet, native, 64, 17, {})}
    for name, (model, towers, size, opset, options) in cases.items():
        path = folder / "graph.onnx"
        example = inputs(size)
        if options.get("dynamo"):
            options = {**options, "external_data": False, "verbose": False}
        else:
            options = {**options, "dynamo": False, "dynamic_axes": {key: {0: "batch"} for key in example}}
        torch.onnx.export(Towers(model, *towers), tuple(torch.from_numpy(x) for x in example.values()), str(path),
                          opset_version=opset, input_names=list(example), output_names=["i", "t"], **options)
        yield name, onnx.load(path), example


# ---- Mutants ---------------------------------------------------------------------------------------


class Graph:
    """A copy of a graph that one mutation changes."""

    def __init__(self, model):
        self.model = copy.deepcopy(model)
        self.nodes = self.model.graph.node
        self.weights = {x.name: x for x in self.model.graph.initializer}

    def attribute(self, node, name):
        return next((x for x in node.attribute if x.name == name), None)

    def set(self, node, name, value):
        old = self.attribute(node, name)
        if old is not None:
            node.attribute.remove(old)
        node.attribute.append(helper.make_attribute(name, value))

    def constant(self, array):
        name = f"mutant_{len(self.weights)}"
        tensor = numpy_helper.from_array(np.asarray(array), name)
        self.model.graph.initializer.append(tensor)
        self.weights[name] = tensor
        return name

    def value(self, name):
        """The array of a constant, or None."""
        if name in self.weights:
            return numpy_helper.to_array(self.weights[name])
        for node in self.nodes:
            if node.op_type == "Constant" and node.output[0] == name and self.attribute(node, "value") is not None:
                return numpy_helper.to_array(self.attribute(node, "value").t)
        return None

    def insert(self, index, make):
        """Inserts operations after the first output of a node; `make` has its new name and the name of the result."""
        node = self.nodes[index]
        result, node.output[0] = node.output[0], "mutant_inner"
        rest = list(self.nodes)[index + 1:]
        del self.nodes[index + 1:]
        self.nodes.extend(make("mutant_inner", result) + rest)


def indices(graph, *operations):
    return [i for i, node in enumerate(graph.nodes) if node.op_type in operations]


FLOATING = ("Add", "Mul", "MatMul", "Gemm", "Conv", "LayerNormalization", "Relu", "Softmax", "Sigmoid", "Sub", "Div",
            "AveragePool", "BatchNormalization", "Erf", "Tanh")


MASKED = ("Add", "Unsqueeze", "Slice", "Cast", "Where", "Reshape", "Expand", "Identity")
# Most of their positions are arithmetic on shapes, so all are tested.
EVERYWHERE = {"index moved", "mask transposed", "mask shifted", "mask zero", "mask soft"}


def behind(operation, *constants, **attributes):
    def mutate(graph, index):
        names = [graph.constant(np.asarray(x)) for x in constants]
        graph.insert(index, lambda inner, result: [
            helper.make_node(operation, [inner, *names], [result], **attributes)])
    return FLOATING, mutate


def through(kind):
    """A cast to a type and back."""
    def mutate(graph, index):
        graph.insert(index, lambda inner, result: [
            helper.make_node("Cast", [inner], ["mutant_cast"], to=kind),
            helper.make_node("Cast", ["mutant_cast"], [result], to=TensorProto.FLOAT)])
    return FLOATING, mutate


def training_dropout(graph, index):
    ratio, training = graph.constant(np.float32(0.5)), graph.constant(np.array(True))
    graph.insert(index, lambda inner, result: [helper.make_node("Dropout", [inner, ratio, training], [result], seed=3)])


def operation(old, new):
    def mutate(graph, index):
        graph.nodes[index].op_type = new
    return (old,), mutate


def attribute(operations, name, change, default=None):
    def mutate(graph, index):
        node = graph.nodes[index]
        old = graph.attribute(node, name)
        value = change(helper.get_attribute_value(old) if old is not None else default)
        graph.set(node, name, value)
    return operations, mutate


def dropped(which):
    """A node of two operands replaced by one of them."""
    def mutate(graph, index):
        node = graph.nodes[index]
        kept = node.input[which]
        node.op_type = "Identity"
        del node.input[:]
        del node.attribute[:]
        node.input.append(kept)
    return mutate


def swapped(graph, index):
    node = graph.nodes[index]
    node.input[0], node.input[1] = node.input[1], node.input[0]


def constants(change, where=lambda array: array.dtype.kind == "f"):
    """The first constant operand of the right kind, changed only for this node."""
    def mutate(graph, index):
        node = graph.nodes[index]
        for place, name in enumerate(node.input):
            found = graph.value(name)
            if found is not None and found.size and where(found):
                node.input[place] = graph.constant(np.ascontiguousarray(change(found.copy())).astype(found.dtype))
                return
        raise ValueError
    return mutate


def next_of_its_shape(graph, index):
    """The weight of another node with the same operation."""
    node = graph.nodes[index]
    for place, name in enumerate(node.input):
        own = graph.value(name)
        if own is None or own.size < 4:
            continue
        for later in list(graph.nodes)[index + 1:]:
            if later.op_type == node.op_type:
                for other_place, other in enumerate(later.input):
                    value = graph.value(other)
                    if other != name and value is not None and value.shape == own.shape:
                        node.input[place], later.input[other_place] = other, name
                        return
    raise ValueError


def earlier_value(graph, index):
    """An operand replaced by that of the previous node with the same operation."""
    node = graph.nodes[index]
    for earlier in reversed(list(graph.nodes)[:index]):
        if earlier.op_type == node.op_type and earlier.input[0] != node.input[0]:
            node.input[0] = earlier.input[0]
            return
    raise ValueError


def moved_index(array):
    return array + 1 if array.size == 1 else np.roll(array, 1)


def future_mask(array):
    return np.swapaxes(array, -1, -2)


def shifted_mask(array):
    return np.roll(array, 1, axis=-1)


def is_mask(array):
    return array.dtype.kind == "f" and array.ndim >= 2 and array.min() < -1e3


MUTATIONS = {
    "multiply by 2": behind("Mul", np.float32(2)), "multiply by 1.01": behind("Mul", np.float32(1.01)),
    "multiply by 1": behind("Mul", np.float32(1)), "add 0.5": behind("Add", np.float32(0.5)),
    "add 0": behind("Add", np.float32(0)), "negate": behind("Neg"), "absolute value": behind("Abs"),
    "tanh": behind("Tanh"), "relu": behind("Relu"), "sigmoid": behind("Sigmoid"), "floor": behind("Floor"),
    "softmax": behind("Softmax", axis=-1), "identity": behind("Identity"), "square": behind("Pow", np.float32(2)),
    "clip to 1": behind("Clip", np.float32(-1), np.float32(1)),
    "clip to 60,000": behind("Clip", np.float32(-6e4), np.float32(6e4)),
    "at most 3": behind("Min", np.float32(3)), "at least -1": behind("Max", np.float32(-1)),
    "dropout, inference": behind("Dropout"), "dropout, training": (FLOATING, training_dropout),
    "cast to FP16": through(TensorProto.FLOAT16), "cast to bfloat16": through(TensorProto.BFLOAT16),
    "cast to int32": through(TensorProto.INT32), "cast to bool": through(TensorProto.BOOL),
    "unit length": (FLOATING, lambda graph, index: graph.insert(index, lambda inner, result: [
        helper.make_node("LpNormalization", [inner], [result], axis=-1, p=2)])),
    "first operand alone": (("Add", "Mul", "Sub", "Div"), dropped(0)),
    "second operand alone": (("Add", "Mul", "Sub", "Div"), dropped(1)),
    "Add to Sub": operation("Add", "Sub"), "Add to Mul": operation("Add", "Mul"), "Mul to Add": operation("Mul", "Add"),
    "Mul to Div": operation("Mul", "Div"), "Sub to Add": operation("Sub", "Add"), "Div to Mul": operation("Div", "Mul"),
    "operands swapped": (("Add", "Mul", "Sub", "Div", "MatMul", "Concat"), swapped),
    "earlier operand": (("LayerNormalization", "Softmax", "Relu", "Sub", "Gemm"), earlier_value),
    "weights swapped": (("MatMul", "Gemm", "LayerNormalization", "Conv", "Add", "Mul", "BatchNormalization"), next_of_its_shape),
    "constant times 1.1": (FLOATING + ("Pow",), constants(lambda x: x * 1.1)),
    "constant plus 1": (FLOATING + ("Pow",), constants(lambda x: x + 1)),
    "constant negated": (FLOATING, constants(lambda x: -x)), "constant zero": (FLOATING, constants(lambda x: x * 0)),
    "constant reversed": (FLOATING, constants(lambda x: x[..., ::-1] if x.ndim else x)),
    "mask transposed": (MASKED, constants(future_mask, is_mask)),
    "mask shifted": (MASKED, constants(shifted_mask, is_mask)),
    "mask zero": (MASKED, constants(np.zeros_like, is_mask)),
    "mask soft": (MASKED, constants(lambda x: np.maximum(x, -3), is_mask)),
    "index moved": (("Gather", "GatherND", "Slice", "Reshape", "Split"), constants(moved_index, lambda x: x.dtype.kind == "i")),
    "softmax axis": attribute(("Softmax",), "axis", lambda axis: -2, -1),
    "Softmax to LogSoftmax": operation("Softmax", "LogSoftmax"),
    "Softmax to Hardmax": operation("Softmax", "Hardmax"),
    "norm axis": attribute(("LayerNormalization",), "axis", lambda axis: -2, -1),
    "epsilon 0.5": attribute(("LayerNormalization", "BatchNormalization"), "epsilon", lambda e: 0.5),
    "perm reversed": attribute(("Transpose",), "perm", lambda perm: list(perm)[::-1]),
    "perm swapped": attribute(("Transpose",), "perm", lambda perm: [*perm[:-2], perm[-1], perm[-2]]),
    "ArgMax to ArgMin": operation("ArgMax", "ArgMin"), "last of the highest": attribute(("ArgMax",), "select_last_index", lambda x: 1),
    "Sigmoid to HardSigmoid": operation("Sigmoid", "HardSigmoid"), "Sigmoid to Tanh": operation("Sigmoid", "Tanh"),
    "Erf to Tanh": operation("Erf", "Tanh"), "Relu to LeakyRelu": operation("Relu", "LeakyRelu"), "Relu to Elu": operation("Relu", "Elu"),
    "Sqrt to Identity": operation("Sqrt", "Identity"), "ReduceMean to ReduceMax": operation("ReduceMean", "ReduceMax"),
    "ReduceMean to ReduceSum": operation("ReduceMean", "ReduceSum"), "average to maximum": operation("AveragePool", "MaxPool"),
    "pads": attribute(("Conv", "AveragePool"), "pads", lambda pads: [pads[2], pads[3], 0, 0] if pads and any(pads) else [1, 0, 0, 1], [0] * 4),
    "strides": attribute(("Conv",), "strides", lambda strides: [strides[0], strides[1] + 1], [1, 1]),
    "dilations": attribute(("Conv",), "dilations", lambda dilations: [2, 2], [1, 1]),
    "Gemm alpha": attribute(("Gemm",), "alpha", lambda alpha: 2.0, 1.0), "Gemm beta": attribute(("Gemm",), "beta", lambda beta: 0.5, 1.0),
    "Gemm transB": attribute(("Gemm",), "transB", lambda flag: 1 - flag, 0),
}


def spread(places, count):
    """At most `count` of them, the first and the last too."""
    if len(places) <= count:
        return places
    return sorted({places[round(i * (len(places) - 1) / (count - 1))] for i in range(count)})


def mutants(model, kind, count):
    operations, mutate = MUTATIONS[kind]
    places = indices(Graph(model), *operations)
    for index in places if kind in EVERYWHERE else spread(places, count):
        graph = Graph(model)
        place = graph.nodes[index].name or graph.nodes[index].output[0]
        try:
            mutate(graph, index)
        except (ValueError, IndexError, AttributeError, TypeError):
            continue
        yield f"{kind} at {place}", graph.model


# ---- Verdicts --------------------------------------------------------------------------------------


def truth(model, example):
    """ONNX Runtime's unit embeddings, or None."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        outputs = session.run(None, example)
    except Exception:  # noqa: BLE001: any error means that it does not run
        return None
    if not all(x.shape == (2, 48) and np.isfinite(x).all() and (np.abs(x).max(axis=1) > 0).all() for x in outputs):
        return None
    return [x / np.linalg.norm(x.astype(np.float64), axis=1, keepdims=True) for x in outputs]


def judge(tool, folder, number, model, example):
    """None if it is not a mutant, "refused", or the worst cosine."""
    embeddings = truth(model, example)
    if embeddings is None:
        return None
    path, golden = folder / f"{number}.onnx", folder / f"{number}.safetensors"
    path.write_bytes(model.SerializeToString())
    image, text = embeddings
    save_file({"image.pixels": example["image"], "text.ids": example["text"].astype(np.int32),
               "image.embedding.f64": image, "image.embedding.f32": image.astype(np.float32),
               "text.embedding.f64": text, "text.embedding.f32": text.astype(np.float32)},
              str(golden), metadata={"golden.version": "1", "golden.model": "mutant", "golden.weights": "tiny",
                                      "golden.writer": f"onnxruntime {onnxruntime.__version__}"})
    run = subprocess.run(
        [tool, "verify", path, "--golden", golden, "--json", "--preprocess", "openai", "--tokenizer", "none"],
        capture_output=True, text=True)
    path.unlink()
    golden.unlink()
    if run.returncode not in (0, 1):
        is_refusal = run.returncode in (65, 69) and "golden" not in run.stderr
        return "refused" if is_refusal else f"exit status {run.returncode}: {run.stderr[:300]}"
    return min(worst_cosines(json.loads(run.stdout)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", default=str(ROOT / ".build/release/pocketclip"))
    parser.add_argument("--positions", type=int, default=4, help="positions of each kind in each graph")
    parser.add_argument("--only")
    parser.add_argument("--markdown")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    kinds = collections.defaultdict(lambda: [0, 0, []])
    failures = []
    with tempfile.TemporaryDirectory() as temporary, concurrent.futures.ThreadPoolExecutor(2) as pool:
        folder = pathlib.Path(temporary)
        for graph, model, example in graphs(folder):
            result = judge(options.tool, folder, "unchanged", model, example)
            print(f"{graph}: unchanged {result}", flush=True)
            if not isinstance(result, float) or result < LEAST_COSINE:
                failures.append(f"{graph}, unchanged: {result}")
                continue
            jobs = []
            for kind in MUTATIONS:
                if options.only in (None, kind):
                    for name, mutant in mutants(model, kind, options.positions):
                        jobs.append((kind, name, pool.submit(
                            judge, options.tool, folder, len(jobs), mutant, example)))
            for kind, name, job in jobs:
                result = job.result()
                if result is None:
                    continue
                count = kinds[kind]
                if result == "refused":
                    count[0] += 1
                elif isinstance(result, float) and result >= LEAST_COSINE:
                    count[1] += 1
                    count[2].append(result)
                else:
                    failures.append(f"{graph}, {name}: {result}")
    lines = ["| mutation | refused | accepted, same vectors | worst cosine |", "|---|---|---|---|"]
    for kind, (refused, accepted, cosines) in kinds.items():
        lines.append(f"| {kind} | {refused} | {accepted} | {min(cosines):.7f} |" if cosines else f"| {kind} | {refused} | 0 | – |")
    print("\n".join(lines))
    print(f"{len(kinds)} kinds, {sum(x[0] for x in kinds.values())} mutants refused, "
          f"{sum(x[1] for x in kinds.values())} accepted, {len(failures)} failures")
    if options.markdown:
        pathlib.Path(options.markdown).write_text("\n".join(lines) + "\n")
    for failure in failures:
        print("FAILED", failure)
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
