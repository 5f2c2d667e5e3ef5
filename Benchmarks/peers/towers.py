"""OpenAI's own model as PyTorch modules: one tower each, FP32."""

import torch
from clip.model import CLIP

from . import models


class TextTower(torch.nn.Module):
    """ids [n, 77] → [n, E]: `CLIP.encode_text` without its cast to the image tower's type."""

    def __init__(self, model):
        super().__init__()
        del model.visual
        self.model = model

    def forward(self, ids):
        x = self.model.token_embedding(ids) + self.model.positional_embedding
        x = self.model.transformer(x.permute(1, 0, 2)).permute(1, 0, 2)
        x = self.model.ln_final(x)
        return x[torch.arange(x.shape[0]), ids.argmax(dim=-1)] @ self.model.text_projection


def tower(model_name, name):
    """The `image` or `text` tower: pixels [n, 3, S, S] or ids [n, 77] → [n, E]."""
    numbers, state = models.weights(model_name)
    model = CLIP(**numbers).float()
    model.load_state_dict(state, strict=False)  # not stored: the BatchNorms' counters of batches seen
    return (model.visual if name == "image" else TextTower(model)).eval()
