"""Changes of HDF5's own fields: sizes, counts, addresses, versions and flags, with the checksums corrected afterwards.

Structures are found by their signatures and, for headers of version 1, by their form. Their content need not be right,
because a wrong guess only changes other bytes.
"""

import pathlib
import sys

import mutations

# At the end: the folder has a msgpack.py of its own.
sys.path.append(str(pathlib.Path(__file__).resolve().parents[3] / "Fixtures/malformed"))
from hdf5_builder import SIGNATURE, lookup3  # noqa: E402

PLAIN = (b"TREE", b"SNOD", b"HEAP", b"GCOL")
SUMMED = (b"OHDR", b"OCHK", b"FRHP", b"FHDB", b"FHIB", b"BTHD", b"BTLF", b"BTIN", b"EAHD", b"EAIB", b"EADB", b"EASB",
          b"FAHD", b"FADB", b"FSHD", b"FSSE", b"SMTB", b"SMLI")
# The longest structure whose end is searched for.
LONGEST = 700
# Messages whose bytes define a dataset: space, type, fill values, link, layout, filters, attribute.
TELLING = {1, 2, 3, 4, 5, 6, 8, 0x0B, 0x0C, 0x10, 0x11}


class Seed:
    """A valid file, the offsets of its fields, and the ranges with checksums."""

    def __init__(self, data):
        self.data = bytearray(data)
        self.sums = []
        self.fields = []
        self.messages = []
        start = next((at for at in (0, 512, 1024, 2048) if data[at:at + 8] == SIGNATURE), 0)
        self._superblock(start)
        for signature in PLAIN:
            for at in occurrences(data, signature):
                self._block(at, 96)
        for signature in SUMMED:
            for at in occurrences(data, signature):
                self._summed(at)
        for at in range(start, len(data) - 24, 8):
            self._classic_header(at)

    def _superblock(self, start):
        if self.data[start + 8:start + 9] in (b"\x02", b"\x03"):
            self.sums.append((start, start + 44))
        self._block(start + 8, 40)

    def _block(self, start, length):
        end = min(start + length, len(self.data))
        self.fields += [(at, width) for width in (1, 2, 4, 8) for at in range(start, end - width + 1, width)]

    def _summed(self, start):
        for end in range(start + 8, min(start + LONGEST, len(self.data) - 3)):
            if lookup3(self.data[start:end]).to_bytes(4, "little") == self.data[end:end + 4]:
                self.sums.append((start, end))
                self._block(start, min(end - start, 64))
                if self.data[start:start + 4] == b"OHDR":
                    self._stop_clock(start, end)
                    self._new_messages(start, end)
                elif self.data[start:start + 4] == b"OCHK":
                    self._messages(start + 4, end, 4)
                return

    def _stop_clock(self, start, end):
        """Headers of version 2 state when they were written; a mutated file must depend only on its number."""
        if self.data[start + 5] & 0x20:
            self.data[start + 6:start + 22] = bytes(16)
            self.data[end:end + 4] = lookup3(bytes(self.data[start:end])).to_bytes(4, "little")

    def _new_messages(self, start, end):
        flags = self.data[start + 5]
        first = start + 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0) + (1 << (flags & 3))
        self._messages(first, end, 6 if flags & 4 else 4)

    def _classic_header(self, start):
        version, _, count, references, size = (
            self.data[start], self.data[start + 1], int.from_bytes(self.data[start + 2:start + 4], "little"),
            int.from_bytes(self.data[start + 4:start + 8], "little"),
            int.from_bytes(self.data[start + 8:start + 12], "little"))
        looks_right = version == 1 and 0 < count < 64 and 0 < references < 16 and 8 * count <= size < 4096
        if looks_right and self.data[start + 1] == 0 and self.data[start + 16] < 0x18 and size % 8 == 0:
            self.fields += [(start + 2, 2), (start + 4, 4), (start + 8, 4)]
            self._messages(start + 16, min(start + 16 + size, len(self.data)), 8)

    def _messages(self, at, end, prefix):
        while at + prefix <= end:
            kind = self.data[at]
            size = int.from_bytes(self.data[at + (2 if prefix == 8 else 1):][:2], "little")
            body = at + prefix
            self.fields += [(at, 1), (at + (2 if prefix == 8 else 1), 2), (at + (4 if prefix == 8 else 3), 1)]
            if kind in TELLING and body + size <= end:
                self.messages.append((kind, body, size))
            at = body + size


def occurrences(data, signature):
    at = data.find(signature)
    while at >= 0:
        yield at
        at = data.find(signature, at + 1)


def change_field(rng, seed, data):
    at, width = rng.choice(seed.fields)
    mutations.changed_number(rng, data, at, width)


def change_message(rng, seed, data):
    _, body, size = rng.choice(seed.messages)
    width = rng.choice((1, 1, 2, 4, 8))
    if size >= width:
        mutations.changed_number(rng, data, body + rng.randrange(size - width + 1), width)


def exchange_messages(rng, seed, data):
    """The body of another message of the same kind and size, or of any kind if there is none."""
    kind, body, size = rng.choice(seed.messages)
    others = [other for other in seed.messages if other[0] == kind and other[1] != body] or seed.messages
    _, source, length = rng.choice(others)
    count = min(size, length)
    data[body:body + count] = seed.data[source:source + count]


def exchange_fields(rng, seed, data):
    (first, width), (second, _) = rng.choice(seed.fields), rng.choice(seed.fields)
    data[first:first + width] = seed.data[second:second + width].ljust(width, b"\0")


def correct_sums(seed, data):
    for start, end in seed.sums:
        if data[start:end] != seed.data[start:end]:
            data[end:end + 4] = lookup3(bytes(data[start:end])).to_bytes(4, "little")


def mutate(rng, seed):
    """One more file from a seed; one in five gets only changes for any format."""
    if not rng.randrange(5):
        return mutations.mutate(rng, seed.data)
    data = bytearray(seed.data)
    kinds = [change_field, change_message, change_message, exchange_messages, exchange_fields]
    for _ in range(mutations.times(rng)):
        kind = rng.choice(kinds)
        if seed.messages or kind in (change_field, exchange_fields):
            kind(rng, seed, data)
        else:
            rng.choice(mutations.SAME_LENGTH)(rng, data)
    correct_sums(seed, data)
    return bytes(data)
