"""The models and inputs of make_mistakes.py: the trained minis in OpenAI's clip, open_clip and transformers."""

import pathlib

import clip
import numpy
import open_clip
import torch
import transformers
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
MINIS = HERE.parent / "minis"
SIZE = 64
MEAN = (0.48145466, 0.4578275, 0.40821073)
STD = (0.26862954, 0.26130258, 0.27577711)

# Images of the minis: tall, wide, odd.
PLAIN = [f"minis/images/{name}" for name in """
    alarm-clock-00.jpg athletic-shoe-01.png automobile-09.png camera-11.png cheese-wedge-14.jpg cherries-10.jpg
    circus-tent-04.jpg coconut-15.png crescent-moon-04.jpg dromedary-camel-05.png guitar-02.jpg hot-dog-03.png
    ice-cube-09.png monkey-face-02.jpg peanuts-09.png penguin-01.png rocket-03.png skull-15.png
    statue-of-liberty-10.jpg tiger-face-07.png
""".split()]
# With transparency, camera rotation, palette, 16-bit grey.
SPECIAL = [f"diagnose/images/{name}" for name in """
    alpha-crab.png alpha-violin.png grey-alpha.png rotated-6.jpg rotated-8.jpg rotated-3.jpg palette.png grey16.png
    wide.png tall.jpg
""".split()]


def make_images():
    """Writes the special images, from images of the minis."""
    folder = HERE / "images"
    folder.mkdir(exist_ok=True)

    def source(name):
        return Image.open(MINIS / "images" / name).convert("RGB")

    def with_alpha(image, mode):
        ramp = numpy.linspace(0, 255, image.width)[None, :].repeat(image.height, 0)
        rows = numpy.linspace(0.2, 1, image.height)[:, None]
        image = image.convert(mode)
        image.putalpha(Image.fromarray((ramp * rows).astype(numpy.uint8)))
        return image

    with_alpha(source("crab-11.png"), "RGB").save(folder / "alpha-crab.png")
    with_alpha(source("violin-07.png"), "RGB").save(folder / "alpha-violin.png")
    with_alpha(source("pig-face-12.jpg"), "L").save(folder / "grey-alpha.png")
    for orientation, name in [(6, "guitar-02.jpg"), (8, "key-06.jpg"), (3, "honeybee-00.jpg")]:
        exif = Image.Exif()
        exif[0x0112] = orientation
        source(name).save(folder / f"rotated-{orientation}.jpg", exif=exif, quality=95)
    source("rainbow-15.png").quantize(32).save(folder / "palette.png")
    grey = numpy.asarray(source("balloon-12.jpg").convert("L")).astype(numpy.uint16)
    Image.fromarray(grey * 3).save(folder / "grey16.png")
    source("tractor-14.jpg").resize((300, 90), Image.BICUBIC).save(folder / "wide.png")
    source("sunflower-10.jpg").resize((70, 333), Image.BICUBIC).save(folder / "tall.jpg", quality=95)


def images(names):
    return [Image.open(HERE.parent / name) for name in names]


class OpenAI:
    """OpenAI's clip, FP32."""

    def __init__(self, mini):
        self.model, self.preprocess = clip.load(str(MINIS / f"{mini}.pt"), device="cpu", jit=False)

    def images(self, names, preprocess=None):
        return self.pixels([(preprocess or self.preprocess)(image) for image in images(names)])

    def pixels(self, pixels):
        return encoded(self.model.encode_image, torch.stack([torch.as_tensor(x).float() for x in pixels]))

    def texts(self, texts):
        return self.ids(clip.tokenize(texts, truncate=True))

    def ids(self, ids):
        return encoded(self.model.encode_text, ids)


def encoded(encode, batch):
    with torch.no_grad():
        return encode(batch).float().numpy()


def in_open_clip(mini, **changes):
    """The mini in open_clip, with QuickGELU unless changed."""
    reference = OpenAI(mini).model
    vision = {"image_size": SIZE}
    if mini == "mini-vit":
        vision |= {"layers": 3, "width": 128, "head_width": 64, "patch_size": 16}
    else:
        vision |= {"layers": [1, 1, 1, 1], "width": 8, "head_width": 64}
    heads = reference.transformer.resblocks[0].attn.num_heads
    text = {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": heads, "layers": 2}
    model = open_clip.CLIP(64, vision, text, **({"quick_gelu": True} | changes))
    state = {name: value.float() for name, value in reference.state_dict().items()
             if name not in ("input_resolution", "context_length", "vocab_size")}
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and all(name == "attn_mask" for name in missing), (missing, unexpected)
    return model.eval()


def in_transformers(**changes):
    """mini-vit as transformers' CLIPModel; `vision__hidden_act` sets hidden_act of the image tower."""
    reference = OpenAI("mini-vit").model
    heads = reference.transformer.resblocks[0].attn.num_heads
    vision = {"hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 3, "num_attention_heads": 2,
              "image_size": SIZE, "patch_size": 16, "hidden_act": "quick_gelu", "projection_dim": 64}
    text = {"hidden_size": 64, "intermediate_size": 256, "num_hidden_layers": 2, "num_attention_heads": heads,
            "vocab_size": 49408, "max_position_embeddings": 77, "hidden_act": "quick_gelu", "projection_dim": 64,
            "eos_token_id": 49407, "bos_token_id": 49406, "pad_token_id": 49407}
    for name, value in changes.items():
        tower, key = name.split("__")
        (vision if tower == "vision" else text)[key] = value
    config = transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=64)
    model = transformers.CLIPModel(config)
    state = hugging_face_state(reference.state_dict())
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert not unexpected and all("position_ids" in name for name in missing), (missing, unexpected)
    return model.eval()


def hugging_face_state(state):
    """OpenAI's names as transformers'."""
    result = {"logit_scale": state["logit_scale"], "visual_projection.weight": state["visual.proj"].T,
              "text_projection.weight": state["text_projection"].T}
    vision, text = "vision_model.", "text_model."
    result[vision + "embeddings.class_embedding"] = state["visual.class_embedding"]
    result[vision + "embeddings.patch_embedding.weight"] = state["visual.conv1.weight"]
    result[vision + "embeddings.position_embedding.weight"] = state["visual.positional_embedding"]
    result[text + "embeddings.token_embedding.weight"] = state["token_embedding.weight"]
    result[text + "embeddings.position_embedding.weight"] = state["positional_embedding"]
    for part in ("weight", "bias"):
        result[vision + f"pre_layrnorm.{part}"] = state[f"visual.ln_pre.{part}"]
        result[vision + f"post_layernorm.{part}"] = state[f"visual.ln_post.{part}"]
        result[text + f"final_layer_norm.{part}"] = state[f"ln_final.{part}"]
    names = {"ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2",
             "attn.out_proj": "self_attn.out_proj"}
    for prefix, tower in [("visual.transformer.resblocks.", vision), ("transformer.resblocks.", text)]:
        for name, value in state.items():
            if not name.startswith(prefix):
                continue
            block, rest = name[len(prefix):].split(".", 1)
            target = f"{tower}encoder.layers.{block}."
            if rest.startswith("attn.in_proj_"):
                for key, values in zip("qkv", value.chunk(3)):
                    result[f"{target}self_attn.{key}_proj.{rest[len('attn.in_proj_'):]}"] = values
            else:
                stem, part = rest.rsplit(".", 1)
                result[f"{target}{names[stem]}.{part}"] = value
    return {name: value.float().contiguous() for name, value in result.items()}
