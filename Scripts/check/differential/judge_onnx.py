import onnx
from onnx import numpy_helper

import arrays


def entries(content):
    model = onnx.load_model_from_string(content)
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.STRING:
            yield (tensor.name,)
        else:
            yield arrays.entry(tensor.name, numpy_helper.to_array(tensor))
