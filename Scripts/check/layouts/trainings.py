"""Checkpoints that training scripts save, mostly by torch.save."""

import collections
import datetime
import pathlib
import shutil
import tarfile
import zipfile

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from .model import OPENAI, Layout, Truth, openai, truth

RESNET = ["--activation", "quickgelu", "--pooling", "highest", "--preprocess", "openai", "--heads", "2,1"]


def saved(name, make, options=OPENAI, refusal=None, remedy=None, model=openai, **towers):
    """A layout of one file: `make` returns the argument of torch.save."""
    def write(folder):
        clip = model()
        torch.save(make(clip), folder / "model.pt")
        return folder / "model.pt", truth(clip, **towers)
    return Layout(name, write, list(options), refusal, remedy)


def below(prefix, state, **more):
    return {prefix + key: value for key, value in state.items()} | more


def with_options(*more):
    return lambda folder, paths, options: (paths, [*options, *more])


class Attribute(nn.Module):
    """A training module with the model as an attribute."""

    def __init__(self, name, model, **others):
        super().__init__()
        setattr(self, name, model)
        for key, value in others.items():
            setattr(self, key, value)


class Nested(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.encoder = Attribute("towers", Attribute("clip", model))
        self.classifier = nn.Linear(48, 3)


class SeparateTowers(nn.Module):
    """Towers as separate attributes, as in prompt learning."""

    def __init__(self, model, with_table=True):
        super().__init__()
        self.image_encoder = model.visual
        self.text_encoder = nn.Module()
        self.text_encoder.transformer = model.transformer
        self.text_encoder.positional_embedding = model.positional_embedding
        self.text_encoder.ln_final = model.ln_final
        self.text_encoder.text_projection = model.text_projection
        if with_table:
            self.text_encoder.token_embedding = model.token_embedding
        self.logit_scale = model.logit_scale


def lightning(model):
    return {
        "epoch": 3, "global_step": 70, "pytorch-lightning_version": "2.5.0", "loops": {"fit_loop": {"state_dict": {}}},
        "state_dict": Attribute("model", model, head=nn.Linear(48, 2)).state_dict(),
        "callbacks": {"ModelCheckpoint{'monitor': 'loss'}": {"best_model_path": pathlib.PurePosixPath("runs/best.ckpt")}},
        "hyper_parameters": {"lr": 1e-4, "started": datetime.datetime(2026, 1, 2), "root": pathlib.PurePosixPath("data")},
        "optimizer_states": [{"state": {0: {"exp_avg": torch.zeros(4)}}, "param_groups": []}], "lr_schedulers": []}


def strided(model):
    state = model.state_dict()
    return {key: value.T.contiguous().T if value.ndim == 2 else value for key, value in state.items()}


def one_storage(model):
    state = model.state_dict()
    flat = torch.cat([value.flatten() for value in state.values()])
    parts = torch.split(flat, [value.numel() for value in state.values()])
    return {key: part.view(value.shape) for (key, value), part in zip(state.items(), parts)}


def legacy(folder):
    model = openai()
    torch.save(model.state_dict(), folder / "model.pt", _use_new_zipfile_serialization=False)
    return folder / "model.pt", truth(model)


def packed(pack):
    def write(folder):
        model = openai()
        torch.save(model.state_dict(), folder / "inner.pt")
        return pack(folder), truth(model)
    return write


def as_zip(folder):
    with zipfile.ZipFile(folder / "release.zip", "w") as archive:
        archive.write(folder / "inner.pt", "weights/model.pt")
    (folder / "inner.pt").unlink()
    return folder / "release.zip"


def unzip(folder, paths, options):
    with zipfile.ZipFile(paths[0]) as archive:
        archive.extractall(folder)
    return [folder / "weights/model.pt"], options


def as_tarball(folder):
    with tarfile.open(folder / "release.tar.gz", "w:gz") as archive:
        archive.add(folder / "inner.pt", "model.pt")
    (folder / "inner.pt").unlink()
    return folder / "release.tar.gz"


def untar(folder, paths, options):
    with tarfile.open(paths[0]) as archive:
        archive.extractall(folder, filter="data")
    return [folder / "model.pt"], options


def trainer_folder(folder):
    """Weights between an optimizer's, a scheduler's and a random generator's state."""
    model = openai()
    torch.save(model.state_dict(), folder / "clip.pt")
    optimizer = torch.optim.AdamW(model.parameters())
    torch.save(optimizer.state_dict(), folder / "optimizer.pt")
    torch.save({"last_epoch": 3}, folder / "scheduler.pt")
    torch.save({"cpu": torch.get_rng_state()}, folder / "rng_state.pth")
    return folder, truth(model)


def several_steps(folder):
    model = openai()
    for step, seed in ((500, 7), (1000, 1)):
        (folder / f"checkpoint-{step}").mkdir()
        torch.save(openai(seed=seed).state_dict(), folder / f"checkpoint-{step}/model.pt")
    return folder, truth(model)


def jit(wrap):
    def write(folder):
        model = openai()
        module = wrap(model)
        traced = torch.jit.trace(module, (torch.zeros(1, 3, 24, 24), torch.zeros(1, 16, dtype=torch.long)))
        torch.jit.save(traced, folder / "model.pt")
        return folder / "model.pt", truth(model)
    return write


class Both(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.net = model

    def forward(self, image, text):
        return self.net.encode_image(image), self.net.encode_text(text)


TRAININGS = [
    saved("attribute of an attribute, with a classifier", lambda m: Nested(m).state_dict()),
    saved("ResNet as `self.backbone`", lambda m: Attribute("backbone", m).state_dict(), RESNET,
          model=lambda: openai((1, 1, 1, 1)), image=False),
    saved("AveragedModel (`module.`, `n_averaged`)", lambda m: AveragedModel(m).state_dict()),
    saved("a buffer of means beside the model",
          lambda m: Attribute("clip", m, mean=nn.Parameter(torch.zeros(3))).state_dict()),
    saved("OrderedDict of parameters", lambda m: collections.OrderedDict(m.named_parameters())),
    saved("Lightning, with paths and dates among its hyperparameters", lightning),
    saved("{'model': …, 'model_ema': …}", lambda m: {"model": openai(seed=7).state_dict(), "model_ema": m.state_dict()},
          refusal="several towers", remedy=with_options("--prefix", "model_ema.")),
    saved("`student.` and `teacher.` in one state dict",
          lambda m: below("student.", m.state_dict(), **below("teacher.", openai(seed=7).state_dict())),
          refusal="several towers", remedy=with_options("--prefix", "student.")),
    saved("a model and an exponential average inside it",
          lambda m: m.state_dict() | below("ema.", openai(seed=7).state_dict()), refusal="several towers",
          remedy=with_options("--prefix", "")),
    saved("{'checkpoint': {'model': …}}", lambda m: {"checkpoint": {"model": m.state_dict()}, "step": 4}),
    saved("DeepSpeed's mp_rank_00_model_states.pt",
          lambda m: {"module": m.state_dict(), "buffer_names": [], "param_shapes": [collections.OrderedDict()],
                     "ds_config": {"train_batch_size": 8}, "ds_version": "0.18", "global_steps": 3}),
    saved("accelerate's shadow parameters beside the model",
          lambda m: {"model": m.state_dict(), "ema": {"decay": 0.99, "shadow_params": list(m.parameters())}}),
    saved("open_clip's training checkpoint",
          lambda m: {"epoch": 5, "name": "run", "state_dict": below("module.", m.state_dict()),
                     "optimizer": torch.optim.AdamW(m.parameters()).state_dict(), "scaler": {"scale": 65536.0}}),
    saved("a dictionary for each tower",
          lambda m: {"image_encoder": m.visual.state_dict(),
                     "text_encoder": {k: v for k, v in m.state_dict().items() if not k.startswith("visual.")}}),
    saved("towers as separate attributes", lambda m: SeparateTowers(m).state_dict()),
    saved("prompt learning: no token table",
          lambda m: below("", SeparateTowers(m, False).state_dict(), **{"prompt_learner.ctx": torch.zeros(4, 64)}),
          refusal="missing", remedy=with_options("--tower", "image"), text=False),
    saved("image tower alone", lambda m: m.visual.state_dict(), text=False),
    saved("image tower alone as `self.encoder`", lambda m: Attribute("encoder", m.visual).state_dict(), text=False),
    saved("torch.compile of the image tower",
          lambda m: {k.replace("visual.", "visual._orig_mod.", 1): v for k, v in m.state_dict().items()}),
    saved("FullyShardedDataParallel with checkpointed blocks",
          lambda m: {"_fsdp_wrapped_module." + k.replace(
              "resblocks.1.", "resblocks.1._fsdp_wrapped_module._checkpoint_wrapped_module."): v
              for k, v in m.state_dict().items()}),
    saved("float64", lambda m: {k: v.double() for k, v in m.state_dict().items()}),
    saved("transposed views", strided),
    saved("all tensors in one storage", one_storage),
    saved("image tower beside BERT",
          lambda m: below("", {k: v for k, v in m.state_dict().items() if k.startswith("visual.")},
                          **{"bert.embeddings.word_embeddings.weight": torch.zeros(30, 8)}),
          refusal="--tower image", remedy=with_options("--tower", "image"), text=False),
    saved("the module itself pickled", lambda m: m, refusal="state_dict"),
    saved("a tuple", lambda m: (m.state_dict(), 3), refusal="state_dict"),
    saved("an optimizer alone", lambda m: torch.optim.AdamW(m.parameters()).state_dict(), refusal="no tensors of a CLIP"),
    saved("torch.ao's dynamically quantized linear layers",
          lambda m: torch.ao.quantization.quantize_dynamic(m, {nn.Linear}).state_dict(), refusal="quantized by torch.ao"),
    saved("a difference of weights alone", lambda clip: {"delta": clip.state_dict()}, refusal="a difference of weights",
          remedy=with_options("--prefix", "delta")),
    saved("gradients beside the weights", lambda clip: {
        "state_dict": clip.state_dict(), "grads": {name: torch.zeros_like(value) for name, value in clip.state_dict().items()}}),
    Layout("torch's file format of before 1.6", legacy),
    Layout("a zip around the checkpoint", packed(as_zip), refusal="weights/model.pt", remedy=unzip),
    Layout("a tarball around the checkpoint", packed(as_tarball), refusal="unpack", remedy=untar),
    Layout("a training's folder", trainer_folder),
    Layout("a folder of two training steps", several_steps, refusal="checkpoint-1000",
           remedy=lambda folder, paths, options: ([folder / "checkpoint-1000"], options)),
    Layout("TorchScript of a wrapper", jit(Both)),
]
