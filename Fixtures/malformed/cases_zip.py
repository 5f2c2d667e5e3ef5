"""Archives with wrong fields: one broken rule each."""

from builders import Member, Pickle, floats, local_header, torch_members, zip_bytes

STATE = Pickle.file(Pickle.dictionary([
    ("visual.proj", Pickle.tensor("0", [2, 3])), ("logit_scale", Pickle.tensor("1", [])),
]))
STORAGES = {"0": floats(6), "1": floats(1)}


def members():
    return torch_members(STATE, STORAGES)


def case(error, content, offset=None, places=(), **more):
    return {"error": error, "content": content, "offset": offset, "places": list(places), **more}


def with_member(extra, error):
    """One more member, whose directory entry is wrong."""
    content = zip_bytes([*members(), extra])[0]
    return case(error, content, offset=content.rindex(b"PK\x01\x02"))


def member(name):
    return f"member {name}"


VALID, OFFSETS = zip_bytes(members())
DIRECTORY = VALID.index(b"PK\x01\x02")
END = VALID.index(b"PK\x05\x06")


def header_of(name):
    return OFFSETS[name] - 30 - len(name)


def replaced(name, **options):
    """The valid archive with one member's fields changed."""
    changed = [Member(m.name, m.plain, **options) if m.name.decode() == name else m for m in members()]
    return zip_bytes(changed)[0]


def directory_entry(content, name):
    return content.rindex(b"PK\x01\x02", 0, content.rindex(name.encode()))


def overlapping():
    """A member inside the data of another, including its header."""
    inner = Member("inner", b"12345678")
    outer = Member("archive/outer", local_header(inner) + inner.plain)
    start = zip_bytes([*members(), outer])[1]["archive/outer"]
    ghost = Member("inner", b"12345678", directory_offset=start, is_ghost=True)
    return zip_bytes([*members(), outer, ghost])[0], start


OVERLAP, OVERLAP_OFFSET = overlapping()


def bomb():
    """Four megabytes of zeros: a thousand times their compressed size."""
    pickle, _, *rest = members()
    return zip_bytes([pickle, Member("archive/data/0", bytes(4 << 20), method=8), *rest])[0]


BOMB = bomb()


def shared_deflate(tensor):
    """Two tensors of six elements in one storage of 900 kB: each may inflate it again."""
    pickle, *rest = torch_members(Pickle.file(Pickle.dictionary([("visual.a", tensor), ("visual.b", tensor)])), {})
    return zip_bytes([pickle, Member("archive/data/0", bytes(900_000), method=8), *rest])[0]


FLOAT8 = Pickle.call(
    "torch._utils", "_rebuild_tensor_v3", Pickle.storage("UntypedStorage", "0", 900_000, module="torch.storage"),
    Pickle.integer(6), Pickle.tuple(Pickle.integer(2), Pickle.integer(3)), Pickle.tuple(Pickle.integer(3), Pickle.integer(1)),
    Pickle.FALSE, Pickle.NONE, Pickle.name("torch", "float8_e4m3fn"))


def damaged_deflate():
    """A flipped byte in the middle of a compressed pickle."""
    content, offsets = zip_bytes(torch_members(STATE, STORAGES, method=8))
    place = offsets["archive/data.pkl"] + 20
    return content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1:]


def short_deflate():
    """The directory states one byte more than the stream holds."""
    pickle = Member("archive/data.pkl", STATE, method=8)
    compressed, plain = pickle.sizes()
    pickle.directory_sizes = pickle.local_sizes = (compressed, plain + 1)
    return zip_bytes([pickle, *members()[1:]])[0]


def zip64(error, at, field, width, value, blame):
    """One field of the ZIP64 record or its locator, `at`, has another value; the classic record is valid."""
    content = zip_bytes(members(), zip64_count=len(members()))[0]
    start = content.index(at) + field
    changed = content[:start] + value.to_bytes(width, "little") + content[start + width:]
    return case(error, changed, offset=changed.index(blame))


RECORD, LOCATOR = b"PK\x06\x06", b"PK\x06\x07"


