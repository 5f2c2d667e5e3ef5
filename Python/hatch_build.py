"""Puts libpocketclip.so into the wheel and names the oldest glibc and the machine that can load it in the tag."""

import os
import platform
import re

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):
    def initialize(self, version, build_data):
        """The library is `make runtime`'s, or what POCKETCLIP_LIBRARY names."""
        built = os.path.join(self.root, "..", "dist", "lib", "libpocketclip.so")
        library = os.environ.get("POCKETCLIP_LIBRARY") or built
        if not os.path.isfile(library):
            raise FileNotFoundError(f"{library}: build it first with `make runtime`")
        with open(library, "rb") as file:
            versions = re.findall(rb"GLIBC_(\d+)\.(\d+)", file.read())
        major, minor = max((int(major), int(minor)) for major, minor in versions)
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-manylinux_{major}_{minor}_{platform.machine()}"
        build_data["force_include"][library] = "pocketclip/libpocketclip.so"
