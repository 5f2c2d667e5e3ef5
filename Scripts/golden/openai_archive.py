"""Saves a `clip.model.CLIP` as OpenAI published its weights: a traced TorchScript archive in the FP16 mixture.

Such an archive holds the FP16 matrices and FP32 vectors that `convert_weights` makes, modules of the type
QuickGELU, and three integer buffers: input_resolution, context_length, vocab_size.
"""

import zipfile

import torch
from clip.model import convert_weights

SCALAR_BUFFERS = ("input_resolution", "context_length", "vocab_size")
WRITTEN_BY_THE_WRITER = ("version", ".data/serialization_id")


class Multimodal(torch.nn.Module):
    """The published root module: CLIP's attributes at top level, images and texts in, logits out."""

    def __init__(self, model):
        super().__init__()
        self.visual = model.visual
        self.transformer = model.transformer
        self.token_embedding = model.token_embedding
        self.positional_embedding = model.positional_embedding
        self.ln_final = model.ln_final
        self.text_projection = model.text_projection
        self.logit_scale = model.logit_scale
        self.register_buffer("input_resolution", torch.tensor(model.visual.input_resolution))
        self.register_buffer("context_length", torch.tensor(model.context_length))
        self.register_buffer("vocab_size", torch.tensor(model.vocab_size))

    def forward(self, image, text):
        dtype = self.text_projection.dtype
        image = self.visual(image.type(dtype))
        x = self.token_embedding(text).type(dtype) + self.positional_embedding.type(dtype)
        x = self.transformer(x.permute(1, 0, 2)).permute(1, 0, 2)
        x = self.ln_final(x).type(dtype)
        text = x[torch.arange(x.shape[0]), text.argmax(dim=-1)] @ self.text_projection
        image = image / image.norm(dim=-1, keepdim=True)
        text = text / text.norm(dim=-1, keepdim=True)
        logits = self.logit_scale.exp() * image @ text.t()
        return logits, logits.t()


def round_to_half(model):
    """Rounds every floating-point parameter and buffer to its nearest FP16 value, keeping its dtype."""
    with torch.no_grad():
        for tensor in [*model.parameters(), *model.buffers()]:
            if tensor.is_floating_point():
                tensor.copy_(tensor.half().to(tensor.dtype))


def half_tensors(model):
    """Names of the parameters that `convert_weights` stores as FP16; converts `model` in place."""
    convert_weights(model)
    return {name for name, parameter in model.named_parameters() if parameter.dtype == torch.float16}


def trace(model):
    """The traced root module of `model`, computing and storing in FP32."""
    size = model.visual.input_resolution
    example = (torch.zeros(2, 3, size, size), torch.zeros(2, model.context_length, dtype=torch.long))
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    with torch.no_grad():
        return torch.jit.trace(Multimodal(model.float().eval()).eval(), example, check_trace=False)


def save(model, path):
    """Saves `model`, whose matrices hold FP16 values; afterwards it holds the FP16 mixture itself.

    Traced in FP32 and narrowed afterwards: the CPU kernels of torch 1.7 do not support FP16.
    """
    traced = trace(model)
    half = half_tensors(model)
    for name, parameter in traced.named_parameters():
        if name in half:
            parameter.data = parameter.data.half()
    torch.jit.save(traced, str(path))
    drop_source_ranges(path)


def drop_source_ranges(path):
    """Rewrites the archive without its `*.debug_pkl` members, which name source files of the machine that traced it.

    Reader and writer are PyTorch's own; loading needs none of these members.
    """
    reader = torch._C.PyTorchFileReader(str(path))
    records = [(name, reader.get_record(name)) for name in reader.get_all_records()]
    version = int(dict(records)["version"])
    del reader
    writer = torch._C.PyTorchFileWriter(str(path))
    if hasattr(writer, "set_min_version"):  # torch 1.7 writes one version only
        writer.set_min_version(version)
    for name, data in records:
        if not name.endswith(".debug_pkl") and name not in WRITTEN_BY_THE_WRITER:
            writer.write_record(name, data, len(data))
    writer.write_end_of_file()


def deflate(path):
    """Rewrites the archive with compressed members, which `torch.jit.load` reads as well: zeros take no space."""
    with zipfile.ZipFile(path) as archive:
        members = [(member.filename, archive.read(member)) for member in archive.infolist()]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members:
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)
    torch.jit.load(str(path), map_location="cpu")
