"""Files that request far more memory or time than their size: each targets one loop of the readers.

A case is a function that returns the bytes of one file, or the files of a folder by name: bytes, or the target of a
link. All have a few hundred kilobytes.
They are built each time: the builders are those of Fixtures/malformed. Standard library only.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "Fixtures/malformed"))

# Bytes of a case, about.
SIZE = 300_000


def cases():
    """(group, name, function) of every case."""
    from amplification import arrays, containers, folders, graphs, pickles, storages
    rows = []
    for module in (pickles, arrays, containers, graphs, folders, storages):
        rows += [(group, name, make) for group, made in module.CASES.items() for name, make in made.items()]
    return rows
