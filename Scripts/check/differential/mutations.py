"""Changes of bytes for any format, from a random generator with the caller's seed."""

INTERESTING = (0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 0x7FFF, 0x8000, 0xFFFF,
               0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF)
WIDTHS = (1, 1, 2, 4, 8)


def changed_number(rng, data, at, width, order="little"):
    """Sets a number of `width` bytes to a value that parsers often mishandle."""
    old = int.from_bytes(data[at:at + width], order)
    choice = rng.randrange(6)
    if choice == 0:
        new = old + rng.choice((-1, 1))
    elif choice == 1:
        new = old ^ (1 << rng.randrange(8 * width))
    elif choice == 2:
        new = rng.choice(INTERESTING)
    elif choice == 3:
        new = old * 2 if rng.randrange(2) else old // 2
    elif choice == 4:
        new = old + rng.randrange(-64, 65)
    else:
        new = rng.randrange(256) if rng.randrange(2) else len(data) + rng.randrange(-16, 17)
    data[at:at + width] = (new & ((1 << (8 * width)) - 1)).to_bytes(width, order)


def flip(rng, data):
    at = rng.randrange(len(data))
    data[at] ^= 1 << rng.randrange(8)


def random_byte(rng, data):
    data[rng.randrange(len(data))] = rng.randrange(256)


def number(rng, data):
    width = rng.choice(WIDTHS)
    if len(data) >= width:
        changed_number(rng, data, rng.randrange(len(data) - width + 1), width, rng.choice(("little", "little", "big")))


def copy_block(rng, data):
    length = rng.choice((1, 2, 4, 8, 16, 24, 40, 64))
    if len(data) > length:
        source, target = rng.randrange(len(data) - length), rng.randrange(len(data) - length)
        data[target:target + length] = data[source:source + length]


def truncate(rng, data):
    del data[rng.randrange(len(data)):]


def remove(rng, data):
    at = rng.randrange(len(data))
    del data[at:at + rng.choice((1, 1, 2, 4, 8, 32))]


def insert(rng, data):
    at = rng.randrange(len(data) + 1)
    source = rng.randrange(len(data))
    data[at:at] = data[source:source + rng.choice((1, 1, 2, 4, 8, 32))]


SAME_LENGTH = (flip, flip, flip, random_byte, number, number, number, copy_block)
ANY = SAME_LENGTH * 2 + (truncate, remove, insert)


def times(rng):
    """The number of changes of one file: mostly one."""
    return rng.choice((1, 1, 1, 1, 1, 2, 2, 3, 4))


def mutate(rng, data, kinds=ANY):
    data = bytearray(data)
    for _ in range(times(rng)):
        if data:
            rng.choice(kinds)(rng, data)
    return bytes(data)
