"""Small files that the original libraries write, of every format but HDF5: each type, order and nesting."""

import io

import ml_dtypes
import numpy as np

VALUES = np.linspace(-2, 2, 12).reshape(3, 4)
TYPES = ("f8", "f4", "f2", "i8", "i4", "i2", "i1", "u8", "u4", "u2", "u1")
WEIGHTS = {"visual.proj": VALUES.astype("f4"), "ln_final.weight": VALUES[0].astype("f2"),
           "logit_scale": np.array(4.6, "f4"), "empty": np.zeros((0, 3), "f4")}
EVERY_TYPE = {**{f"x.{code}": np.arange(6).reshape(2, 3).astype(code) for code in TYPES},
              "flag": np.array([True, False])}
BRAIN = VALUES.astype(ml_dtypes.bfloat16)


def safetensors():
    import torch
    from safetensors.numpy import save
    from safetensors.torch import save as save_torch
    small = {f"f8.{kind}": torch.linspace(-2, 2, 6).to(getattr(torch, kind))
             for kind in ("float8_e4m3fn", "float8_e5m2", "bfloat16")}
    return [save(WEIGHTS), save(EVERY_TYPE, {"format": "pt", "note": "a \"text\""}), save_torch(small),
            save({"é/ü": VALUES.astype("f4")})]


def gguf():
    import gguf
    import tempfile

    def written(order, fill):
        with tempfile.NamedTemporaryFile(suffix=".gguf") as file:
            writer = gguf.GGUFWriter(file.name, "clip", endianess=order)
            fill(writer)
            writer.write_header_to_file()
            writer.write_kv_data_to_file()
            writer.write_tensors_to_file()
            writer.close()
            file.seek(0)
            return file.read()

    def plain(writer):
        writer.add_string("general.name", "tiny")
        writer.add_array("tokenizer.ggml.tokens", ["a", "b</w>"])
        for code in ("f8", "f4", "f2", "i8", "i4", "i2", "i1"):
            writer.add_tensor(f"v.blk.0.{code}", np.arange(6).reshape(2, 3).astype(code))

    def quantized(writer):
        rng = np.random.default_rng(1)
        values = rng.standard_normal((2, 256)).astype("f4")
        for name in ("BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"):
            kind = gguf.GGMLQuantizationType[name]
            writer.add_tensor(f"v.blk.0.{name}", gguf.quants.quantize(values, kind), raw_dtype=kind)
        for name in ("Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K"):
            kind = gguf.GGMLQuantizationType[name]
            data = rng.integers(0, 256, (2, gguf.GGML_QUANT_SIZES[kind][1]), "u1")
            writer.add_tensor(f"v.blk.0.{name}", data, raw_dtype=kind)

    little, big = gguf.GGUFEndian.LITTLE, gguf.GGUFEndian.BIG
    return [written(little, plain), written(little, quantized), written(big, plain)]


def npz():
    def written(save, arrays):
        buffer = io.BytesIO()
        save(buffer, **arrays)
        return buffer.getvalue()
    orders = {"fortran": np.asfortranarray(VALUES), "big": VALUES.astype(">f4"), "params/kernel": VALUES.astype("f4")}
    return [written(save, arrays) for save in (np.savez, np.savez_compressed)
            for arrays in (WEIGHTS, EVERY_TYPE, orders)]


def onnx():
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    def model(tensors):
        graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "graph",
                                  [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3])],
                                  [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])], tensors)
        return helper.make_model(graph).SerializeToString()

    raw = [numpy_helper.from_array(array, name) for name, array in (WEIGHTS | EVERY_TYPE).items()]
    fields = [helper.make_tensor(f"field{kind}", kind, [2, 3], range(6)) for kind in
              (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.INT8,
               TensorProto.INT16, TensorProto.INT32, TensorProto.INT64, TensorProto.UINT8, TensorProto.UINT16,
               TensorProto.UINT32, TensorProto.UINT64, TensorProto.BOOL)]
    negative = [helper.make_tensor(f"negative{kind}", kind, [2], [-1, -2]) for kind in
                (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.INT8, TensorProto.INT16,
                 TensorProto.INT32, TensorProto.INT64)]
    text = helper.make_tensor("text", TensorProto.STRING, [1], [b"abc"])
    return [model(raw), model(fields), model([*negative, text]), model(raw[:2] + fields[:2])]


def torch_states():
    import torch
    weights = {name: torch.from_numpy(array.copy()) for name, array in WEIGHTS.items()}
    types = {name: torch.from_numpy(array.copy()) for name, array in EVERY_TYPE.items()}
    base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
    views = {"visual.proj": base.t(), "ln_final.weight": base[1, 2:5], "row": base[::2], "one": base[0, 0],
             "expanded": base[:, :1].expand(4, 3), "brain": base.bfloat16()}
    small = {"visual.proj": base, "e4m3": base.to(torch.float8_e4m3fn), "e5m2": base.to(torch.float8_e5m2)}
    training = {"epoch": 3, "name": "run", "state_dict": {f"module.{k}": v for k, v in weights.items()},
                "optimizer": {"state": {0: {"step": torch.tensor(1.0), "exp_avg": base}}, "param_groups": [{"lr": 0.1}]}}
    mixed = dict(weights, nested={"a": base}, listed=[base, 2], number=7, text="text", nothing=None)
    parameters = {"visual.proj": torch.nn.Parameter(base)}
    keys = {"visual.proj": base, 5: base}
    deep = {"outer": {"model": weights, "other": {"x": base}, 5: [base]}, 7: {"y": base}}
    return [weights, types, views, small, training, mixed, parameters, keys, deep]


def saved(state, is_zip):
    import torch
    buffer = io.BytesIO()
    # The old format names storages by their addresses; a mutated file must depend only on its number.
    torch.serialization.str = storage_names()
    torch.save(state, buffer, _use_new_zipfile_serialization=is_zip)
    del torch.serialization.str
    return buffer.getvalue()


def storage_names():
    """A `str` that counts numbers instead of formatting them."""
    known = {}

    class Name(str):
        def __new__(cls, value):
            return str(known.setdefault(value, 1000 + len(known)) if isinstance(value, int) else value)

    return Name


def pytorch_zip():
    return [saved(state, True) for state in torch_states()]


def pytorch_legacy():
    import torch
    return [saved(state, False)
            for state in torch_states() if not any(getattr(value, "dtype", None) in
                                                   (torch.float8_e4m3fn, torch.float8_e5m2) for value in state.values())]


def flax():
    from flax import serialization
    nested = {"params": {"vision_model": {"kernel": VALUES.astype("f4"), "brain": BRAIN},
                         "layers": {"0": {"bias": VALUES[0].astype("f2")}, "1": {"bias": VALUES[1].astype("f4")}},
                         "logit_scale": np.float32(4.6)},
              "step": 7, "opt_state": {"mu": VALUES.astype("f4"), "text": "adam", "nothing": None}}
    return [serialization.msgpack_serialize(state) for state in
            (nested, {name: array for name, array in EVERY_TYPE.items()}, {"list": [VALUES, 1.5, "x"], "w": BRAIN})]
