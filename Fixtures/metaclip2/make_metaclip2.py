#!/usr/bin/env python3
"""A small MetaCLIP 2 with random weights, as transformers and as MetaCLIP's own code save it, and its golden vectors.

    .venv-goldens/bin/python Fixtures/metaclip2/make_metaclip2.py

`hugging-face` is a folder of transformers' `MetaClip2Model`; `worldwide.pt` holds the same weights under OpenAI's names, as the
published `metaclip2_*_worldwide.pt`. Every tensor is random. The end of text is id 2, and every text has higher ids, so that
pooling the highest id gives other vectors. Goldens are transformers' float64; open_clip's `CLIP` with `pool_type: eos` and the
second file is checked to give the same. Environment: Scripts/environments/venv-goldens.sh.
"""

import pathlib
import sys

import numpy
import open_clip
import torch
import transformers

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "Scripts" / "golden"))
import golden_file
import golden_models

WIDTH, LAYERS, HEADS, HIDDEN = 48, 2, 2, 192
TEXT_WIDTH, TEXT_LAYERS, TEXT_HEADS = 32, 3, 2
SIZE, PATCH, EMBEDDING, CONTEXT, VOCABULARY, EOS, PAD = 20, 5, 24, 10, 90, 2, 1


def randomize(model):
    """Values whose sizes are those of trained models: weights 1 / sqrt(inputs), gains around 1; all exact in FP16."""
    generator = torch.Generator().manual_seed(3)
    for name, tensor in model.state_dict().items():
        if not tensor.is_floating_point():
            continue
        noise = torch.randn(tensor.shape, generator=generator)
        if name == "logit_scale":
            noise = torch.full_like(tensor, 4.5)
        elif tensor.ndim == 1 and name.endswith("weight"):
            noise = 1 + 0.2 * noise
        elif tensor.ndim <= 1:
            noise = 0.1 * noise
        elif "embedding" in name and "patch" not in name:
            noise = 0.5 * noise
        else:
            noise = 1.2 * noise / tensor[0].numel() ** 0.5
        tensor.copy_(noise.half().float())


def hugging_face():
    shared = dict(hidden_act="gelu", layer_norm_eps=1e-5)
    config = transformers.MetaClip2Config(
        projection_dim=EMBEDDING,
        vision_config=dict(shared, hidden_size=WIDTH, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
                           intermediate_size=HIDDEN, image_size=SIZE, patch_size=PATCH, projection_dim=EMBEDDING),
        text_config=dict(shared, hidden_size=TEXT_WIDTH, num_hidden_layers=TEXT_LAYERS, num_attention_heads=TEXT_HEADS,
                         intermediate_size=4 * TEXT_WIDTH, vocab_size=VOCABULARY, max_position_embeddings=CONTEXT,
                         projection_dim=EMBEDDING, eos_token_id=EOS, pad_token_id=PAD, bos_token_id=0))
    model = transformers.MetaClip2Model(config)
    randomize(model)
    return model.float().eval()


def inputs():
    random = numpy.random.default_rng(7)
    pixels = torch.from_numpy(random.uniform(-2, 2, (4, 3, SIZE, SIZE)).astype(numpy.float32))
    ids = torch.from_numpy(random.integers(3, VOCABULARY, (5, CONTEXT)))
    ids[:, 0] = 0
    for row, length in zip(ids, (2, 3, 6, 9, 10)):
        row[length - 1] = EOS
        row[length:] = 0  # golden files have zeros where the tokenizer has pads: a causal tower does not see them
    return pixels, ids


def in_openai(state):
    """The names of OpenAI's `CLIP`."""
    names = {"vision_model.embeddings.class_embedding": "visual.class_embedding",
             "vision_model.embeddings.patch_embedding.weight": "visual.conv1.weight",
             "vision_model.embeddings.position_embedding.weight": "visual.positional_embedding",
             "text_model.embeddings.token_embedding.weight": "token_embedding.weight",
             "text_model.embeddings.position_embedding.weight": "positional_embedding", "logit_scale": "logit_scale"}
    result = {target: state[source] for source, target in names.items()}
    result["visual.proj"] = state["visual_projection.weight"].T.contiguous()
    result["text_projection"] = state["text_projection.weight"].T.contiguous()
    norms = [("vision_model.pre_layrnorm", "visual.ln_pre"), ("vision_model.post_layernorm", "visual.ln_post"),
             ("text_model.final_layer_norm", "ln_final")]
    for tower, prefix, count in (("vision_model", "visual.", LAYERS), ("text_model", "", TEXT_LAYERS)):
        for index in range(count):
            source, block = f"{tower}.encoder.layers.{index}.", f"{prefix}transformer.resblocks.{index}."
            norms += [(source + name, block + target) for name, target in
                      (("layer_norm1", "ln_1"), ("self_attn.out_proj", "attn.out_proj"), ("layer_norm2", "ln_2"),
                       ("mlp.fc1", "mlp.c_fc"), ("mlp.fc2", "mlp.c_proj"))]
            for part in ("weight", "bias"):
                result[f"{block}attn.in_proj_{part}"] = torch.cat(
                    [state[f"{source}self_attn.{letter}_proj.{part}"] for letter in "qkv"])
    for source, target in norms:
        result |= {f"{target}.{part}": state[f"{source}.{part}"] for part in ("weight", "bias")}
    return result


def check_open_clip(state, pixels, ids, golden):
    """open_clip's own class computes the same from the second file."""
    model = open_clip.CLIP(
        EMBEDDING, dict(image_size=SIZE, layers=LAYERS, width=WIDTH, head_width=WIDTH // HEADS, patch_size=PATCH),
        dict(context_length=CONTEXT, vocab_size=VOCABULARY, width=TEXT_WIDTH, heads=TEXT_HEADS, layers=TEXT_LAYERS,
             pool_type="eos", eos_id=EOS))
    model.load_state_dict(state)
    model = model.double().eval()
    with torch.no_grad():
        for found, expected in ((model.encode_image(pixels.double(), normalize=True), golden[0]),
                                (model.encode_text(ids, normalize=True), golden[1])):
            assert (found - expected).abs().max() < 1e-12


def main():
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = hugging_face()
    folder = HERE / "hugging-face"
    model.half().save_pretrained(folder)
    model = transformers.MetaClip2Model.from_pretrained(folder, dtype=torch.float32).eval()
    transformers.CLIPImageProcessorPil(
        size={"height": SIZE, "width": SIZE}, crop_size={"height": SIZE, "width": SIZE}, do_center_crop=True
    ).save_pretrained(folder)
    pixels, ids = inputs()
    subject = golden_models.transformers_subject(model)
    golden_file.write(HERE / "hugging-face.safetensors", subject, pixels, ids, model="small MetaCLIP 2", weights="tiny",
                      viewed=1, limit=100_000)
    state = in_openai(model.state_dict())
    check_open_clip(state, pixels, ids, golden_file.outputs(subject.doubled(), pixels, ids)[:2])
    torch.save({name: tensor.half() for name, tensor in state.items()}, HERE / "worldwide.pt")


if __name__ == "__main__":
    main()
