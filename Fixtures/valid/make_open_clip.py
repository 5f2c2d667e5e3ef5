#!/usr/bin/env python3
"""Writes the fixtures of open_clip and of plain safetensors files. Environment: Scripts/environments/venv-goldens.sh.

open_clip's own CLIP class holds the weights and its own functions save them: hub folders, and a training
checkpoint of a model wrapped in DistributedDataParallel, with its optimizer and gradient scaler.
"""

import json
import pathlib
import shutil
import tempfile
from dataclasses import asdict

import open_clip
import torch
from huggingface_hub import split_torch_state_dict_into_shards
from open_clip.model import set_model_preprocess_cfg
from open_clip.push_to_hf_hub import save_for_hf
from open_clip.transform import PreprocessCfg
from safetensors.torch import save_file

import tiny
from make_pytorch import build, counters, mixture

HERE = pathlib.Path(__file__).resolve().parent
WRITER = f"open_clip {open_clip.__version__}, torch {torch.__version__.split('+')[0]}"
EVIDENCE = "open_clip_config.json: quick_gelu, head_width and heads, their defaults where absent"


def configuration(kind):
    """open_clip's model_cfg for the tiny model `kind`."""
    numbers = tiny.MODELS[kind]
    layers = numbers["vision_layers"]
    vision = {"image_size": numbers["image_resolution"], "layers": layers, "width": numbers["vision_width"]}
    vision["patch_size"] = numbers["vision_patch_size"]  # null for a ResNet, as in open_clip's own configs
    text = {"context_length": tiny.CONTEXT, "vocab_size": tiny.VOCABULARY, "width": tiny.TEXT_WIDTH, "heads": 1,
            "layers": 1}
    return {"embed_dim": numbers["embed_dim"], "quick_gelu": True, "vision_cfg": vision, "text_cfg": text}


# Heads of 80 (image) and 16 (text) channels, GELU, an MLP ratio that is not an integer: none of OpenAI's rules applies.
HEAD_80 = {
    "embed_dim": 48,
    "vision_cfg": {"image_size": 16, "layers": 1, "width": 160, "head_width": 80, "mlp_ratio": 1.1, "patch_size": 8},
    "text_cfg": {"context_length": tiny.CONTEXT, "vocab_size": tiny.VOCABULARY, "width": 64, "heads": 4, "layers": 1},
}
HEAD_80_ARCHITECTURE = {
    "embedding": 48, "activation": "gelu", "epsilon": 1e-5,
    "image": {"kind": "transformer", "size": 16, "patch": 8, "layers": 1, "width": 160, "heads": 2, "mlp": 176},
    "text": {"context": tiny.CONTEXT, "vocabulary": tiny.VOCABULARY, "width": 64, "heads": 4, "layers": 1,
             "mlp": 256},
}

# As for training with SigLIP's loss: a bias, so that each pair of an image and a text is scored independently.
SIGMOID = {
    "embed_dim": 24, "init_logit_bias": -10,
    "vision_cfg": {"image_size": 16, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8},
    "text_cfg": {"context_length": tiny.CONTEXT, "vocab_size": tiny.VOCABULARY, "width": 32, "heads": 2, "layers": 1},
}
SIGMOID_ARCHITECTURE = {
    "embedding": 24, "activation": "gelu", "epsilon": 1e-5,
    "image": {"kind": "transformer", "size": 16, "patch": 8, "layers": 1, "width": 32, "heads": 2, "mlp": 128},
    "text": {"context": tiny.CONTEXT, "vocabulary": tiny.VOCABULARY, "width": 32, "heads": 2, "layers": 1,
             "mlp": 128},
}


class NoTokenizer:
    """`save_for_hf` wants one; 128 tokens have no tokenizer files."""

    def save_pretrained(self, folder):
        pass


def make(config):
    """open_clip's CLIP with the tiny numbers, and its weights by name."""
    config = json.loads(json.dumps(config))
    model = open_clip.CLIP(**config).eval()
    return model, tiny.fill(model)


def fresh(name):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def write_folder(name, kind, config):
    model, _ = make(config)
    set_model_preprocess_cfg(model, asdict(PreprocessCfg(size=config["vision_cfg"]["image_size"])))
    folder = fresh(name)
    save_for_hf(model.half(), NoTokenizer(), config, folder, safe_serialization=True)
    tiny.write_sidecar(folder, format="open-clip", writer=WRITER, model=kind, evidence=EVIDENCE,
                       ignored=counters(model.state_dict()))


def write_training():
    """One step of AdamW with the towers' matrices locked, so that the optimizer's state stays small."""
    model, state = make(configuration("vit"))
    model.train()
    for parameter in model.parameters():
        parameter.requires_grad_(parameter.ndim < 2)
    with tempfile.NamedTemporaryFile() as rendezvous:
        torch.distributed.init_process_group("gloo", init_method=f"file://{rendezvous.name}", rank=0, world_size=1)
        wrapped = torch.nn.parallel.DistributedDataParallel(model)
        trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
        optimizer = torch.optim.AdamW([{"params": trained, "weight_decay": 0.2}], lr=0.0)
        image, text, scale = wrapped(torch.ones(2, 3, 24, 24), torch.ones(2, tiny.CONTEXT, dtype=torch.long))
        (scale * image @ text.T).sum().backward()
        optimizer.step()  # the rate is zero: the optimizer state is filled, weights stay
        checkpoint = {
            "epoch": 7, "name": "tiny-run", "state_dict": wrapped.state_dict(),
            "optimizer": optimizer.state_dict(), "scaler": torch.amp.GradScaler("cpu").state_dict(),
        }
        path = HERE / "vit-training.pt"
        torch.save(checkpoint, path)
        torch.distributed.destroy_process_group()
    assert all((value.numpy() == state[name]).all() for name, value in model.state_dict().items())
    tiny.write_sidecar(path, format="pytorch-zip", writer=WRITER, model="vit", wrapper="state_dict",
                       prefix="module.", notes="training checkpoint: epoch, name, optimizer and scaler are ignored")


def write_safetensors():
    state = mixture("vit")
    path = HERE / "vit.safetensors"
    save_file(state, path)
    tiny.write_sidecar(path, format="safetensors", writer="safetensors 0.8.0", model="vit",
                       notes="OpenAI's names, no metadata")
    folder = fresh("vit-sharded")
    split = split_torch_state_dict_into_shards(state, max_shard_size="120KB")
    for name, keys in split.filename_to_tensors.items():
        save_file({key: state[key] for key in keys}, folder / name, metadata={"format": "pt"})
    index = {"metadata": split.metadata, "weight_map": split.tensor_to_filename}
    tiny.write_json(folder / "model.safetensors.index.json", index)
    tiny.write_sidecar(folder, format="safetensors", writer="safetensors 0.8.0, huggingface_hub", model="vit",
                       notes="OpenAI's names in shards, no config")


def main():
    for kind in tiny.MODELS:
        assert make(configuration(kind))[1].keys() == build(kind)[1].keys()
        write_folder(f"{kind}-open-clip", kind, configuration(kind))
    tiny.write_model("head-80", make(HEAD_80)[1], HEAD_80_ARCHITECTURE)
    write_folder("head-80-open-clip", "head-80", HEAD_80)
    tiny.write_model("sigmoid", make(SIGMOID)[1], SIGMOID_ARCHITECTURE)
    write_folder("sigmoid-open-clip", "sigmoid", SIGMOID)
    write_training()
    write_safetensors()


if __name__ == "__main__":
    main()
