"""PocketCLIP compared with the engines that a user would choose instead, on the same weights. See
Benchmarks/README.md."""

import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "Fixtures" / "golden"
SCRIPTS = ROOT / "Scripts" / "golden"
CACHE = ROOT / ".build-peers"
"""Exported models and bundles; git ignores it, `make clean` removes it."""
LIBRARY = pathlib.Path(os.environ.get("PEERS_LIBRARY", ROOT / "dist" / "lib" / "libpocketclip.so"))
TOOL = ROOT / ".build" / "release" / "pocketclip"
THREADS = 2
