"""Checkpoints of transformers, open_clip, accelerate, diffusers and timm."""

import json

import torch
import transformers
from safetensors.torch import load_file, save_file
from torch import nn

from .model import (CONTEXT, OPENAI, PIXELS, SIZE, TEXT, VISION, VOCABULARY, Layout, Truth, hugging_face, ids, openai,
                    pixels, randomize, truth)
from .trainings import with_options


def stored(name, write, options=PIXELS, refusal=None, remedy=None):
    return Layout(name, write, list(options), refusal, remedy)


def pretrained(change=lambda model, folder: model.save_pretrained(folder), **towers):
    def write(folder):
        model = hugging_face()
        change(model, folder)
        return folder, truth(model, **towers)
    return write


def tower(kind):
    """One of transformers' classes of a single tower, of CLIP or MetaCLIP 2, with the weights of the complete model."""
    def write(folder):
        name, sizes = ("Text", TEXT) if "Text" in kind else ("Vision", VISION)
        config = getattr(transformers, f"{kind[:kind.index(name)]}{name}Config")(**sizes)
        model = randomize(getattr(transformers, kind)(config))
        model.save_pretrained(folder)
        model = model.double()
        with torch.no_grad():
            output = model(ids()) if "Text" in kind else model(pixels().double())
        name = "text_embeds" if "Text" in kind else "image_embeds"
        value = (output[name] if "Projection" in kind else output.pooler_output).numpy()
        return folder, Truth("transformers 5.23", **{"text" if "Text" in kind else "image": value})
    return write


def metaclip2(folder):
    """transformers' MetaClip2Model, whose end of text is the id that the texts have."""
    config = transformers.MetaClip2Config(text_config=TEXT, vision_config=VISION, projection_dim=48)
    model = randomize(transformers.MetaClip2Model(config))
    model.save_pretrained(folder)
    model = model.double()
    with torch.no_grad():
        values = (model.get_image_features(pixel_values=pixels().double()), model.get_text_features(input_ids=ids()))
    image, text = (getattr(value, "pooler_output", value).numpy() for value in values)
    return folder, Truth("transformers 5.23", image=image, text=text)


def larger(model, tower):
    """A model with a CLIP image tower inside, in shards."""
    def write(folder):
        larger = randomize(model())
        larger.save_pretrained(folder, max_shard_size="200KB")
        inner = tower(larger).double()
        with torch.no_grad():
            value = inner(pixels().double()).pooler_output.numpy()
        return folder, Truth("transformers 5.23", image=value)
    return write


def llava():
    text = transformers.LlamaConfig(hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
                                    vocab_size=100)
    return transformers.LlavaForConditionalGeneration(
        transformers.LlavaConfig(vision_config=transformers.CLIPVisionConfig(**VISION), text_config=text,
                                 image_token_index=99))


def image_classifier():
    config = transformers.CLIPConfig(text_config=TEXT, vision_config=VISION, projection_dim=48)
    return transformers.CLIPForImageClassification(config)


def dual_encoder(folder):
    """transformers' VisionTextDualEncoderModel: CLIP's image tower and BERT."""
    bert = transformers.BertConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
                                   vocab_size=50)
    model = randomize(transformers.VisionTextDualEncoderModel(
        vision_model=transformers.CLIPVisionModel(transformers.CLIPVisionConfig(**VISION)),
        text_model=transformers.BertModel(bert)))
    model.save_pretrained(folder)
    model = model.double()
    with torch.no_grad():
        value = model.get_image_features(pixel_values=pixels().double())
    return folder, Truth("transformers 5.23", image=getattr(value, "pooler_output", value).numpy())


def other(kind, config):
    def write(folder):
        model = randomize(getattr(transformers, kind)(config))
        model.save_pretrained(folder)
        return folder, truth(hugging_face())
    return write


def bert_beside(name):
    """A model of CLIP's image tower and a text tower like BERT."""
    def write(folder):
        text = dict(hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2, vocab_size=60)
        if name == "AltCLIP":
            text["project_dim"] = 48
        config = getattr(transformers, name + "Config")(text_config=text, vision_config=VISION, projection_dim=48)
        model = randomize(getattr(transformers, name + "Model")(config))
        model.save_pretrained(folder)
        value = model.double().get_image_features(pixel_values=pixels().double())
        return folder, Truth("transformers 5.23", image=getattr(value, "pooler_output", value).detach().numpy())
    return write


SIGLIP = dict(hidden_size=32, intermediate_size=72, num_hidden_layers=2, num_attention_heads=2)
SIGLIP_TEXT = dict(SIGLIP, vocab_size=VOCABULARY, max_position_embeddings=CONTEXT)
SIGLIP_VISION = dict(SIGLIP, image_size=SIZE, patch_size=8)