CASES = {
    "truncated.pt": case("truncatedFile", VALID[:len(VALID) // 2], offset=len(VALID) // 2),
    "without-end-record.pt": case("truncatedFile", VALID[:END], offset=END),
    "bytes-after-the-end.pt": case("truncatedFile", VALID + b"\n", offset=len(VALID) + 1),
    "halves-swapped.pt": case("unknownFormat", VALID[END - 40:END + 8] + VALID[:END - 40]),
    "several-disks.pt": case("zipMultipleDisks", zip_bytes(members(), disk=1)[0], offset=END),
    "zip64-disagrees.pt": case("zipBadEndRecord", zip_bytes(members(), zip64_count=9)[0], offset=END),
    "zip64-record-missing.pt": case(
        "zipBadEndRecord", VALID[:END] + b"PK\x06\x07" + bytes(16) + VALID[END:], offset=END),
    "zip64-record-too-short.pt": zip64("zipBadEndRecord", RECORD, 4, 8, 43, RECORD),
    "zip64-of-several-disks.pt": zip64("zipMultipleDisks", RECORD, 16, 4, 1, RECORD),
    "zip64-directory-on-another-disk.pt": zip64("zipMultipleDisks", RECORD, 20, 4, 1, RECORD),
    "zip64-members-on-other-disks.pt": zip64("zipBadEndRecord", RECORD, 24, 8, 1, RECORD),
    "zip64-locator-of-another-disk.pt": zip64("zipMultipleDisks", LOCATOR, 4, 4, 1, LOCATOR),
    "zip64-locator-of-two-disks.pt": zip64("zipMultipleDisks", LOCATOR, 16, 4, 2, LOCATOR),
    "zip64-locator-elsewhere.pt": zip64("zipBadEndRecord", LOCATOR, 8, 8, 1 << 22, LOCATOR),
    "directory-count-too-high.pt": case(
        "zipBadCentralDirectory", zip_bytes(members(), count=5)[0], offset=END),
    "directory-count-beyond-room.pt": case(
        "zipBadCentralDirectory", zip_bytes(members(), count=60000)[0], offset=DIRECTORY),
    "directory-count-too-low.pt": case(
        "zipBadCentralDirectory", zip_bytes(members(), count=3)[0],
        offset=directory_entry(VALID, "archive/version")),
    "directory-offset-beyond-file.pt": case(
        "zipBadCentralDirectory", zip_bytes(members(), directory_shift=1 << 20)[0], offset=END),
    "directory-header-damaged.pt": case(
        "zipBadCentralDirectory", VALID[:DIRECTORY] + b"XX" + VALID[DIRECTORY + 2:], offset=DIRECTORY),
    "local-name-differs.pt": case(
        "zipLocalHeaderMismatch", replaced("archive/data/0", local_name="archive/data/7"),
        offset=header_of("archive/data/0"), places=[member("archive/data/0")]),
    "local-sizes-differ.pt": case(
        "zipLocalHeaderMismatch", replaced("archive/data/0", local_sizes=(20, 20)),
        offset=header_of("archive/data/0"), places=[member("archive/data/0")]),
    "local-method-differs.pt": case(
        "zipLocalHeaderMismatch", replaced("archive/data/0", local_method=8),
        offset=header_of("archive/data/0"), places=[member("archive/data/0")]),
    "local-header-missing.pt": case(
        "zipLocalHeaderMismatch", replaced("archive/data/0", directory_offset=5), offset=5,
        places=[member("archive/data/0")]),
    "local-header-outside-file.pt": case(
        "zipMemberOutOfRange", replaced("archive/data/0", directory_offset=1 << 30),
        offset=directory_entry(VALID, "archive/data/0"), places=[member("archive/data/0")]),
    "data-beyond-directory.pt": case(
        "zipMemberOutOfRange",
        replaced("archive/version", directory_sizes=(5000, 5000), local_sizes=(5000, 5000)),
        offset=OFFSETS["archive/version"], places=[member("archive/version")]),
    "members-overlap.pt": case(
        "zipMembersOverlap", OVERLAP, offset=OVERLAP_OFFSET, places=[member("inner")]),
    "duplicate-name.pt": with_member(Member("archive/data/0", floats(6)), "zipDuplicateName"),
    "climbing-name.pt": with_member(Member("archive/../../etc/passwd", b""), "zipUnsafeName"),
    "absolute-name.pt": with_member(Member("/etc/passwd", b""), "zipUnsafeName"),
    "backslash-name.pt": with_member(Member("archive\\data\\9", b""), "zipUnsafeName"),
    "drive-name.pt": with_member(Member("C:archive", b""), "zipUnsafeName"),
    "name-not-utf8.pt": with_member(Member(b"archive/\xff\xfe", b""), "zipUnsafeName"),
    "encrypted.pt": case(
        "zipEncrypted", replaced("archive/data/0", flags=1), offset=directory_entry(VALID, "archive/data/0"),
        places=[member("archive/data/0")]),
    "patch.pt": case(
        "zipUnsupportedMethod", replaced("archive/data/0", flags=0x20),
        offset=directory_entry(VALID, "archive/data/0"), places=[member("archive/data/0")]),
    "method-bzip2.pt": case(
        "zipUnsupportedMethod", replaced("archive/data/0", method=12),
        offset=directory_entry(VALID, "archive/data/0"), places=[member("archive/data/0")]),
    "stored-sizes-differ.pt": case(
        "zipSizeMismatch", replaced("archive/data/0", directory_sizes=(24, 48)),
        offset=directory_entry(VALID, "archive/data/0"), places=[member("archive/data/0")]),
    "deflate-damaged.pt": case(
        "zipInflateFailed", damaged_deflate(), places=[member("archive/data.pkl")]),
    "deflate-too-short.pt": case(
        "zipInflateFailed", short_deflate(), places=[member("archive/data.pkl")]),
    "bomb.pt": case(
        "zipInflationRatio", BOMB, offset=directory_entry(BOMB, "archive/data/0"),
        places=[member("archive/data/0")]),
    "shared-deflated-storage.pt": case(
        "budgetExceeded", shared_deflate(Pickle.tensor("0", [2, 3], count=225_000)), places=["tensor visual.b"]),
    "shared-deflated-float8.pt": case("budgetExceeded", shared_deflate(FLOAT8), places=["tensor visual.b"]),
    "no-members.zip": case("zipMissingMember", zip_bytes([])[0]),
    "two-counts.pt": case("zipBadEndRecord", VALID[:END + 8] + b"\x09\0" + VALID[END + 10:], END),
    "around-a-checkpoint.zip": case("checkpointInArchive", zip_bytes([Member("clip/ViT-B-32.pt", b"x")])[0]),
    "no-pickle.zip": case("zipMissingMember", zip_bytes(members()[1:])[0]),
}
