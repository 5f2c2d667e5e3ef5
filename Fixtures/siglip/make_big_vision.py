#!/usr/bin/env python3
"""A small SigLIP in the parameter trees of big_vision, computed by flax, with random weights.

    .venv-flax/bin/python Fixtures/siglip/make_big_vision.py

big_vision is not on PyPI. `Encoder`, `Image` and `Text` below have the modules, names and arguments of its `vit.py` and
`text_transformer.py` (google-research/big_vision at 0127fb6), written again; flax's own `nn.MultiHeadDotProductAttention`,
`nn.LayerNorm`, `nn.Dense`, `nn.Conv`, `nn.Embed` and `nn.scan` create and compute every parameter. Three files hold one
set of weights, every tensor random, names joined with `/` and written by `numpy.savez_compressed`:

    big-vision.npz              encoderblock_0, encoderblock_1, …, below `params/`; the optimizer's state below `opt/`
    big-vision-scanned.npz      encoderblock with an axis of layers, as SigLIP 2 is published
    big-vision-positions.npz    text positions in two tables to be added, as in some files of SigLIP 1

The golden file is from flax with 64-bit types, and its FP32 figures from flax in float32. The scanned model, and the sum of
the two tables, are checked to give the same. Environment: Scripts/environments/venv-flax.sh.
"""

import pathlib
import platform

import jax
jax.config.update("jax_enable_x64", True)
import flax
import flax.linen as nn
import jax.numpy as jnp
import numpy as np
from safetensors.numpy import save_file

HERE = pathlib.Path(__file__).resolve().parent

# Sizes that show mistakes: heads of 20 and 8 channels, hidden layers of other widths than 4 W, other widths in the towers.
IMAGE = dict(width=40, depth=3, mlp_dim=72, num_heads=2)
TEXT = dict(width=24, depth=2, mlp_dim=40, num_heads=3)
PATCH, GRID, CONTEXT, VOCABULARY, EMBEDDING = 6, 3, 8, 64, 40
VIEWED = 2


class Block(nn.Module):
    mlp_dim: int
    num_heads: int

    @nn.compact
    def __call__(self, x):
        y = nn.LayerNorm()(x)
        x = x + nn.MultiHeadDotProductAttention(num_heads=self.num_heads)(y, y)
        x = x + Mlp(self.mlp_dim, name="MlpBlock_0")(nn.LayerNorm()(x))
        return x, x


class Mlp(nn.Module):
    mlp_dim: int

    @nn.compact
    def __call__(self, x):
        hidden = nn.gelu(nn.Dense(self.mlp_dim)(x))  # Dense_0: flax numbers modules in order of creation
        return nn.Dense(x.shape[-1])(hidden)


class Encoder(nn.Module):
    """Returns the normalised tokens and the tokens after each block."""

    depth: int
    mlp_dim: int
    num_heads: int
    scan: bool

    @nn.compact
    def __call__(self, x):
        sizes = dict(mlp_dim=self.mlp_dim, num_heads=self.num_heads)
        if self.scan:
            stack = nn.scan(Block, variable_axes={"params": 0}, split_rngs={"params": True}, length=self.depth)
            x, layers = stack(name="encoderblock", **sizes)(x)
        else:
            layers = []
            for index in range(self.depth):
                x, _ = Block(name=f"encoderblock_{index}", **sizes)(x)
                layers.append(x)
        return nn.LayerNorm(name="encoder_norm")(x), list(layers)


class MapHead(nn.Module):
    mlp_dim: int
    num_heads: int

    @nn.compact
    def __call__(self, x):
        probe = self.param("probe", nn.initializers.normal(), (1, 1, x.shape[-1]), x.dtype)
        x = nn.MultiHeadDotProductAttention(num_heads=self.num_heads)(jnp.tile(probe, [x.shape[0], 1, 1]), x)
        return (x + Mlp(self.mlp_dim, name="MlpBlock_0")(nn.LayerNorm()(x)))[:, 0]


