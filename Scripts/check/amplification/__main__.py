"""usage: python3 -m amplification FOLDER: writes each case to FOLDER/GROUP/NAME, a file or a folder."""

import pathlib
import sys

from amplification import cases


def write(target, content):
    target.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        target.write_bytes(content)
    elif isinstance(content, str):
        target.symlink_to(content)
    else:
        for name, part in content.items():
            write(target / name, part)


for group, name, make in cases():
    write(pathlib.Path(sys.argv[1]) / group / name, make())
