"""Powers of two between the channels of a producer and a matrix that consumes them (docs/BUNDLE.md, section 6)."""

import torch

LIMIT = 64


def equalized(network):
    """The same function with other weights: what `convert --precision int8` rounds."""
    result = network.copied()
    for consumer, producer in pairs(network):
        exponents = measured([read(network, part) for part in producer], network.matrices[consumer])
        factor = torch.exp2(exponents)
        result.matrices[consumer] = result.matrices[consumer] * factor
        for part in producer:
            scale(result, part, 1 / factor)
    return result


def pairs(network):
    """(consuming matrix, parts of the producer: vectors, or rows of a matrix and of its bias)."""
    for tower in ("text",) if network.is_resnet() else ("image", "text"):
        width = network.number(f"{tower}.width")
        values = slice(2 * width, 3 * width)
        for prefix in network.blocks(tower):
            yield f"{prefix}attn.in_proj_weight", norm(f"{prefix}ln_1", width)
            yield f"{prefix}mlp.c_fc.weight", norm(f"{prefix}ln_2", width)
            yield f"{prefix}attn.out_proj.weight", [(f"{prefix}attn.in_proj_weight", values),
                                                    (f"{prefix}attn.in_proj_bias", values)]
    yield "text_projection", norm("ln_final", network.number("text.width"))
    if network.is_resnet():
        every = slice(0, 32 * network.number("image.width"))
        yield "visual.attnpool.c_proj.weight", [(f"visual.attnpool.v_proj.{part}", every) for part in ("weight", "bias")]
    else:
        yield "visual.proj", norm("visual.ln_post", network.number("image.width"))


def norm(name, width):
    return [(f"{name}.weight", slice(0, width)), (f"{name}.bias", slice(0, width))]


def store(network, name):
    return network.matrices if name in network.matrices else network.vectors


def read(network, part):
    name, where = part
    return store(network, name)[name][where]


def scale(network, part, factor):
    name, where = part
    tensor = store(network, name)[name].clone()
    tensor[where] *= factor.view(-1, *[1] * (tensor.ndim - 1))
    store(network, name)[name] = tensor


def measured(producer, consumer):
    """The exponent of each channel."""
    energy = sum(part.double().square().flatten(1).sum(dim=1) if part.ndim > 1 else part.double().square()
                 for part in producer)
    largest = consumer.double().abs().amax(dim=0)
    used = (energy > 0) & (largest > 0)
    levels = torch.zeros_like(energy)
    levels[used] = (energy[used].log2() * 0.5 - largest[used].log2()) * 0.5
    exponents = (levels - levels[used].mean()).round().clamp(-LIMIT, LIMIT)
    return torch.where(used, exponents, torch.zeros_like(exponents)).float()
