"""LoRA as peft saves it."""

import torch

from .model import PIXELS, TEXT, Layout, Truth, hugging_face, ids, randomize, truth


def tuned(**settings):
    import peft
    torch.manual_seed(5)
    config = peft.LoraConfig(init_lora_weights=False, **settings)
    base = hugging_face()
    return base, peft.get_peft_model(hugging_face(), config)


def merged(model):
    return truth(model.merge_and_unload())


def adapter(**settings):
    def write(folder):
        base, model = tuned(**settings)
        base.save_pretrained(folder / "base")
        model.save_pretrained(folder / "adapter")
        return folder / "adapter", merged(model)
    return write


def followed(folder, paths, options):
    return paths, [*options, "--base", str(folder / "base")]


def diffusers_adapter(folder):
    """A text encoder's adapter as diffusers saves it for a pipeline, with its settings in the file's metadata."""
    import peft
    import transformers
    from diffusers.loaders import StableDiffusionLoraLoaderMixin
    from diffusers.utils import convert_state_dict_to_diffusers
    torch.manual_seed(5)
    config = peft.LoraConfig(r=4, lora_alpha=10, target_modules=["q_proj", "fc2"], init_lora_weights=False)
    base = randomize(transformers.CLIPTextModel(transformers.CLIPTextConfig(**TEXT)))
    base.save_pretrained(folder / "base")
    base.add_adapter(config)
    StableDiffusionLoraLoaderMixin.save_lora_weights(
        folder / "adapter", text_encoder_lora_layers=convert_state_dict_to_diffusers(peft.get_peft_model_state_dict(base)),
        text_encoder_lora_adapter_metadata=config.to_dict())
    with torch.no_grad():
        text = base.double()(ids()).pooler_output.numpy()
    return folder / "adapter/pytorch_lora_weights.safetensors", Truth("transformers 5.23", text=text)


def unmerged(folder):
    _, model = tuned(r=4, lora_alpha=8, target_modules=["q_proj", "fc1"])
    torch.save(model.state_dict(), folder / "model.pt")
    return folder / "model.pt", merged(model)


def unloaded(folder):
    _, model = tuned(r=4, lora_alpha=8, target_modules=["q_proj", "fc1"])
    plain = model.merge_and_unload()
    plain.save_pretrained(folder)
    return folder, truth(plain)


def beside(folder):
    """peft's adapter in the folder of the weights: transformers' `from_pretrained` applies it."""
    import transformers
    base, model = tuned(r=4, lora_alpha=8, target_modules=["q_proj", "fc1"])
    base.save_pretrained(folder)
    model.save_pretrained(folder)
    return folder, truth(transformers.CLIPModel.from_pretrained(folder))


def together(folder):
    """Weights and unmerged updates in one state dict."""
    base, model = tuned(r=4, lora_alpha=8, target_modules=["q_proj", "fc1"])
    updates = {name.replace("base_model.model.", "").replace(".default", ""): value
               for name, value in model.state_dict().items() if "lora_" in name}
    torch.save(base.state_dict() | updates, folder / "model.pt")
    return folder / "model.pt", merged(model)


def deciding(*more):
    return lambda folder, paths, options: (paths, [*options, *more])


BARE = ["--activation", "gelu", "--heads", "2", "--pooling", "first:127", *PIXELS]

ADAPTERS = [
    Layout("peft's adapter of attention and MLP", adapter(r=4, lora_alpha=8, target_modules=["q_proj", "fc1"]), PIXELS,
           "--base", followed),
    Layout("peft's adapter, scaled by the root of the rank, with a module trained in full",
           adapter(r=4, lora_alpha=8, use_rslora=True, target_modules=["out_proj"],
                   modules_to_save=["visual_projection"]), PIXELS, "--base", followed),
    Layout("diffusers' adapter of a text encoder, with its settings in the metadata", diffusers_adapter, [], "--base",
           followed),
    Layout("peft's DoRA", adapter(r=4, lora_alpha=8, use_dora=True, target_modules=["q_proj"]),
           [*PIXELS], "use_dora"),
    Layout("a model saved with its updates", unmerged, BARE, "--lora-alpha",
           lambda folder, paths, options: (paths, [*options, "--lora-alpha", "8"])),
    Layout("merge_and_unload", unloaded, PIXELS),
    Layout("peft's adapter in the folder of the weights", beside, PIXELS, "--adapter merge",
           deciding("--adapter", "merge")),
    Layout("weights and updates in one state dict", together, [*BARE, "--lora-alpha", "8"], "--adapter merge",
           deciding("--adapter", "merge")),
]
