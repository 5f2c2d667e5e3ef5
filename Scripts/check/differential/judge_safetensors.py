import numpy as np
import safetensors

import arrays


def entries(content):
    for name, tensor in safetensors.deserialize(content):
        kind = arrays.TYPES.get(tensor["dtype"])
        if kind is None:
            yield (name,)
        else:
            yield arrays.entry(name, np.frombuffer(tensor["data"], kind).reshape(tensor["shape"]))
