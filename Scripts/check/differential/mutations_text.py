"""Changes of the JSON header of a safetensors file, with its length corrected; one file in three is changed
as bytes."""

import re

import mutations

TOKENS = (b"null", b"true", b"-1", b"1e3", b"1.0", b"0", b"18446744073709551616", b"9223372036854775808", b"{}", b"[]",
          b'"F32"', b'"F16"', b'"BF16"', b'"BOOL"', b'"I64"', b'"U8"', b'"F4"', b"007", b"2", b"4", b"[0,0]")


def mutate(rng, data):
    length = int.from_bytes(data[:8], "little")
    if not 2 <= length <= len(data) - 8 or not rng.randrange(3):
        return mutations.mutate(rng, data)
    header, values = data[8:8 + length], data[8 + length:]
    for _ in range(mutations.times(rng)):
        tokens = list(re.finditer(rb'"[^"]*"|-?[0-9]+|[\[\]{}:,]', header))
        if not tokens:
            break
        header = rng.choice((replaced, exchanged, doubled, spaced))(rng, header, tokens)
    return len(header).to_bytes(8, "little") + header + values


def replaced(rng, header, tokens):
    token = rng.choice(tokens)
    text = token.group()
    if text.isdigit() and rng.randrange(3):
        new = str(max(0, int(text) + rng.choice((-8, -4, -2, -1, 1, 2, 4, 8)))).encode()
    else:
        new = rng.choice(TOKENS)
    return header[:token.start()] + new + header[token.end():]


def exchanged(rng, header, tokens):
    first, second = sorted((rng.choice(tokens), rng.choice(tokens)), key=lambda token: token.start())
    if first is second:
        return header
    return (header[:first.start()] + second.group() + header[first.end():second.start()] + first.group()
            + header[second.end():])


def doubled(rng, header, tokens):
    """An entry of the object a second time, or any run of tokens."""
    first, second = sorted((rng.choice(tokens).start(), rng.choice(tokens).end()))
    return header[:second] + header[first:second] + header[second:]


def spaced(rng, header, tokens):
    at = rng.choice(tokens).start()
    return header[:at] + rng.choice((b" ", b"\t", b"\n", b"\0", b"\\u0041", b"\xc3")) + header[at:]
