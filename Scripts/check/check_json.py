#!/usr/bin/env python3
"""Reads every JSON output with Python's parser, with every Unicode scalar in the names of users and files.

usage: check_json.py POCKETCLIP

Fails if an output is not JSON, contains other text than the input, or holds a control byte of a terminal. Standard
library only.
"""

import json
import pathlib
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGE = ROOT / "Fixtures/minis/images/alarm-clock-00.jpg"
# Controls, line and paragraph separators, and characters that reorder text.
STEERING = {chr(c) for c in [*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]}


def entries(excluded, length=2048):
    """Every scalar except the excluded ones, `count` per entry."""
    scalars = [chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000 and chr(c) not in excluded]
    return ["x" + "".join(scalars[start:start + length]) + "x" for start in range(0, len(scalars), length)]


class Outputs:
    def __init__(self, tool, folder):
        self.tool, self.folder, self.count, self.complaints = tool, folder, 0, []

    def run(self, *command):
        """The objects on standard output."""
        output = subprocess.run([self.tool, *map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
        return self.parsed(command[0], output)

    def parsed(self, name, output):
        text = output.decode("utf-8", errors="strict")
        found = STEERING & set(text) - {"\n"}
        if found:
            self.complaints.append(f"{name}: {sorted(map(ascii, found))[:5]} in the output")
        try:
            objects = [json.loads(text)] if text.startswith("{\n") else [json.loads(line) for line in text.split("\n")[:-1]]
        except ValueError as error:
            self.complaints.append(f"{name}: not JSON: {error}")
            return []
        self.count += len(objects)
        return objects

    def expect_lines(self, name, lines):
        """Each has the fields of Schemas/NAME.schema.json."""
        schema = json.loads((ROOT / f"Schemas/{name}.schema.json").read_text())
        required, known = set(schema["required"]), set(schema["properties"])
        if not lines or not all(required <= line.keys() <= known for line in lines):
            self.complaints.append(f"{name}: a line does not fit its schema")

    def expect(self, name, found, expected):
        if found != expected:
            different = next((i for i, pair in enumerate(zip(found, expected)) if pair[0] != pair[1]), "the number")
            self.complaints.append(f"{name}: other text than went in, at {different}")


def safetensors(names):
    """A file whose tensors have these names."""
    header = {name: {"dtype": "F32", "shape": [1], "data_offsets": [4 * i, 4 * i + 4]} for i, name in enumerate(names)}
    text = json.dumps(header, ensure_ascii=False).encode()
    return struct.pack("<Q", len(text)) + text + bytes(4 * len(names))


def check(outputs, bundle):
    folder = outputs.folder
    words, paths = entries("\0\n\r"), entries("\0")
    (folder / "words").write_text("\n".join(words) + "\n", newline="")
    (folder / "paths").write_text("\0".join(paths) + "\0", newline="")
    embed = ["embed", "-m", bundle]
    embedded = outputs.run(*embed, "--texts", folder / "words")
    outputs.expect("embed, texts", [line["input"] for line in embedded], words)
    outputs.expect_lines("embed-lines", embedded)
    outputs.run(*embed, "--texts", folder / "words", "-o", folder / "v.npy")
    rows = outputs.parsed("rows", (folder / "v.npy.rows.jsonl").read_bytes())
    outputs.expect("rows", [row["text"] for row in rows], words)
    (skipped,) = outputs.run(*embed, "--images", folder / "paths", "--json")
    outputs.expect("embed --json", [item["input"] for item in skipped["skipped"]], paths)
    classify = ["classify", "-m", bundle, "--top", len(words)]
    for option in "--lines", "--json":
        (result,) = outputs.run(*classify, IMAGE, "--labels", folder / "words", option)
        labels = (result["images"][0] if "images" in result else result)["labels"]
        outputs.expect(f"labels {option}", sorted(label["label"] for label in labels), sorted(words))
    lines = outputs.run(*classify, "--images", folder / "paths", "--label", "a", "--label", "b", "--lines")
    outputs.expect_lines("classify-lines", lines)
    outputs.expect("classify --lines", [line["path"] for line in lines], paths)
    (folder / "model.safetensors").write_bytes(safetensors(paths))
    for command in ["inspect", "--tensors"], ["convert", "-o", folder / "n.pclip"], ["export", "--to", "safetensors", "-o", folder / "e"]:
        outputs.run(command[0], folder / "model.safetensors", *command[1:], "--json")
    mini = ROOT / "Fixtures/minis/mini-vit.pt"
    outputs.run("diff", mini, folder / "model.safetensors", "--json")
    outputs.run("diff", mini, bundle, "--json")
    outputs.run("diagnose", mini, "--embeddings", folder / "v.npy", "--texts", folder / "words", "--json")
    outputs.run(
        "verify", bundle, "--against", mini, "--image", IMAGE, "--images", folder / "paths", "--labels", folder / "words",
        "--json")
    for text in "\x7f", "\x9b2J", "\u202e", "\U0010ffff", "\"\\":
        outputs.run("verify", f"/no/{text}", "--json")


def main():
    with tempfile.TemporaryDirectory() as folder:
        outputs = Outputs(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(folder))
        bundle = outputs.folder / "m.pclip"
        outputs.run("convert", ROOT / "Fixtures/minis/mini-vit.pt", "-o", bundle, "--no-measure", "--json")
        check(outputs, bundle)
    for complaint in outputs.complaints:
        print(complaint, file=sys.stderr)
    print(f"{outputs.count} JSON objects of every Unicode scalar")
    return 1 if outputs.complaints else 0


if __name__ == "__main__":
    sys.exit(main())
