"""Writes weights in the forms that training writes: low-rank updates (LoRA) by peft 0.21, alone and with their model,
and in
kohya-ss's names by diffusers 0.42; weight norm by PyTorch; the geometric parametrization and Long-CLIP's two tables of
positions by the formulas of their authors' forward passes. Each comes with the plain weights that the library computes
from it.

    python Fixtures/adapters/make_adapters.py

Needs torch 2.13, transformers 5.23, peft 0.21, diffusers 0.42, safetensors.
"""

import pathlib
import shutil

import peft
import torch
import torch.nn.utils.prune
from diffusers.utils.state_dict_utils import convert_state_dict_to_kohya
from safetensors.torch import load_file, save_file
from torch.nn.functional import normalize
from transformers import CLIPModel

HERE = pathlib.Path(__file__).resolve().parent
BASE = HERE.parent / "valid/vit-hugging-face"
OPENAI = HERE.parent / "valid/vit.safetensors"


def trained(**settings):
    """The base with an adapter whose matrices are not zero."""
    torch.manual_seed(5)
    config = peft.LoraConfig(init_lora_weights=False, **settings)
    return peft.get_peft_model(CLIPModel.from_pretrained(BASE, dtype=torch.float32), config)


def save_plain(tensors, name):
    save_file({key: value.contiguous() for key, value in tensors.items()}, HERE / name)


def low_rank(name, **settings):
    model = trained(**settings)
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    state = {key: value.clone() for key, value in model.state_dict().items()}
    merged = model.merge_and_unload().state_dict()
    return state, {key: value for key, value in merged.items() if changed(key, value)}


def changed(key, value):
    """Fixtures hold only tensors that the base does not have."""
    return not torch.equal(value, CLIPModel.from_pretrained(BASE, dtype=torch.float32).state_dict()[key])


def main():
    modules = ["q_proj", "visual_projection"]
    state, merged = low_rank("plain", r=2, lora_alpha=6, target_modules=modules)
    save_plain(merged, "plain-merged.safetensors")
    save_plain({key: value for key, value in state.items() if ".base_layer." in key or ".lora_" in key}, "unmerged.safetensors")
    _, merged = low_rank("stabilized", r=3, lora_alpha=6, use_rslora=True, target_modules=["visual_projection"],
                         modules_to_save=["text_projection"])
    save_plain(merged, "stabilized-merged.safetensors")
    low_rank("dora", r=2, lora_alpha=2, use_dora=True, target_modules=["visual_projection"])

    flat = {"text_encoder." + key.removeprefix("base_model.model."): value
            for key, value in load_file(HERE / "plain/adapter_model.safetensors").items() if ".text_model." in key}
    # diffusers states the rank as alpha; this training used another alpha.
    kohya = {key: torch.tensor(6.0) if key.endswith(".alpha") else value
             for key, value in convert_state_dict_to_kohya(flat).items()}
    kohya["lora_unet_mid_block_attentions_0_proj_in.lora_down.weight"] = torch.zeros(2, 4)
    kohya["lora_unet_mid_block_attentions_0_proj_in.lora_up.weight"] = torch.zeros(4, 2)
    save_plain(kohya, "kohya.safetensors")

    plain = {key: value.float() for key, value in load_file(OPENAI).items()}
    torch.manual_seed(6)
    name = "visual.transformer.resblocks.0.attn.out_proj"
    weight = torch.randn_like(plain[name + ".weight"])
    module = torch.nn.Linear(weight.shape[1], weight.shape[0])
    module.weight.data = weight
    for kind, wrap in [("weight-norm", torch.nn.utils.weight_norm),
                       ("weight-norm-parametrized", torch.nn.utils.parametrizations.weight_norm)]:
        wrapped = wrap(module if kind != "weight-norm" else torch.nn.Linear(*reversed(weight.shape)))
        with torch.no_grad():
            for key, value in wrapped.state_dict().items():
                value.copy_(torch.randn_like(value))
        wrapped(torch.zeros(1, weight.shape[1]))  # computes the weight again
        state = {f"{name}.{key}": value for key, value in wrapped.state_dict().items() if "bias" not in key}
        save_plain(state | {"expected": wrapped.weight.detach()}, f"{kind}.safetensors")
    pruned = torch.nn.utils.prune.random_unstructured(torch.nn.Linear(*reversed(weight.shape)), "weight", 0.4)
    save_plain({f"{name}.{key}": value for key, value in pruned.state_dict().items() if "bias" not in key}
               | {"expected": pruned.weight.detach()}, "pruned.safetensors")
    # class GeometricLinear of zer0int's CLIP-fine-tune: r * F.normalize(theta, p=2, dim=1).
    lengths, directions = torch.rand(weight.shape[0], 1) + 0.5, torch.randn_like(weight)
    save_plain({f"{name}.r": lengths, f"{name}.theta": directions,
                "expected": lengths * normalize(directions, p=2, dim=1)}, "geometric.safetensors")
    # CLIP.encode_text of Long-CLIP: positions * mask1 + positions_res * mask2, of which mask1 is 1 in the first 20 rows.
    kept, rest = torch.randn(30, 64), torch.randn(30, 64)
    mask = (torch.arange(len(kept)) < 20).float()[:, None]
    save_plain({"positional_embedding": kept, "positional_embedding_res": rest,
                "expected": kept * mask + rest * (1 - mask)}, "long.safetensors")


if __name__ == "__main__":
    main()
