"""Makes the files that a page's commands name: small ones, under the names that the page uses."""

import hashlib
import json
import pathlib
import shutil
import struct
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]


def copy(source):
    """A file or folder of this repository."""
    def make(target, pocketclip):
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, target, symlinks=True)
        else:
            shutil.copyfile(ROOT / source, target)
    return make


def link(source):
    """A link to the repository's own file, which the page's commands use or write."""
    def make(target, pocketclip):
        target.symlink_to(ROOT / source)
    return make


def hub(source):
    """A folder of the repository in the layout of Hugging Face's cache: files by digest, a revision of links to
    them."""
    def make(target, pocketclip):
        revision = "0" * 40
        snapshot = target / "snapshots" / revision
        for folder in [target / "refs", target / "blobs", snapshot]:
            folder.mkdir(parents=True)
        (target / "refs" / "main").write_text(revision)
        for file in (ROOT / source).iterdir():
            digest = hashlib.sha256(file.read_bytes()).hexdigest()
            shutil.copyfile(file, target / "blobs" / digest)
            (snapshot / file.name).symlink_to(f"../../blobs/{digest}")
    return make


def written(*arguments):
    """The output of `pocketclip` with these arguments and `-o`."""
    def make(target, pocketclip):
        paths = [ROOT / word if word.startswith("Fixtures/") else word for word in arguments]
        # The page's name may have an extension that `-o` refuses.
        output = target.with_name(f"stand-in-{target.stem}")
        done = subprocess.run([pocketclip, *paths, "-o", output], capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"stand-in {target.name}: pocketclip {' '.join(arguments)}:\n{done.stderr}")
        output.rename(target)
    return make


def scaled(make_one, name):
    """A safetensors file in which value i of an FP32 tensor is multiplied by 1 + (i mod 13 − 6) / 16."""
    def make(target, pocketclip):
        make_one(target, pocketclip)
        content = bytearray(target.read_bytes())
        start = 8 + struct.unpack("<Q", content[:8])[0]
        first, end = (start + offset for offset in json.loads(content[8:start])[name]["data_offsets"])
        values = struct.unpack(f"<{(end - first) // 4}f", content[first:end])
        factors = (1 + (index % 13 - 6) / 16 for index in range(len(values)))
        content[first:end] = struct.pack(f"<{len(values)}f", *map(float.__mul__, values, factors))
        target.write_bytes(content)
    return make


def twice(make_one, first, second):
    """A safetensors file with the tensors of another one under two prefixes, as training checkpoints have them."""
    def make(target, pocketclip):
        make_one(target, pocketclip)
        content = target.read_bytes()
        start = 8 + struct.unpack("<Q", content[:8])[0]
        entries, data = json.loads(content[8:start]), content[start:]
        entries.pop("__metadata__", None)
        both = {prefix + name: {**entry, "data_offsets": [offset + shift for offset in entry["data_offsets"]]}
                for prefix, shift in [(first, 0), (second, len(data))] for name, entry in entries.items()}
        header = json.dumps(both).encode()
        target.write_bytes(struct.pack("<Q", len(header)) + header + data + data)
    return make