class Image(nn.Module):
    scan: bool

    @nn.compact
    def __call__(self, image):
        x = nn.Conv(IMAGE["width"], (PATCH, PATCH), (PATCH, PATCH), padding="VALID", name="embedding")(image)
        x = x.reshape(x.shape[0], -1, x.shape[-1])
        x = x + self.param("pos_embedding", nn.initializers.normal(), (1, *x.shape[1:]), x.dtype)
        stages = {"visual.positional_embedding": x}
        sizes = {key: value for key, value in IMAGE.items() if key != "width"}
        x, layers = Encoder(**sizes, scan=self.scan, name="Transformer")(x)
        stages |= {f"visual.transformer.resblocks.{index}": layer for index, layer in enumerate(layers)}
        stages["visual.ln_post"] = x
        return MapHead(IMAGE["mlp_dim"], IMAGE["num_heads"], name="MAPHead_0")(x), stages


class Text(nn.Module):
    scan: bool

    @nn.compact
    def __call__(self, ids):
        x = nn.Embed(VOCABULARY, TEXT["width"])(ids)
        x = x + self.param("pos_embedding", nn.initializers.normal(), (1, *x.shape[1:]), x.dtype)
        stages = {"positional_embedding": x}
        sizes = {key: value for key, value in TEXT.items() if key != "width"}
        x, layers = Encoder(**sizes, scan=self.scan)(x)
        stages |= {f"transformer.resblocks.{index}": layer for index, layer in enumerate(layers)}
        stages["ln_final"] = x
        return nn.Dense(EMBEDDING, name="head")(x[:, -1, :]), stages


class TwoTowers(nn.Module):
    scan: bool = False

    @nn.compact
    def __call__(self, image, text):
        scalars = [self.param(name, nn.initializers.zeros, (1,), jnp.float32) for name in ("t", "b")]
        zimg, stages = Image(self.scan, name="img")(image)
        ztxt, others = Text(self.scan, name="txt")(text)
        zimg, ztxt = unit(zimg), unit(ztxt)
        logits = zimg @ ztxt.T * jnp.exp(scalars[0]) + scalars[1]
        return zimg, ztxt, logits, stages | others


def unit(x):
    return x / jnp.linalg.norm(x, axis=-1, keepdims=True)


# ---- weights ----------------------------------------------------------------------------------------


def flat(tree):
    return {"/".join(path): value for path, value in flax.traverse_util.flatten_dict(tree).items()}


def nested(names):
    return flax.traverse_util.unflatten_dict({tuple(name.split("/")): value for name, value in names.items()})


def randomized(shapes):
    """A value for every tensor: multiples of 2^-10 that FP16 holds exactly, in the sizes of trained models."""
    random = np.random.default_rng(11)
    result = {}
    for name, shape in sorted(shapes.items()):
        noise = random.standard_normal(shape)
        last = name.split("/")[-1]
        if name in ("t", "b"):
            noise = np.full(shape, 4.5 if name == "t" else -12.5)
        elif last == "scale":
            noise = 1 + 0.2 * noise
        elif last == "bias":
            noise = 0.1 * noise
        elif last in ("pos_embedding", "embedding", "probe"):
            noise = 0.5 * noise
        else:
            inputs = np.prod(shape[:-1]) if "/out/" in name or len(shape) != 3 else shape[0]
            noise = 1.2 * noise / inputs ** 0.5
        result[name] = (np.rint(noise * 1024) / 1024).astype(np.float32)
    return result


def scanned(weights):
    """The same weights with the layers of each encoder in one tensor."""
    result, stacks = {}, {}
    for name, value in weights.items():
        parts = name.split("/")
        index = next((i for i, part in enumerate(parts) if part.startswith("encoderblock_")), None)
        if index is None:
            result[name] = value
        else:
            layer = int(parts[index].removeprefix("encoderblock_"))
            parts[index] = "encoderblock"
            stacks.setdefault("/".join(parts), {})[layer] = value
    return result | {name: np.stack([layers[i] for i in range(len(layers))]) for name, layers in stacks.items()}


