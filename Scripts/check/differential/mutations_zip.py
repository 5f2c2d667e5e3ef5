"""Changes of a zip's members, packed again with correct checksums; one file in three is changed as bytes."""

import io
import zipfile

import mutations


def mutate(rng, data):
    members = contents(data)
    if not members or not rng.randrange(3):
        return mutations.mutate(rng, data)
    # Readers interpret headers and pickles, so these come first and are chosen most often.
    names = sorted(members, key=lambda name: (not name.endswith((".pkl", ".npy")), name))
    chosen = names[0] if rng.randrange(2) else rng.choice(names)
    members[chosen] = mutations.mutate(rng, members[chosen])
    return packed(members, data[8] if len(data) > 8 else 0)


def contents(data):
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, NotImplementedError, OSError):
        return {}


def packed(members, method):
    """In the order of the original, with a fixed time, so that a file depends only on its number."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED if method == 8 else zipfile.ZIP_STORED
            archive.writestr(info, content)
    return buffer.getvalue()
