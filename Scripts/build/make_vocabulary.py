#!/usr/bin/env python3
"""Writes OpenAI's byte-pair merges as the bytes of a bundle's `tokenizer.merges` tensor.

    python3 Scripts/build/make_vocabulary.py path/to/clip/bpe_simple_vocab_16e6.txt.gz

The input ships inside OpenAI's `clip` package (clip-anytorch 2.6.0 on PyPI) and inside open_clip; its SHA-256
is checked. The output, Sources/CVocabulary/openai-merges.u16, is U16 little-endian [48896, 2]: row i holds the
ids of the left and right token whose union has id 512 + i, and the last two rows are filler (0xFFFF).
"""

import gzip
import hashlib
import pathlib
import struct
import sys

VOCABULARY_SHA256 = "924691ac288e54409236115652ad4aa250f48203de50a9e4722a6ecd48d6804a"
MERGE_COUNT = 49152 - 256 - 2  # the slice OpenAI's SimpleTokenizer takes after the header line
ROW_COUNT = 48896  # MERGE_COUNT padded to a multiple of 16 rows
FILLER = 0xFFFF
OUTPUT = pathlib.Path(__file__).resolve().parents[2] / "Sources/CVocabulary/openai-merges.u16"


def byte_characters():
    """The 256 characters that stand for bytes in the vocabulary file, in order of token id."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(byte) for byte in printable] + [chr(256 + rank) for rank in range(len(others))]


def merge_pairs(compressed):
    lines = gzip.decompress(compressed).decode("utf-8").split("\n")[1 : MERGE_COUNT + 1]
    characters = byte_characters()
    tokens = characters + [character + "</w>" for character in characters]
    ids = {token: index for index, token in enumerate(tokens)}
    pairs = []
    for line in lines:
        left, right = line.split()
        union = left + right
        if union in ids:
            raise SystemExit(f"{union!r} is made by two merges: token ids would not be unique")
        pairs.append((ids[left], ids[right]))
        ids[union] = 512 + len(pairs) - 1
    return pairs


def main():
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    compressed = pathlib.Path(sys.argv[1]).read_bytes()
    found = hashlib.sha256(compressed).hexdigest()
    if found != VOCABULARY_SHA256:
        raise SystemExit(f"{sys.argv[1]}: expected SHA-256 {VOCABULARY_SHA256}, found {found}")
    pairs = merge_pairs(compressed)
    rows = pairs + [(FILLER, FILLER)] * (ROW_COUNT - len(pairs))
    OUTPUT.write_bytes(b"".join(struct.pack("<HH", left, right) for left, right in rows))
    print(f"{OUTPUT.name}: {len(pairs)} merges in {ROW_COUNT} rows, {OUTPUT.stat().st_size} bytes")


if __name__ == "__main__":
    main()
