#!/usr/bin/env python3
"""Training checkpoints with values of Python and of other libraries next to the weights: values/NAME.pt.

Written by torch.save (torch 2.13.0, numpy 2.4.6, omegaconf 2.4.0, Python 3.11). Two small tensors stand for the model.
  hyperparameters  `read`: {'state_dict': …, 'hyper_parameters': {'value': VALUE}}
  tensors          `named`: tensors reachable only through an object, next to the model
  refused          no state dict at all: a module, arrays
Prints the table for Tests/CheckpointsTests/PickledValueTests.swift.
"""

import argparse
import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import logging
import pathlib
import re
import types
import uuid

import numpy
import omegaconf
import torch

HERE = pathlib.Path(__file__).resolve().parent / "values"


class Mode(enum.Enum):
    TRAIN = 1


class Level(enum.IntEnum):
    HIGH = 2


class Part(enum.Flag):
    IMAGE = 1
    TEXT = 2


@dataclasses.dataclass
class Options:
    width: int = 512
    path: pathlib.Path = pathlib.Path("data")


@dataclasses.dataclass(frozen=True)
class Slots:
    __slots__ = ("width",)
    width: int


class Named(dict):
    """A dictionary with attributes, like EasyDict and addict."""


class Items(list):
    pass


Point = collections.namedtuple("Point", "x y")


class Explicit:
    """Takes its arguments by name."""

    def __new__(cls, *, width):
        return super().__new__(cls)

    def __getnewargs_ex__(self):
        return (), {"width": 3}


def lowered(text):
    return text.lower()


class Average:
    """Keeps a moving average of the weights."""

    def __init__(self, shadow):
        self.shadow = shadow


class Tower(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.proj = torch.nn.Parameter(torch.ones(2, 3))


class Packed(torch.Tensor):
    pass


WEIGHTS = {"visual.proj": torch.arange(6.0).reshape(2, 3), "logit_scale": torch.tensor(4.6052)}

VALUES = {
    "argparse": argparse.Namespace(lr=1e-3, root=pathlib.Path("data")),
    "array": {"mean": numpy.arange(3.0), "count": numpy.int64(3), "type": numpy.dtype("float32")},
    "array-fortran": numpy.asfortranarray(numpy.ones((2, 3))),
    "arrays-of-objects": numpy.array([None, "a"], dtype=object),
    "class": torch.nn.GELU,
    "class-of-its-own": Options,
    "counter": collections.Counter("abca"),
    "dataclass": Options(),
    "date": {"day": datetime.date(2026, 11, 29), "zone": datetime.timezone(datetime.timedelta(hours=2))},
    "datetime": datetime.datetime(2026, 11, 29, 4, 37, tzinfo=datetime.timezone.utc),
    "decimal": [decimal.Decimal("0.1"), fractions.Fraction(1, 3)],
    "default-dictionary": collections.defaultdict(list, {"loss": [1.0]}),
    "default-of-a-lambda": collections.defaultdict(float, {"a": 1.0}),
    "deque": collections.deque([1, 2], maxlen=4),
    "dictionary-class": Named(a=1, b=Named(c=2)),
    "enum": {"mode": Mode.TRAIN, "level": Level.HIGH, "parts": Part.IMAGE | Part.TEXT},
    "exception": ValueError("no such loss"),
    "frozenset": frozenset({"image", "text"}),
    "function": lowered,
    "function-builtin": {"reduce": max, "cast": int, "method": str.lower},
    "generator": torch.Generator().get_state().numpy(),
    "keyword-arguments": Explicit(width=3),
    "list-class": Items([1, 2]),
    "logging": logging.getLogger("train"),
    "named-tuple": Point(1, 2),
    "namespace": types.SimpleNamespace(a=1, inner=types.SimpleNamespace(b=2)),
    "omegaconf": omegaconf.OmegaConf.create({"model": {"width": 512, "layers": [1, 2]}}),
    "partial": functools.partial(torch.nn.functional.gelu, approximate="tanh"),
    "partial-of-a-partial": functools.partial(functools.partial(lowered, text="A")),
    "path": [pathlib.Path("data") / "train", pathlib.PureWindowsPath("c:/data")],
    "random-state": numpy.random.RandomState(1),
    "random-generator": numpy.random.default_rng(1),
    "range": [range(3), slice(1, 2, None), Ellipsis, NotImplemented, complex(1, 2), bytearray(b"a")],
    "regular-expression": re.compile("a+"),
    "slots": Slots(3),
    "torch-values": {"dtype": torch.float8_e4m3fn, "device": torch.device("cpu"),
                     "size": torch.Size([1, 2])},
    "uuid": uuid.UUID(int=7),
}


def save(name, value, **options):
    torch.save(value, HERE / f"{name}.pt", **options)


def without_paths():
    """Files from before 1.6 hold the source of a module's class and its path; the path is removed here."""
    original = torch.serialization.get_source_lines_and_file

    def sources(*arguments, **options):
        lines, first, _ = original(*arguments, **options)
        return lines, first, "model.py"

    torch.serialization.get_source_lines_and_file = sources


def main():
    without_paths()
    HERE.mkdir(exist_ok=True)
    for name, value in VALUES.items():
        save(name, {"state_dict": WEIGHTS, "hyper_parameters": {"value": value}, "epoch": 3})
    save("protocol-4", {"state_dict": WEIGHTS, "hyper_parameters": VALUES}, pickle_protocol=4)
    save("protocol-5", {"state_dict": WEIGHTS, "hyper_parameters": VALUES}, pickle_protocol=5)
    save("legacy", {"state_dict": WEIGHTS, "hyper_parameters": VALUES}, _use_new_zipfile_serialization=False)

    attributed = WEIGHTS["visual.proj"].clone()
    attributed.note = "kept by torch"
    save("tensor-with-attributes", {"visual.proj": attributed, "logit_scale": WEIGHTS["logit_scale"]})

    save("named-average", {"state_dict": WEIGHTS, "ema": Average(dict(WEIGHTS)), "epoch": 3})
    save("named-module", {"state_dict": WEIGHTS, "hyper_parameters": {"teacher": Tower()}})
    save("named-dictionary-class", {"state_dict": WEIGHTS, "best": Named(weights=WEIGHTS["visual.proj"])})
    save("named-by-a-number", {**WEIGHTS, 5: WEIGHTS["visual.proj"]})
    save("named-on-other-levels", {"outer": {"model": WEIGHTS, "other": {"x": WEIGHTS["visual.proj"]},
                                             5: [WEIGHTS["visual.proj"]]}, 7: {"y": WEIGHTS["visual.proj"]}})
    save("refused-module", Tower())
    save("refused-module-legacy", Tower(), _use_new_zipfile_serialization=False)
    save("refused-module-in-a-dictionary", {"epoch": 3, "model": Tower()})
    save("refused-dictionary-class", Named(WEIGHTS))
    save("refused-subclass", {**WEIGHTS, "visual.proj": WEIGHTS["visual.proj"].as_subclass(Packed)})
    save("refused-arrays", {name: tensor.numpy() for name, tensor in WEIGHTS.items()})
    save("refused-arrays-below", {"model": {name: tensor.numpy() for name, tensor in WEIGHTS.items()}})
    save("refused-options", argparse.Namespace(lr=1e-3))


if __name__ == "__main__":
    main()
