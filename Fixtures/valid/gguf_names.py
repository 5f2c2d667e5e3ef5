"""A CLIP in the GGUF layout of clip.cpp's and llama.cpp's converters: names, element types, keyed values."""

import gguf
import numpy as np

RENAMED = [  # in this order, as the converters chain them
    ("text_model", "t"), ("vision_model", "v"), ("encoder.layers", "blk"), ("embeddings.", ""), ("_proj", ""),
    ("self_attn.", "attn_"), ("layer_norm", "ln"), ("layernorm", "ln"), ("layrnorm", "ln"), ("embedding", "embd"),
    ("final", "post"),
]
# clip.cpp calls the first linear `down`; later converters call it `up`.
CLIP_CPP = {"mlp.fc1": "ffn_down", "mlp.fc2": "ffn_up"}
LATER = {"mlp.fc1": "ffn_up", "mlp.fc2": "ffn_down"}


def name(source, linears=CLIP_CPP):
    """The GGUF name of one of Hugging Face's."""
    if "projection" in source:
        return source
    for old, new in [*linears.items(), *RENAMED]:
        source = source.replace(old, new)
    return source


def is_stored(source):
    return source != "logit_scale" and not source.endswith("position_ids")


def stored(name, array, half):
    """Convolution kernels are always FP16, matrices if the file is; all other tensors are FP32."""
    array = np.squeeze(array)
    is_matrix = name.endswith(".weight") and array.ndim == 2
    return array.astype(np.float16 if array.ndim == 4 or (half and is_matrix) else np.float32)


def add_common(writer, *, text, vision, half, gelu):
    towers = "two-tower" if text and vision else "text-only" if text else "vision-only"
    writer.add_bool("clip.has_text_encoder", text)
    writer.add_bool("clip.has_vision_encoder", vision)
    writer.add_file_type(int(half))
    writer.add_name("tiny")
    writer.add_description(f"{towers} CLIP model")
    writer.add_bool("clip.use_gelu", gelu)


def add_tower(writer, prefix, config, projection):
    writer.add_uint32(f"{prefix}.embedding_length", config["hidden_size"])
    writer.add_uint32(f"{prefix}.feed_forward_length", config["intermediate_size"])
    writer.add_uint32(f"{prefix}.projection_dim", projection)
    writer.add_uint32(f"{prefix}.attention.head_count", config["num_attention_heads"])
    writer.add_float32(f"{prefix}.attention.layer_norm_epsilon", config["layer_norm_eps"])
    writer.add_uint32(f"{prefix}.block_count", config["num_hidden_layers"])


def add_text(writer, config, projection):
    writer.add_uint32("clip.text.context_length", config["max_position_embeddings"])
    add_tower(writer, "clip.text", config, projection)
    writer.add_token_list([f"token{index}" for index in range(config["vocab_size"])])


def add_vision(writer, config, projection, processor):
    writer.add_uint32("clip.vision.image_size", config["image_size"])
    writer.add_uint32("clip.vision.patch_size", config["patch_size"])
    add_tower(writer, "clip.vision", config, projection)
    writer.add_array("clip.vision.image_mean", processor["image_mean"])
    writer.add_array("clip.vision.image_std", processor["image_std"])


def write(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def writer(path, endianess=gguf.GGUFEndian.LITTLE):
    return gguf.GGUFWriter(path, arch="clip", endianess=endianess)
