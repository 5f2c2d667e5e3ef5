"""Bundles, generated inputs and golden values that the tests share. `make python-test` sets the paths of package and
library."""

import array
import gzip
import os
import pathlib
import subprocess
import sys

import pocketclip

ROOT = pathlib.Path(__file__).resolve().parents[2]
PRECISIONS = ("fp32", "fp16", "int8")
# Unit vectors of 24 values against OpenAI's float64; the constants of PocketRuntimeTests, with their reasons.
FLOAT_TOLERANCE = 1e-6
INT8_COSINE = 0.9995


def bundle(name):
    return str(ROOT / "Fixtures/runtime" / f"{name}.pclip")


def model(name="vit-int8", **options):
    return pocketclip.Model(bundle(name), **options)


def words():
    """A model with a tokenizer; its bundle is kept gzipped."""
    return pocketclip.Model.from_bytes(gzip.decompress(pathlib.Path(bundle("words-fp16") + ".gz").read_bytes()))


def splitmix64(counter):
    mask = (1 << 64) - 1
    z = (counter + 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return z ^ (z >> 31)


def generated_pixels(count):
    """The pixels of make_runtime_fixtures.py: -2 <= x < 2."""
    return array.array("f", ((splitmix64(i) >> 40) * 2.0**-22 - 2 for i in range(count)))


def generated_ids(context, vocabulary):
    """The texts of make_runtime_fixtures.py: one of each length from 2 to the context."""
    return [
        [vocabulary - 2]
        + [(7 * position + length) % (vocabulary - 2) for position in range(1, length - 1)]
        + [vocabulary - 1]
        + [0] * (context - length)
        for length in range(2, context + 1)
    ]


def golden(name, width):
    """Unit vectors that OpenAI's code computed in float64."""
    values = memoryview((ROOT / "Fixtures/runtime" / f"{name}.f64").read_bytes()).cast("d").tolist()
    return [values[start : start + width] for start in range(0, len(values), width)]


def image_bytes(height, width):
    return bytes(splitmix64(i) >> 56 for i in range(3 * height * width))


def run_python(program, *arguments, **environment):
    """The output of a fresh interpreter; its failure fails the test."""
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode:
        raise AssertionError(f"exit status {done.returncode}: {done.stderr}")
    return done.stdout
