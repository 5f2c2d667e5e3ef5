"""A model's weights and settings, read from an FP32 bundle as docs/BUNDLE.md describes it."""

import copy
from dataclasses import dataclass

from safetensors import safe_open


@dataclass
class Network:
    """Matrices are W of y = W·x, [outputs, inputs]; vectors still have their padding, so users cut them."""

    fields: dict
    matrices: dict
    vectors: dict

    def copied(self):
        return Network(self.fields, dict(self.matrices), copy.deepcopy(self.vectors))

    def number(self, field):
        return int(self.fields[field])

    def is_resnet(self):
        return self.fields["image.kind"] == "resnet"

    def blocks(self, tower):
        """The prefixes of a transformer's blocks."""
        prefix = "visual." if tower == "image" else ""
        return [f"{prefix}transformer.resblocks.{index}." for index in range(self.number(f"{tower}.layers"))]

    def bottlenecks(self):
        """(prefix, stride, whether it has a downsample, inner width) of a ResNet's bottlenecks."""
        for stage in range(1, 5):
            for block in range(self.number(f"image.blocks.{stage}")):
                stride = 2 if stage > 1 and block == 0 else 1
                yield f"visual.layer{stage}.{block}.", stride, block == 0, self.number("image.width") << (stage - 1)


def read(bundle):
    with safe_open(bundle, "pt") as file:
        fields = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    network = Network(fields, {}, {})
    for name, (outputs, inputs) in shapes(network).items():
        panels = tensors.pop(name)
        network.matrices[name] = (panels if panels.ndim == 2 else rows(panels))[:outputs, :inputs]
    network.vectors = {name: tensor for name, tensor in tensors.items() if tensor.is_floating_point()}
    return network


def rows(panels):
    """[outputs / 16, inputs, 16] → [outputs, inputs]"""
    return panels.transpose(1, 2).reshape(-1, panels.shape[1])


def shapes(network):
    """{matrix: (outputs, inputs)} in the order of the file."""
    found = dict(resnet_shapes(network) if network.is_resnet() else vit_shapes(network))
    width = network.number("text.width")
    found["token_embedding.weight"] = network.number("text.vocabulary"), width
    found |= block_shapes(network, "text", width)
    found["text_projection"] = network.number("text.projection"), width
    return found


def vit_shapes(network):
    width, patch = network.number("image.width"), network.number("image.patch_size")
    return {"visual.conv1.weight": (width, 3 * patch * patch), **block_shapes(network, "image", width),
            "visual.proj": (network.number("image.projection"), width)}


def block_shapes(network, tower, width):
    mlp = network.number(f"{tower}.mlp_width")
    block = {"attn.in_proj_weight": (3 * width, width), "attn.out_proj.weight": (width, width),
             "mlp.c_fc.weight": (mlp, width), "mlp.c_proj.weight": (width, mlp)}
    return {prefix + name: shape for prefix in network.blocks(tower) for name, shape in block.items()}


def resnet_shapes(network):
    width = network.number("image.width")
    half = width // 2
    found = {"visual.conv1.weight": (half, 27), "visual.conv2.weight": (half, 9 * half),
             "visual.conv3.weight": (width, 9 * half)}
    inputs = width
    for prefix, _, has_downsample, inner in network.bottlenecks():
        found |= {f"{prefix}conv1.weight": (inner, inputs), f"{prefix}conv2.weight": (inner, 9 * inner),
                  f"{prefix}conv3.weight": (4 * inner, inner)}
        if has_downsample:
            found[f"{prefix}downsample.0.weight"] = 4 * inner, inputs
        inputs = 4 * inner
    square = (32 * width, 32 * width)
    found |= {f"visual.attnpool.{name}_proj.weight": square for name in "qkv"}
    return found | {"visual.attnpool.c_proj.weight": (network.number("image.projection"), 32 * width)}
