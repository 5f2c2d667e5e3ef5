"""Runs one page's blocks as one shell session in a fresh folder, as if a reader typed them."""

import os
import pathlib
import shlex
import subprocess
import tempfile
import textwrap

from blocks import commands

MARK = "\x1f"  # Precedes the position of each command in the session's output.


class Session:
    def __init__(self, page, stand_ins, pocketclip, tools):
        self.page = page
        self.pocketclip = pocketclip
        self.tools = tools  # A folder, put before PATH.
        self.has_home = any(name.startswith("~/") for name in stand_ins)
        self.own = tempfile.TemporaryDirectory(prefix="pocketclip-docs-")
        self.folder, self.home, self.files = (pathlib.Path(self.own.name) / name for name in ["page", "home", "files"])
        for folder in [self.folder, self.home, self.files]:
            folder.mkdir()
        for name, make in stand_ins.items():
            target = self.home / name[2:] if name.startswith("~/") else self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            make(target, pocketclip)
        # Not `set -e`, which continues after a failed `a` in `a && b`.
        self.script = [f"at() {{ printf '{MARK}%s\\n' \"$1\"; }}",
                       'ended() { got=$?; [ $got = $1 ] || { echo "status $got, expected $1"; exit 1; }; }']
        self.count = 0

    def add_commands(self, block, status):
        """Every command of a `sh` block; `status` returns the expected exit status of a command."""
        for line, command in commands(block):
            self._add(f"{block.page}:{line}: {command.strip()}", command, status(command))

    def add_console(self, block):
        """A `console` block: lines that begin with `$ ` are commands; the others are the expected output, errors
        included."""
        typed = [line[2:] for line in block.text.splitlines() if line.startswith("$ ")]
        printed = [line for line in block.text.splitlines() if not line.startswith("$ ")]
        script, expected = self._file("console.sh", "\n".join(typed)), self._file("expected", "\n".join(printed) + "\n")
        self._add(f"{block.place}: {typed[0] if typed else 'nothing is typed'}",
                  f"sh {script} >{expected}.found 2>&1; diff -u {expected} {expected}.found")

    def add_program(self, block, program):
        """A block that becomes a file of the folder. It is run here if the page does not run it."""
        text = program.before + textwrap.indent(block.text, program.indent) + program.after
        place = f"{block.place}: {program.file}"
        self._add(place, f"cp {self._file(program.file, text)} {program.file}")
        if program.runner:
            self._add(place, f"{program.runner} {program.file}")

    def run(self):
        """Runs the added commands once, and removes the folder. Returns the failure, or None."""
        with self.own:
            return self._failure() if self.count else None

    def _failure(self):
        # A file, not standard input: commands may read that.
        script = self._file("session.sh", "\n".join(self.script))
        done = subprocess.run(["bash", "-o", "pipefail", script], cwd=self.folder, env=self._environment(),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace")
        if done.returncode == 0:
            return None
        return done.stdout.rsplit(MARK, 1)[-1].rstrip()

    def _add(self, place, command, status=0):
        self.script += [f"at {shlex.quote(place)}", command, f"ended {status}"]
        self.count += 1

    def _file(self, name, text):
        path = self.files / f"{len(list(self.files.iterdir()))}-{name}"
        path.write_text(text)
        return path

    def _environment(self):
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith(("HF_", "XDG_", "PCLIP_", "POCKETCLIP_", "PYTHON", "MAKE", "MFLAGS"))}
        # Otherwise the user's own home: Swift keeps its packages there, pip its wheels.
        home = {"HOME": str(self.home)} if self.has_home else {}
        return {**kept, **home, "PATH": f"{self.tools}{os.pathsep}{os.environ['PATH']}"}
