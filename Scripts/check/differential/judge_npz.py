import io

import numpy as np

import arrays


def entries(content):
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        for name in archive.files:
            array = archive[name]
            # A member without .npy is returned as bytes.
            yield arrays.entry(name.replace("/", "."), array) if isinstance(array, np.ndarray) else (name,)
