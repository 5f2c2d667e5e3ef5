"""OpenAI's tensor names as those of transformers' CLIPModel (ViT only: ResNets have no such layout)."""

BLOCK = {
    "ln_1": "layer_norm1", "ln_2": "layer_norm2", "attn.out_proj": "self_attn.out_proj",
    "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2",
}
RENAMED = {
    "positional_embedding": "text_model.embeddings.position_embedding.weight",
    "token_embedding.weight": "text_model.embeddings.token_embedding.weight",
    "ln_final.weight": "text_model.final_layer_norm.weight",
    "ln_final.bias": "text_model.final_layer_norm.bias",
    "visual.class_embedding": "vision_model.embeddings.class_embedding",
    "visual.positional_embedding": "vision_model.embeddings.position_embedding.weight",
    "visual.conv1.weight": "vision_model.embeddings.patch_embedding.weight",
    "visual.ln_pre.weight": "vision_model.pre_layrnorm.weight",
    "visual.ln_pre.bias": "vision_model.pre_layrnorm.bias",
    "visual.ln_post.weight": "vision_model.post_layernorm.weight",
    "visual.ln_post.bias": "vision_model.post_layernorm.bias",
    "logit_scale": "logit_scale",
}
TRANSPOSED = {"visual.proj": "visual_projection.weight", "text_projection": "text_projection.weight"}


def hugging_face_names(state):
    """Canonical {name: tensor} as Hugging Face's {name: tensor}: in-projections split, projections transposed."""
    result = {}
    for name, tensor in state.items():
        if name in RENAMED:
            result[RENAMED[name]] = tensor
        elif name in TRANSPOSED:
            result[TRANSPOSED[name]] = tensor.t().contiguous()
        else:
            result.update(block_names(name, tensor))
    return result


def block_names(name, tensor):
    """One tensor of a residual attention block."""
    stem, rest = name.split("resblocks.")
    layer, rest = rest.split(".", 1)
    prefix = f"{'vision' if stem.startswith('visual') else 'text'}_model.encoder.layers.{layer}"
    if rest.startswith("attn.in_proj_"):
        kind = rest[len("attn.in_proj_"):]
        rows = tensor.chunk(3)
        return {f"{prefix}.self_attn.{n}_proj.{kind}": rows[i].clone() for i, n in enumerate("qkv")}
    module, kind = rest.rsplit(".", 1)
    return {f"{prefix}.{BLOCK[module]}.{kind}": tensor}
