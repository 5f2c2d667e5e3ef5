#!/usr/bin/env python3
"""Writes one set of weights as any published checkpoint format.

    make_checkpoint.py SOURCE FORMAT OUTPUT [--profile PROFILE]

SOURCE   one of the nine variants (RN50, …, ViT-L-14-336px): full-size synthetic weights (docs/SYNTHETIC.md);
         or a .pt archive in OpenAI's layout, such as Fixtures/minis/mini-vit.pt
FORMAT   torchscript   OpenAI's archive: traced module, FP16 matrices and FP32 vectors
         state-dict    the same mixture as a pickled state dict;  state-dict-fp32: all FP32
         safetensors   the mixture in one file, OpenAI's names
         hugging-face  folder of transformers' layout (ViT only);  open-clip: folder of open_clip's layout
PROFILE  plain (default), channels-10, channels-50, channels-100, sink, tails

All formats of one source hold the same values. Needs Scripts/environments/venv-goldens.sh, and memory for the model
once (torchscript: twice).
"""

import argparse
import json
import pathlib
import sys

import torch
from clip.model import CLIP
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "Fixtures" / "golden")]
import openai_archive
from hugging_face_names import hugging_face_names

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)


def variant_numbers(variant):
    """The arguments of `clip.model.CLIP` for one of the nine."""
    return dict(
        embed_dim=variant.embedding, image_resolution=variant.image_size, vision_layers=variant.layers,
        vision_width=variant.width, vision_patch_size=variant.patch, context_length=77, vocab_size=49408,
        transformer_width=variant.text_width, transformer_heads=variant.text_width // 64,
        transformer_layers=variant.text_layers)


def synthetic_source(variant, profile):
    """(numbers, {name: FP32 tensor}) of a variant's synthetic weights."""
    import synthetic

    state = {name: torch.from_numpy(synthetic.tensor(name, shape, profile=profile))
             for name, shape in variant.schema().items()}
    return variant_numbers(variant), state


def archive_source(path):
    """(numbers, {name: FP32 tensor}) of an archive in OpenAI's layout, its numbers derived from the shapes."""
    state = torch.jit.load(path, map_location="cpu").state_dict()
    size = {name: int(state.pop(name)) for name in openai_archive.SCALAR_BUFFERS}
    width = state["ln_final.weight"].shape[0]
    numbers = dict(
        embed_dim=state["text_projection"].shape[1], image_resolution=size["input_resolution"],
        context_length=size["context_length"], vocab_size=size["vocab_size"], transformer_width=width,
        transformer_heads=width // 64, transformer_layers=count(state, "transformer.resblocks."))
    if "visual.proj" in state:
        filters = state["visual.conv1.weight"].shape
        numbers |= dict(vision_layers=count(state, "visual.transformer.resblocks."), vision_width=filters[0],
                        vision_patch_size=filters[-1])
    else:
        numbers |= dict(vision_layers=tuple(count(state, f"visual.layer{stage}.") for stage in (1, 2, 3, 4)),
                        vision_width=state["visual.layer1.0.conv1.weight"].shape[0], vision_patch_size=None)
    return numbers, {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in state.items()}


def count(state, prefix):
    """How many numbered children follow `prefix`."""
    return len({name[len(prefix):].split(".")[0] for name in state if name.startswith(prefix)})


def mixture(numbers, state):
    """The state dict with the dtypes and extra counters of OpenAI's files."""
    with torch.device("meta"):
        model = CLIP(**numbers)
    model.float()
    half = openai_archive.half_tensors(model)
    result = {}
    for name, like in model.state_dict().items():
        tensor = state.get(name, torch.zeros((), dtype=torch.int64))
        result[name] = tensor.half() if name in half else tensor
        if name in half and not torch.equal(result[name].float(), tensor):
            raise SystemExit(f"{name}: values that FP16 cannot hold; OpenAI's layout would change them")
    return result


def write_torchscript(numbers, state, output):
    model = CLIP(**numbers).float()
    model.load_state_dict(state, strict=False)
    openai_archive.save(model, output)


def write_hugging_face(numbers, state, output):
    from transformers import CLIPConfig, CLIPImageProcessorPil

    if numbers["vision_patch_size"] is None:
        raise SystemExit("hugging-face: transformers' CLIPModel has no ResNet tower; use open-clip")
    output.mkdir(parents=True)
    save_file(hugging_face_names(mixture(numbers, state)), output / "model.safetensors", metadata={"format": "pt"})
    shared = dict(projection_dim=numbers["embed_dim"], hidden_act="quick_gelu")
    text, image, size = numbers["transformer_width"], numbers["vision_width"], numbers["image_resolution"]
    config = CLIPConfig(
        text_config=dict(shared, hidden_size=text, intermediate_size=4 * text, vocab_size=numbers["vocab_size"],
                         num_attention_heads=text // 64, num_hidden_layers=numbers["transformer_layers"],
                         max_position_embeddings=numbers["context_length"]),
        vision_config=dict(shared, hidden_size=image, intermediate_size=4 * image, image_size=size,
                           num_attention_heads=image // 64, num_hidden_layers=numbers["vision_layers"],
                           patch_size=numbers["vision_patch_size"]),
        projection_dim=numbers["embed_dim"], architectures=["CLIPModel"])
    config.save_pretrained(output)
    processor = CLIPImageProcessorPil(size={"shortest_edge": size}, crop_size={"height": size, "width": size})
    processor.save_pretrained(output)


def write_open_clip(numbers, state, output):
    output.mkdir(parents=True)
    save_file(mixture(numbers, state), output / "open_clip_model.safetensors")
    vision = dict(image_size=numbers["image_resolution"], layers=numbers["vision_layers"],
                  width=numbers["vision_width"], patch_size=numbers["vision_patch_size"])
    text = dict(context_length=numbers["context_length"], vocab_size=numbers["vocab_size"],
                width=numbers["transformer_width"], heads=numbers["transformer_heads"],
                layers=numbers["transformer_layers"])
    config = {
        "model_cfg": {"embed_dim": numbers["embed_dim"], "quick_gelu": True, "vision_cfg": vision, "text_cfg": text},
        "preprocess_cfg": {"mean": MEAN, "std": STD, "interpolation": "bicubic", "resize_mode": "shortest"},
    }
    (output / "open_clip_config.json").write_text(json.dumps(config, indent=2) + "\n")


FORMATS = {
    "torchscript": write_torchscript,
    "state-dict": lambda numbers, state, output: torch.save(mixture(numbers, state), output),
    "state-dict-fp32": lambda numbers, state, output: torch.save(state, output),
    "safetensors": lambda numbers, state, output: save_file(mixture(numbers, state), output),
    "hugging-face": write_hugging_face,
    "open-clip": write_open_clip,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source")
    parser.add_argument("format", choices=FORMATS)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("--profile", default="plain")
    arguments = parser.parse_args()
    if arguments.output.exists():
        raise SystemExit(f"{arguments.output}: exists already")
    if arguments.source.endswith(".pt"):
        numbers, state = archive_source(arguments.source)
    else:
        from variants import VARIANTS

        numbers, state = synthetic_source(VARIANTS[arguments.source], arguments.profile)
    FORMATS[arguments.format](numbers, state, arguments.output)


if __name__ == "__main__":
    main()
