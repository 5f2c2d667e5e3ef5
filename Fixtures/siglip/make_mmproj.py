#!/usr/bin/env python3
"""The image tower of `hugging-face/` as llama.cpp's converter writes it for a language model: an mmproj file.

    .venv-gguf/bin/python Fixtures/siglip/make_mmproj.py

Written by gguf-py in the layout of Gemma 3's converter (projector gemma3): SigLIP's encoder, cut to one block to keep the file
small, without the head that pools; and a projector with generated values. Environment: Scripts/environments/venv-gguf.sh.
"""

import json
import pathlib

import gguf
import numpy as np
from safetensors import numpy as safetensors

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE / "hugging-face"
CONFIG = json.loads((SOURCE / "config.json").read_text())["vision_config"]
PROCESSOR = json.loads((SOURCE / "preprocessor_config.json").read_text())
LANGUAGE_WIDTH = 16

RENAMED = [("vision_model.embeddings.patch_embedding", "v.patch_embd"),
           ("vision_model.embeddings.position_embedding", "v.position_embd"),
           ("vision_model.encoder.layers", "v.blk"), ("vision_model.post_layernorm", "v.post_ln"),
           ("layer_norm", "ln"), ("self_attn.out_proj", "attn_out"), ("self_attn.q_proj", "attn_q"),
           ("self_attn.k_proj", "attn_k"), ("self_attn.v_proj", "attn_v"), ("mlp.fc1", "ffn_up"), ("mlp.fc2", "ffn_down")]


def name(source):
    for old, new in RENAMED:
        source = source.replace(old, new)
    return source


def main():
    writer = gguf.GGUFWriter(HERE / "mmproj.gguf", arch="clip")
    writer.add_file_type(int(gguf.LlamaFileType.MOSTLY_F16))
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_string("clip.projector_type", gguf.VisionProjectorType.GEMMA3)
    writer.add_bool("clip.use_gelu", True)
    writer.add_uint32("clip.vision.image_size", CONFIG["image_size"])
    writer.add_uint32("clip.vision.patch_size", CONFIG["patch_size"])
    writer.add_uint32("clip.vision.embedding_length", CONFIG["hidden_size"])
    writer.add_uint32("clip.vision.feed_forward_length", CONFIG["intermediate_size"])
    writer.add_uint32("clip.vision.block_count", 1)
    writer.add_uint32("clip.vision.attention.head_count", CONFIG["num_attention_heads"])
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", CONFIG["layer_norm_eps"])
    writer.add_uint32("clip.vision.projection_dim", LANGUAGE_WIDTH)
    writer.add_array("clip.vision.image_mean", PROCESSOR["image_mean"])
    writer.add_array("clip.vision.image_std", PROCESSOR["image_std"])
    for source, array in safetensors.load_file(SOURCE / "model.safetensors").items():
        is_kept = ".layers.0." in source or ".layers." not in source
        if source.startswith("vision_model.") and not source.startswith("vision_model.head.") and is_kept:
            writer.add_tensor(name(source), array.astype(np.float16 if array.ndim > 1 else np.float32))
    random = np.random.RandomState(5)
    writer.add_tensor("mm.input_projection.weight",
                      random.standard_normal((LANGUAGE_WIDTH, CONFIG["hidden_size"])).astype(np.float16))
    writer.add_tensor("mm.soft_emb_norm.weight", np.ones(CONFIG["hidden_size"], np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


if __name__ == "__main__":
    main()
