"""The nine official checkpoints. Names and SHA-256 come from the Swift catalogue, by which `convert` recognises
them."""

import dataclasses
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[3]
CATALOGUE = ROOT / "Sources/Checkpoints/Detection/OfficialFiles.swift"
BASE_URL = "https://openaipublic.azureedge.net/clip/models"  # `_MODELS` in clip/clip.py of openai/CLIP


@dataclasses.dataclass(frozen=True)
class OfficialModel:
    name: str
    sha256: str

    @property
    def file(self):
        return re.sub("[^A-Za-z0-9.]+", "-", self.name) + ".pt"

    def url(self, base):
        return f"{base}/{self.sha256}/{self.file}"

    @property
    def may_refuse_int8(self):
        """Calibrated int8 of the ResNets beyond RN50 may miss their bounds (docs/fidelity.md)."""
        return self.name.startswith("RN") and self.name != "RN50"


def read(path=CATALOGUE):
    rows = re.findall(r'architectureName: "([^"]+)",\s*sha256: "([0-9a-f]{64})"', pathlib.Path(path).read_text())
    return [OfficialModel(name, sha256) for name, sha256 in rows]


def choose(models, names):
    """Those of `names`, in the catalogue's order; all if there are none."""
    unknown = set(names) - {model.name for model in models}
    if unknown:
        known = ", ".join(f'"{model.name}"' for model in models)
        raise SystemExit(f"official.sh: --only {sorted(unknown)[0]}: not one of {known}")
    return [model for model in models if model.name in names or not names]
