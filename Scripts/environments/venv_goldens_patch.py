"""Two repairs that Scripts/environments/venv-goldens.sh makes to the packages it has just installed.

1. torchvision's wheel is the CUDA build. With a CPU torch its C++ operators cannot load, and its import then
   fails while it registers a fake for `torchvision::nms`. Nothing in CLIP's preprocessing uses an operator, so
   a start-up file declares the operator before torchvision asks for it.
2. clip-anytorch imports `pkg_resources` for `packaging.version` alone; current setuptools has no such module.
"""

import pathlib
import site

DECLARE_NMS = '''\
"""Declares torchvision's operators for a torch that cannot load them.

Made by Scripts/environments/venv_goldens_patch.py."""
import torch

_library = torch.library.Library("torchvision", "DEF")
_library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")

_register_fake = torch.library.register_fake


def _tolerant(op, func=None, /, **options):
    """register_fake that leaves out operators this torch does not have."""

    def register(fake):
        try:
            return _register_fake(op, fake, **options)
        except RuntimeError:
            return fake

    return register if func is None else register(func)


torch.library.register_fake = _tolerant
'''


def site_packages() -> pathlib.Path:
    return pathlib.Path(site.getsitepackages()[0])


def declare_torchvision_operators(packages: pathlib.Path) -> None:
    (packages / "declare_torchvision_operators.py").write_text(DECLARE_NMS)
    package = packages / "torchvision" / "__init__.py"
    source = package.read_text()
    line = "import declare_torchvision_operators\n"
    if line not in source:
        replace(package, line + source)


def drop_pkg_resources(packages: pathlib.Path) -> None:
    module = packages / "clip" / "clip.py"
    source = module.read_text().replace("from pkg_resources import packaging", "import packaging.version")
    replace(module, source)


def replace(module: pathlib.Path, source: str) -> None:
    """A file of the same size and second would let Python keep the stale bytecode."""
    module.write_text(source)
    for stale in module.parent.glob(f"__pycache__/{module.stem}.*.pyc"):
        stale.unlink()


if __name__ == "__main__":
    declare_torchvision_operators(site_packages())
    drop_pkg_resources(site_packages())
