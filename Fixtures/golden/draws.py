"""Integers of a name and a flat index, of which the synthetic weights are made (docs/SYNTHETIC.md, "Draws")."""

from __future__ import annotations

import numpy as np

GENERATOR = "pocketclip.synthetic.1"


def stream_key(name: str) -> int:
    """FNV-1a, 64 bits, of `GENERATOR/name` in UTF-8."""
    state = 0xCBF29CE484222325
    for byte in f"{GENERATOR}/{name}".encode():
        state = ((state ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return state


def mixed(key: int, counters: np.ndarray) -> np.ndarray:
    """splitmix64's output for each counter (uint64, overwritten)."""
    z = counters
    z *= np.uint64(0x9E3779B97F4A7C15)
    z += np.uint64(key)
    z ^= z >> np.uint64(30)
    z *= np.uint64(0xBF58476D1CE4E5B9)
    z ^= z >> np.uint64(27)
    z *= np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return z


def tent(key: int, counters: np.ndarray) -> np.ndarray:
    """The sum of the two low 16-bit lanes less its mean: int64 in ±65535, variance 2^32 / 6."""
    z = mixed(key, counters)
    low = z & np.uint64(0xFFFF)
    z >>= np.uint64(16)
    z &= np.uint64(0xFFFF)
    z += low
    return z.view(np.int64) - 65535


def bell(key: int, counters: np.ndarray) -> np.ndarray:
    """The sum of all four 16-bit lanes less its mean: int64 in ±131070, variance 2^32 / 3."""
    z = mixed(key, counters)
    pairs = (z & np.uint64(0x0000FFFF0000FFFF)) + ((z >> np.uint64(16)) & np.uint64(0x0000FFFF0000FFFF))
    sums = (pairs + (pairs >> np.uint64(32))) & np.uint64(0x3FFFF)
    return sums.view(np.int64) - 131070


def difference(key: int, counters: np.ndarray) -> np.ndarray:
    """A tent less the one before it: int64 in ±131070, variance 2^32 / 3; a row of them nearly sums to zero."""
    before = tent(key, counters - np.uint64(1))
    return tent(key, counters) - before


DRAWS = {"bell": bell, "tent": tent, "difference": difference}
INVERSE_VARIANCE = {"bell": 3, "tent": 6, "difference": 3}
"""2^32 divided by the variance of each draw."""


def indices(start: int, count: int) -> np.ndarray:
    """start ..< start + count. As counters: that of flat index i is i + 1."""
    return np.arange(start, start + count, dtype=np.uint64)
