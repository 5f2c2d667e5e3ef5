"""From process start to a first embedding with OpenVINO in Python, as a user would write it: MODEL.xml [CACHE]."""

import sys

import numpy as np
import openvino

core = openvino.Core()
if len(sys.argv) > 2:
    core.set_property({"CACHE_DIR": sys.argv[2]})
model = core.compile_model(sys.argv[1], "CPU", {"INFERENCE_NUM_THREADS": 2, "PERFORMANCE_HINT": "LATENCY"})
pixels = (np.arange(3 * 224 * 224) % 256 / 128 - 1).astype(np.float32).reshape(1, 3, 224, 224)
print(model(pixels)[0][0, 0], flush=True)
sys.stdin.read()
