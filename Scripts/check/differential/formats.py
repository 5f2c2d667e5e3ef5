"""The formats that are compared: their valid files, their mutations, and the library to compare with."""

import pathlib
import sys
import zipfile

import mutations
import mutations_hdf5
import mutations_text
import mutations_zip
import seeds
import seeds_hdf5

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parents[2] / "Fixtures"


class Format:
    """A format with a Python library to compare with. Its seeds are the library's own files and those of the corpus."""

    def __init__(self, name, written, ending, mutate=mutations.mutate):
        self.name = name
        self.written = written()
        self.ending = ending
        self.mutate = mutate

    def judge(self, _):
        return [sys.executable, str(HERE / "judge.py"), self.name]

    def sound(self):
        """Every fixture with the format's extension, every file of its corpus, the seeds."""
        corpus = FIXTURES / "corpus" / self.name
        for label, path in fixtures():
            if path.parent == corpus or path.suffix == self.ending and path.stat().st_size <= LARGEST:
                yield label, path.read_bytes()
        yield from ((f"seed {index}", content) for index, content in enumerate(self.written))

    def mutator(self):
        corpus = FIXTURES / "corpus" / self.name
        all_seeds = self.written + [path.read_bytes() for path in sorted(corpus.iterdir())]
        return lambda rng: self.mutate(rng, rng.choice(all_seeds))


class HDF5:
    """Compared with libhdf5, in a separate program."""

    name = "hdf5"

    def __init__(self):
        self.written = seeds_hdf5.seeds()

    def judge(self, arguments):
        return [arguments.judge_hdf5]

    def sound(self):
        """Every HDF5 file of the fixtures, those in Keras's archives included, every file of the corpus, the seeds."""
        for label, path in fixtures():
            content = path.read_bytes()
            if mutations_hdf5.SIGNATURE in content[:2056] or "corpus" in path.parts:
                yield label, content
            if content[:2] == b"PK":
                yield from members(path, label)
        yield from self.written.items()

    def mutator(self):
        corpus = [path.read_bytes() for path in sorted((FIXTURES / "corpus/hdf5").iterdir())]
        all_seeds = [mutations_hdf5.Seed(content) for content in [*self.written.values(), *corpus]]
        return lambda rng: mutations_hdf5.mutate(rng, rng.choice(all_seeds))


def fixtures():
    for path in sorted(FIXTURES.rglob("*")):
        if path.is_file() and path.suffix not in (".json", ".py", ".pyc", ".md"):
            yield str(path.relative_to(FIXTURES)), path


def members(path, label):
    """The HDF5 files in a zip."""
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith(".h5"):
                    yield f"{label}:{name}", archive.read(name)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, RuntimeError):
        pass  # a malformed zip is another format's fixture


# Larger fixtures are full models, which other tests compare.
LARGEST = 1 << 21
BY_NAME = {
    "hdf5": HDF5,
    "safetensors": lambda: Format("safetensors", seeds.safetensors, ".safetensors", mutations_text.mutate),
    "gguf": lambda: Format("gguf", seeds.gguf, ".gguf"),
    "npz": lambda: Format("npz", seeds.npz, ".npz", mutations_zip.mutate),
    "onnx": lambda: Format("onnx", seeds.onnx, ".onnx"),
    "pytorch-zip": lambda: Format("pytorch-zip", seeds.pytorch_zip, ".pt", mutations_zip.mutate),
    "pytorch-legacy": lambda: Format("pytorch-legacy", seeds.pytorch_legacy, ".pt"),
    "flax-msgpack": lambda: Format("flax-msgpack", seeds.flax, ".msgpack"),
}
