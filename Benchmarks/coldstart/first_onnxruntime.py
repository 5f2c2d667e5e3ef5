"""From process start to a first embedding with ONNX Runtime in Python, as a user would write it."""

import sys

import numpy as np
import onnxruntime

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 2
session = onnxruntime.InferenceSession(sys.argv[1], options, providers=["CPUExecutionProvider"])
pixels = (np.arange(3 * 224 * 224) % 256 / 128 - 1).astype(np.float32).reshape(1, 3, 224, 224)
print(session.run(None, {"input": pixels})[0][0, 0], flush=True)
sys.stdin.read()
