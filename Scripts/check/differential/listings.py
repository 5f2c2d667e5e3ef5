"""Runs a listing program over many files and reads its lines: T a tensor, I a name that is not passed on, L a link that
is not followed, E the outcome."""

import dataclasses
import os
import subprocess
import tempfile


@dataclasses.dataclass
class Tensor:
    dtype: str
    shape: str
    # Of the stored bytes, and of the values as FP32; "-" if a program does not print it.
    stored: str
    floats: str


@dataclasses.dataclass
class Listing:
    tensors: dict = dataclasses.field(default_factory=dict)
    ignored: set = dataclasses.field(default_factory=set)
    links: set = dataclasses.field(default_factory=set)
    repeated: set = dataclasses.field(default_factory=set)
    outcome: str = "crashed"
    reason: str = ""
    # The name of the object that is refused, if a program prints it.
    place: str = ""

    @property
    def accepted(self):
        return self.outcome == "accepted"


class Run:
    """A program that is reading a pack of files. One that ends early is started again after the file that ended it."""

    def __init__(self, command, files, seconds=600):
        self.command = command
        self.files = files
        self.seconds = seconds
        self.start()

    def start(self):
        self.pack = tempfile.NamedTemporaryFile(prefix="differential-", suffix=".pack")
        for content in self.files:
            self.pack.write(len(content).to_bytes(4, "little") + content)
        self.pack.flush()
        self.output = tempfile.TemporaryFile()
        environment = dict(os.environ, SWIFT_BACKTRACE="enable=no")
        self.process = subprocess.Popen(
            [*self.command, self.pack.name], stdout=self.output, stderr=subprocess.DEVNULL, env=environment)

    def finish(self):
        """A listing for each file, in their order."""
        try:
            status = self.process.wait(self.seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        self.output.seek(0)
        listings = parse(self.output.read().decode(errors="replace"))
        self.pack.close()
        self.output.close()
        if len(listings) == len(self.files) and status == 0:
            return listings
        if not listings:
            raise SystemExit(f"{self.command[0]} ended with status {status} before the first file")
        listings[-1].outcome = "crashed"
        listings[-1].reason = f"status {status}"
        rest = self.files[len(listings):]
        return listings + (Run(self.command, rest, self.seconds).finish() if rest else [])


def parse(text):
    listings = []
    for line in text.splitlines():
        kind, *fields = line.split("\t")
        if kind == "F":
            listings.append(Listing())
            continue
        listing = listings[-1]
        if kind == "T":
            if fields[0] in listing.tensors:
                listing.repeated.add(fields[0])
            listing.tensors[fields[0]] = Tensor(*fields[1:5])
        elif kind == "I":
            listing.ignored.add(fields[0])
        elif kind == "L":
            listing.links.add(fields[0])
        elif kind == "E":
            listing.outcome, listing.reason, listing.place = (fields + ["", ""])[:3]
    return listings
