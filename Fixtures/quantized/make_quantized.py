#!/usr/bin/env python3
"""Weights of eight bits and fewer as their libraries store them, and the values that each library itself computes.

torch 2.13.0, safetensors 0.8.0, bitsandbytes 0.50.0 on a CPU. All values of each FP8 type are included.
`NAME.expected.safetensors` holds the values in FP32 by the library's own conversion; files of schemes that are only
named have none. The names of the last group are those that GPTQModel, AutoAWQ, MLX, compressed-tensors, quanto and
ComfyUI write; only names and types are theirs.
"""

import pathlib

import bitsandbytes
import torch
from bitsandbytes import functional
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).resolve().parent
LAYER = "vision_model.encoder.layers.0.mlp.fc1"
FLOAT8 = {"e4m3fn": torch.float8_e4m3fn, "e5m2": torch.float8_e5m2, "e4m3fnuz": torch.float8_e4m3fnuz,
          "e5m2fnuz": torch.float8_e5m2fnuz}


def both(name, tensors, expected):
    save_file(tensors, HERE / f"{name}.safetensors")
    torch.save(tensors, HERE / f"{name}.pt")
    save_file(expected, HERE / f"{name}.expected.safetensors")


def main():
    for name, dtype in FLOAT8.items():
        values = torch.arange(256, dtype=torch.uint8).reshape(16, 16).view(dtype)
        tensors = {"visual.proj": values, "logit_scale": torch.tensor(4.6052)}
        both(f"float8-{name}", tensors, {"visual.proj": values.float(), "logit_scale": tensors["logit_scale"]})

    torch.manual_seed(1)
    layer = bitsandbytes.nn.Linear8bitLt(12, 20, has_fp16_weights=False)
    layer.load_state_dict({"weight": torch.randn(20, 12), "bias": torch.randn(20)})
    layer = layer.to("cpu")
    layer(torch.zeros(1, 12))  # quantizes
    state = {f"{LAYER}.{key}": value.contiguous() for key, value in layer.state_dict().items()}
    print({key: (value.dtype, tuple(value.shape)) for key, value in state.items()})
    weight = functional.int8_vectorwise_dequant(state[f"{LAYER}.weight"], state[f"{LAYER}.SCB"])
    both("bitsandbytes-int8", state, {f"{LAYER}.weight": weight, f"{LAYER}.bias": state[f"{LAYER}.bias"]})

    for kind in ("nf4", "fp4"):
        layer = bitsandbytes.nn.Linear4bit(16, 8, quant_type=kind).to("cpu")
        save_file({f"{LAYER}.{key}": value.contiguous() for key, value in layer.state_dict().items()},
                  HERE / f"bitsandbytes-{kind}.safetensors")

    integers, half = torch.zeros(2, 2, dtype=torch.int32), torch.zeros(2, 2, dtype=torch.float16)
    words, scale = torch.zeros(2, 2, dtype=torch.uint32), torch.ones(1)
    eight = torch.zeros(2, 2).to(torch.float8_e4m3fn)
    for name, parts in {
        "gptq": {"qweight": integers, "qzeros": integers, "scales": half, "g_idx": integers[0]},
        "awq": {"qweight": integers, "qzeros": integers, "scales": half},
        "mlx": {"weight": words, "scales": half, "biases": half},
        "compressed-tensors": {"weight_packed": integers, "weight_scale": half, "weight_shape": integers[0]},
        "quanto": {"weight._data": integers, "weight._scale": half},
        "float8-scaled": {"weight": eight, "weight_scale": scale},
        "float8-comfy": {"weight": eight, "scale_weight": scale},
    }.items():
        save_file({f"{LAYER}.{key}": value.clone() for key, value in parts.items()}, HERE / f"{name}.safetensors")

    for name, tensor in {
        "sparse": torch.eye(3).to_sparse(), "sparse-rows": torch.eye(3).to_sparse_csr(),
        "quantized": torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8),
        "quantized-channels": torch.quantize_per_channel(
            torch.ones(2, 3), torch.tensor([0.1, 0.2]), torch.tensor([0, 0]), 0, torch.qint8),
        "nested": torch.nested.nested_tensor([torch.ones(2), torch.ones(3)]),
        "meta": torch.empty(2, 3, device="meta"),
    }.items():
        tensors = {"visual.proj": tensor, "logit_scale": torch.tensor(4.6052)}
        torch.save(tensors, HERE / f"{name}.pt")
        if name in ("sparse", "quantized"):
            torch.save(tensors, HERE / f"{name}-legacy.pt", _use_new_zipfile_serialization=False)


if __name__ == "__main__":
    main()
