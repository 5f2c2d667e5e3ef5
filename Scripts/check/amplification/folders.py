"""Folders: configurations, indices, tokenizers and adapters next to the weights."""

import json
import pathlib

from amplification import SIZE
from amplification.arrays import SAFETENSORS, scalars, tensors, safetensors

ROOT = pathlib.Path(__file__).resolve().parents[3]
MODEL = ROOT / "Fixtures/valid/vit-hugging-face-text"


def weights():
    """A complete text tower, so that all files next to it are read."""
    return (MODEL / "model.safetensors").read_bytes()


def configuration():
    return {"config.json": (MODEL / "config.json").read_bytes()}


def numbers(count):
    return ("[" + "1," * count + "1]").encode()


def beside(**files):
    return {"model.safetensors": weights(), **configuration(),
            **{name.replace("__", "."): content for name, content in files.items()}}


def index(mapping, **shards):
    return {"model.safetensors.index.json": json.dumps({"weight_map": mapping}).encode(), **shards}


def shard(names):
    return safetensors(tensors(names))


def many_shards(count):
    names = {f"visual.{i}": f"{i}.safetensors" for i in range(count)}
    return index(names, **{f"{i}.safetensors": shard([f"visual.{i}"]) for i in range(count)})


def long_front_matter():
    return {"README.md": b"---\n" + b"license: a\n" * (SIZE // 11) + b"---\n"}


def adapter(names):
    return {"model.safetensors": weights(), **configuration(), "adapter_model.safetensors": scalars(names),
            "adapter_config.json": b'{"peft_type": "LORA", "r": 1, "lora_alpha": 1}'}


FOLDERS = {
    "configuration-of-numbers": lambda: beside(config__json=numbers(SIZE // 2)),
    "configuration-of-arrays": lambda: beside(config__json=b"[" + b"[]," * (SIZE // 3) + b"1]"),
    "configuration-of-keys": lambda: beside(
        config__json=("{" + ",".join('"%x":0' % i for i in range(SIZE // 8)) + "}").encode()),
    "deep-configuration": lambda: beside(config__json=b"[" * SIZE),
    "all-configurations": lambda: {"model.safetensors": weights(), **{name: numbers(SIZE // 14) for name in (
        "config.json", "open_clip_config.json", "preprocessor_config.json", "processor_config.json",
        "tokenizer_config.json", "preprocess_cfg.json", "adapter_config.json")}},
    "vocabulary": lambda: beside(tokenizer__json=(
        '{"model":{"vocab":{' + ",".join('"%x":0' % i for i in range(SIZE // 10)) + '},"merges":[]}}').encode()),
    "merges": lambda: beside(merges__txt=b"a b\n" * (SIZE // 4)),
    "combining-marks": lambda: beside(vocab__json=('{"a' + "\u0316\u0301" * (SIZE // 4) + '":0}').encode()),
    "long-index": lambda: index({f"visual.{i}": "a.safetensors" for i in range(SIZE // 35)},
                                **{"a.safetensors": shard(["visual.0"])}),
    "many-shards": lambda: many_shards(800),
    "index-of-numbers": lambda: {"model.safetensors.index.json": b'{"weight_map":{"a":' + numbers(SIZE // 2) + b"}}"},
    "many-checkpoints": lambda: {f"{i}.safetensors": scalars(["visual.proj"]) for i in range(1500)},
    "links-to-one-file": lambda: {"a.safetensors": SAFETENSORS["many-prefixes"](),
                                  **{f"{i}.safetensors": "a.safetensors" for i in range(1000)}},
    "links-as-shards": lambda: index({f"visual.{i}": f"{i}.safetensors" for i in range(1000)},
                                     **{"a.safetensors": SAFETENSORS["many-prefixes"]()},
                                     **{f"{i}.safetensors": "a.safetensors" for i in range(1000)}),
    "many-empty-files": lambda: {**beside(), **{f"{i}.bin": b"" for i in range(3000)}},
    "many-folders": lambda: {f"{i}/model.safetensors": scalars(["visual.proj"]) for i in range(800)},
    "front-matter": lambda: {**beside(), **long_front_matter()},
    "modules": lambda: beside(modules__json=b"[" + b'{"type":"a"},' * (SIZE // 14) + b'{"type":"Transformer"}]'),
}

ADAPTERS = {
    "updates": lambda: adapter([f"base_model.model.text_model.{i}.lora_A.weight" for i in range(SIZE // 110)]),
    "updates-of-one-name": lambda: adapter([f"text_model.{'a' * 900}{i}.lora_A.weight" for i in range(SIZE // 1100)]),
    "components": lambda: adapter([f"{i}" + ".lora_" * 150 for i in range(SIZE // 1100)]),
    "pairs": lambda: adapter(
        [f"text_model.{i}.lora_{x}.weight" for i in range(SIZE // 190) for x in "AB"]),
    "kohya": lambda: adapter(
        [f"lora_te_text_model_{i}.lora_{x}.weight" for i in range(SIZE // 200) for x in ("down", "up")]),
    "dots": lambda: adapter([f"visual.{i}" + "." * 900 + ".lora_A.weight" for i in range(SIZE // 1100)]),
    "weight-norm": lambda: {"a.safetensors": scalars(
        [f"visual.{i}.weight_{x}" for i in range(SIZE // 160) for x in "gv"])},
    "settings": lambda: {**adapter(["text_model.a.lora_A.weight"]),
                         "adapter_config.json": b'{"peft_type":"LORA","rank_pattern":{' + b",".join(
                             b'"%d":1' % i for i in range(SIZE // 11)) + b"}}"},
    "patterns": lambda: {**adapter([f"text_model.{i}.lora_A.weight" for i in range(1000)]),
                         "adapter_config.json": json.dumps({"peft_type": "LORA", "r": 1, "lora_alpha": 1, "alpha_pattern": {
                             f"k{i}": 1 for i in range(10_000)}}).encode()},
    "long-metadata": lambda: {"a.safetensors": safetensors(
        {"__metadata__": {"lora_adapter_metadata": json.dumps({f"text_encoder.{i}": 1 for i in range(SIZE // 25)})}})},
}

CASES = {"folder": FOLDERS, "adapter": ADAPTERS}