def with_two_tables(weights):
    """The text positions as the sum of two tables. Multiples of 2^-10 below 4 add exactly."""
    random = np.random.default_rng(12)
    table = weights["txt/pos_embedding"]
    second = (np.rint(random.standard_normal(table.shape) * 512) / 1024).astype(np.float32)
    return weights | {"txt/pos_embedding": table - second, "txt/Encoder_0/pos_embedding": second}


def training_state(weights):
    """What a training run saves beside its parameters: moments of Adam, and the trainer's clock."""
    names = ["img/embedding/bias", "txt/head/bias", "t"]
    moments = {f"opt/0/{kind}/{name}": np.zeros_like(weights[name]) for kind in ("mu", "nu") for name in names}
    return moments | {"opt/0/count": np.int32(1000), "chrono/accum_train_time": np.float64(1)}


# ---- goldens ----------------------------------------------------------------------------------------


def inputs():
    random = np.random.default_rng(7)
    pixels = random.uniform(-1, 1, (4, 3, PATCH * GRID, PATCH * GRID)).astype(np.float32)
    ids = random.integers(2, VOCABULARY, (5, CONTEXT)).astype(np.int32)
    for row, length in zip(ids, (1, 2, 4, 7, 8)):
        row[length - 1:] = 1  # sticky end of text: every pad is one
    return pixels, ids


def run(weights, dtype, scan=False):
    params = nested({name: value.astype(dtype) for name, value in weights.items()})
    pixels, ids = inputs()
    outputs = TwoTowers(scan).apply({"params": params}, pixels.transpose(0, 2, 3, 1).astype(dtype), ids)
    for value in jax.tree.leaves(outputs):
        assert value.dtype == dtype, value.dtype
    return outputs


def write_golden(path, weights):
    pixels, ids = inputs()
    arrays = {"image.pixels": pixels, "text.ids": ids}
    for suffix, dtype in (("f32", np.float32), ("f64", np.float64)):
        images, texts, logits, stages = run(weights, dtype)
        arrays |= {f"image.embedding.{suffix}": images, f"text.embedding.{suffix}": texts, f"logits.{suffix}": logits}
    for name, state in stages.items():
        state = state[:VIEWED]
        arrays[f"stage.{name}.mean"] = state.mean(axis=1).astype(np.float32)
        if not name.startswith("visual."):
            arrays[f"stage.{name}.pooled"] = state[:, -1].astype(np.float32)
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, path, metadata={
        "golden.version": "1", "golden.model": "small SigLIP (big_vision)", "golden.weights": "tiny",
        "golden.stages": ",".join(stages),
        "golden.writer": f"flax {flax.__version__}, jax {jax.__version__}, numpy {np.__version__}, "
                         f"python {platform.python_version()}"})
    path.chmod(0o644)


def main():
    pixels, ids = inputs()
    shapes = jax.eval_shape(TwoTowers().init, jax.random.key(0), pixels.transpose(0, 2, 3, 1), ids)["params"]
    weights = randomized({name: value.shape for name, value in flat(shapes).items()})
    assert all(np.array_equal(value, value.astype(np.float16)) for value in weights.values())
    stacked, tables = scanned(weights), with_two_tables(weights)
    again = jax.eval_shape(TwoTowers(True).init, jax.random.key(0), pixels.transpose(0, 2, 3, 1), ids)["params"]
    assert {name: value.shape for name, value in flat(again).items()} == {n: v.shape for n, v in stacked.items()}
    assert np.array_equal(tables["txt/pos_embedding"] + tables["txt/Encoder_0/pos_embedding"], weights["txt/pos_embedding"])
    for one, other in zip(jax.tree.leaves(run(weights, np.float64)), jax.tree.leaves(run(stacked, np.float64, True))):
        assert np.abs(one - other).max() < 1e-12
    below = {f"params/{name}": value for name, value in weights.items()}
    np.savez_compressed(HERE / "big-vision.npz", **below, **training_state(weights))
    np.savez_compressed(HERE / "big-vision-scanned.npz", **stacked)
    np.savez_compressed(HERE / "big-vision-positions.npz", **tables)
    write_golden(HERE / "big-vision.safetensors", weights)


if __name__ == "__main__":
    main()