def siglip(kind):
    """transformers' SiglipModel, or one of its towers."""
    def write(folder):
        config = {"SiglipModel": lambda: transformers.SiglipConfig(text_config=SIGLIP_TEXT, vision_config=SIGLIP_VISION),
                  "SiglipTextModel": lambda: transformers.SiglipTextConfig(**SIGLIP_TEXT),
                  "SiglipVisionModel": lambda: transformers.SiglipVisionConfig(**SIGLIP_VISION)}[kind]()
        model = randomize(getattr(transformers, kind)(config))
        model.save_pretrained(folder)
        model, values = model.double().eval(), {}
        with torch.no_grad():
            if kind != "SiglipTextModel":
                value = (model.get_image_features(pixel_values=pixels().double()) if kind == "SiglipModel"
                         else model(pixels().double()))
                values["image"] = getattr(value, "pooler_output", value).numpy()
            if kind != "SiglipVisionModel":
                value = model.get_text_features(input_ids=ids()) if kind == "SiglipModel" else model(ids())
                values["text"] = getattr(value, "pooler_output", value).numpy()
        return folder, Truth("transformers 5.23", **values)
    return write


def open_clip_model(custom, seed=1):
    import open_clip.model as library
    vision = dict(layers=2, width=128, head_width=64, patch_size=8, image_size=SIZE)
    text = dict(context_length=CONTEXT, vocab_size=VOCABULARY, width=64, heads=1, layers=2)
    kind = library.CustomTextCLIP if custom else library.CLIP
    return randomize(kind(48, library.CLIPVisionCfg(**vision), library.CLIPTextCfg(**text), output_dict=False), seed), {
        "embed_dim": 48, "vision_cfg": vision, "text_cfg": text}


def open_clip_folder(custom):
    def write(folder):
        model, config = open_clip_model(custom)
        preprocessing = {"mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.26862954, 0.26130258, 0.27577711],
                         "interpolation": "bicubic", "resize_mode": "shortest", "size": [SIZE, SIZE], "mode": "RGB"}
        (folder / "open_clip_config.json").write_text(
            json.dumps({"model_cfg": config, "preprocess_cfg": preprocessing}))
        save_file({k: v.contiguous() for k, v in model.state_dict().items()},
                  str(folder / "open_clip_model.safetensors"))
        return folder, truth(model, "open_clip 3.3")
    return write


def accelerated(folder):
    import accelerate
    model = openai()
    accelerate.Accelerator(cpu=True).save_model(nn.ModuleDict({"clip": model}), folder, max_shard_size="300KB")
    return folder, truth(model)


def prefixed_shards(folder):
    from huggingface_hub import save_torch_state_dict
    model = hugging_face()
    model.config.save_pretrained(folder)
    state = {"base.clip." + k: v for k, v in model.state_dict().items()} | {"base.head.weight": torch.zeros(3, 3)}
    save_torch_state_dict(state, folder, max_shard_size="300KB")
    return folder, truth(model)


