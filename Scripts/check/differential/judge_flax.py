import flax.serialization
import numpy as np

import arrays


def entries(content):
    return list(walk(flax.serialization.msgpack_restore(content), []))


def walk(value, path):
    if isinstance(value, dict):
        children = [(key if isinstance(key, str) else f"<{key!r}>", child) for key, child in value.items()]
    elif isinstance(value, (list, tuple)):
        children = [(str(index), child) for index, child in enumerate(value)]
    elif isinstance(value, (np.ndarray, np.generic)):
        yield arrays.entry(".".join(path), np.asarray(value))
        return
    else:
        yield (".".join(path),)
        return
    for key, child in children:
        yield from walk(child, [*path, key])