def pipeline(folder):
    """diffusers' pipeline with transformers' text encoder and a safety checker, and parts that are not CLIPs."""
    import diffusers
    text = randomize(transformers.CLIPTextModel(transformers.CLIPTextConfig(**TEXT)))
    from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
    config = transformers.CLIPConfig(text_config=TEXT, vision_config=VISION, projection_dim=48)
    checker = randomize(StableDiffusionSafetyChecker(config))
    unet = diffusers.UNet2DConditionModel(
        sample_size=8, block_out_channels=(32, 32), layers_per_block=1, cross_attention_dim=64, norm_num_groups=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"))
    for name, model in (("text_encoder", text), ("safety_checker", checker), ("unet", unet)):
        model.save_pretrained(folder / name)
    (folder / "model_index.json").write_text(json.dumps({"_class_name": "StableDiffusionPipeline"}))
    return text, checker


def pipeline_text(folder):
    text, _ = pipeline(folder)
    with torch.no_grad():
        return folder, Truth("transformers 5.23", text=text.double()(ids()).pooler_output.numpy())


def checker_alone(folder):
    _, checker = pipeline(folder)
    checker = checker.double()
    with torch.no_grad():
        pooled = checker.vision_model(pixels().double())[1]
        return folder / "safety_checker", Truth("diffusers 0.42", image=checker.visual_projection(pooled).numpy())


def variant(folder):
    model = hugging_face()
    hugging_face(seed=7).save_pretrained(folder)
    model.half().save_pretrained(folder, variant="fp16")
    return folder, truth(model.float())


def single_file_diffusion(folder):
    """The names of Stable Diffusion's single files: a text encoder among a diffusion model and an autoencoder."""
    text = randomize(transformers.CLIPTextModel(transformers.CLIPTextConfig(**TEXT)))
    state = {f"cond_stage_model.transformer.text_model.{k.removeprefix('text_model.')}": v.contiguous()
             for k, v in text.state_dict().items()}
    state |= {"model.diffusion_model.input_blocks.0.0.weight": torch.zeros(4, 4, 3, 3),
              "first_stage_model.decoder.conv_in.weight": torch.zeros(4, 4, 3, 3), "alphas_cumprod": torch.zeros(10),
              "betas": torch.zeros(10)}
    save_file(state, str(folder / "v1-5.safetensors"))
    with torch.no_grad():
        return folder / "v1-5.safetensors", Truth("transformers 5.23", text=text.double()(ids()).pooler_output.numpy())


def two_text_encoders(folder):
    """Stable Diffusion XL's single file: transformers' names for one text tower, open_clip's for the other."""
    text = randomize(transformers.CLIPTextModel(transformers.CLIPTextConfig(**TEXT)))
    state = {f"conditioner.embedders.0.transformer.text_model.{k.removeprefix('text_model.')}": v.contiguous()
             for k, v in text.state_dict().items()}
    clip = openai()
    state |= {f"conditioner.embedders.1.model.{k}": v for k, v in clip.state_dict().items()
              if not k.startswith("visual.")}
    save_file(state, str(folder / "xl.safetensors"))
    return folder / "xl.safetensors", truth(clip, image=False)


def clip_segmentation(folder):
    """CLIPSeg: a complete CLIP as `clip.`, and a decoder."""
    config = transformers.CLIPSegConfig(text_config=TEXT, vision_config=VISION, projection_dim=48)
    config.extract_layers, config.reduce_dim, config.decoder_num_attention_heads = [0, 1], 16, 2
    config.decoder_intermediate_size = 32
    model = randomize(transformers.CLIPSegForImageSegmentation(config))
    model.save_pretrained(folder)
    inner = model.clip.double()
    with torch.no_grad():
        return folder, Truth(
            "transformers 5.23", inner.get_image_features(pixel_values=pixels().double()).pooler_output.numpy(),
            inner.get_text_features(input_ids=ids()).pooler_output.numpy())


def timm_tower(folder):
    import timm
    model = timm.create_model("vit_tiny_patch16_224", img_size=32, depth=1)
    save_file({k: v.contiguous() for k, v in model.state_dict().items()}, str(folder / "model.safetensors"))
    (folder / "config.json").write_text(json.dumps({"architecture": "vit_tiny_patch16_224", "num_features": 192}))
    return folder, truth(openai())


BARE = ["--activation", "gelu", "--heads", "2", "--pooling", "first:127", *PIXELS]

LIBRARIES = [
    stored("CLIPModel.save_pretrained", pretrained()),
    stored("CLIPModel in shards", pretrained(lambda m, f: m.save_pretrained(f, max_shard_size="200KB"))),
    stored("CLIPModel in bfloat16", lambda folder: bfloat16(folder)),
    stored("CLIPModel with a variant beside it", variant, [*PIXELS, "--variant", "fp16"]),
    *[stored(kind, tower(kind)) for kind in (
        "CLIPTextModelWithProjection", "CLIPVisionModelWithProjection", "CLIPTextModel", "CLIPVisionModel",
        "MetaClip2TextModelWithProjection", "MetaClip2VisionModelWithProjection", "MetaClip2TextModel",
        "MetaClip2VisionModel")],
    stored("MetaClip2Model", metaclip2),
    stored("LLaVA in shards", larger(llava, lambda m: m.model.vision_tower),
           ["--activation", "gelu", "--heads", "2", *PIXELS]),
    stored("CLIPForImageClassification", larger(image_classifier, lambda m: m.vision_model)),
    stored("VisionTextDualEncoderModel with BERT", dual_encoder,
           ["--activation", "gelu", "--heads", "2", *PIXELS], "--tower image", with_options("--tower", "image")),
    stored("CLIPSeg", clip_segmentation, ["--activation", "gelu", "--heads", "2", "--pooling", "first:127", *PIXELS]),
    *[stored(kind, siglip(kind)) for kind in ("SiglipModel", "SiglipTextModel", "SiglipVisionModel")],
    stored("OWL-ViT", other("OwlViTModel", transformers.OwlViTConfig(
        text_config=dict(hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2, vocab_size=60),
        vision_config=dict(hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
                           image_size=16, patch_size=8))), refusal="owlvit"),
    *[stored(name, bert_beside(name), [*PIXELS], "BERT", with_options("--tower", "image")) for name in (
        "AltCLIP", "ChineseCLIP")],
    stored("open_clip's folder", open_clip_folder(False), []),
    stored("open_clip's folder, text tower below `text.`", open_clip_folder(True), []),
    stored("accelerate's shards below an attribute", accelerated, OPENAI),
    stored("huggingface_hub's shards, everything below `base.`", prefixed_shards),
    stored("a diffusion pipeline's folder", pipeline_text, ["--activation", "gelu", "--heads", "2", *PIXELS],
           "text_encoder", lambda folder, paths, options: ([folder / "text_encoder"], options)),
    stored("a safety checker", checker_alone),
    stored("Stable Diffusion in one file", single_file_diffusion, BARE),
    stored("Stable Diffusion XL in one file", two_text_encoders, OPENAI, "several towers",
           with_options("--prefix", "conditioner.embedders.1.model.")),
    stored("timm's image tower", timm_tower, OPENAI, "no CLIP"),
]


def bfloat16(folder):
    model = hugging_face().bfloat16()
    model.save_pretrained(folder)
    return folder, truth(model.float())
