"""Small HDF5 files that h5py writes: every layout, index, filter, type, link, group and attribute that a file may have,
including those that PocketCLIP's reader refuses."""

import itertools
import pathlib
import tempfile

import h5py
import ml_dtypes
import numpy as np

LIBRARIES = {"earliest": ("earliest", "earliest"), "v108": ("v108", "v108"), "latest": ("latest", "latest")}
VALUES = np.linspace(-2, 2, 24).reshape(4, 6)


def contiguous(file):
    file["model/weight"] = VALUES.astype("<f4")
    file["model/bias"] = VALUES[0].astype("<f2")
    file["scale"] = np.float32(4.6)


def big_endian(file):
    for code in ("f2", "f4", "f8", "i2", "i4", "i8", "u2", "u4", "u8"):
        file[code] = VALUES[:2, :3].astype(">" + code)


def integers(file):
    for code in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"):
        file[code] = np.arange(6).reshape(2, 3).astype("<" + code)


def custom_floats(file):
    brain = h5py.h5t.IEEE_F32LE.copy()
    brain.set_fields(15, 7, 8, 0, 7)
    brain.set_size(2)
    brain.set_ebias(127)
    space = h5py.h5s.create_simple((4,))
    values = h5py.h5d.create(file.id, b"brain", brain, space)
    values.write(h5py.h5s.ALL, h5py.h5s.ALL, VALUES[0, :4].astype("<f4"), mtype=h5py.h5t.IEEE_F32LE)
    file["opaque"] = VALUES[0, :3].astype(ml_dtypes.bfloat16).view("V2")
    file["opaque"].attrs["dtype"] = "bfloat16"


def compact(file):
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_layout(h5py.h5d.COMPACT)
    data = VALUES.astype("<f4")
    space = h5py.h5s.create_simple(data.shape)
    h5py.h5d.create(file.id, b"compact", h5py.h5t.IEEE_F32LE, space, properties).write(
        h5py.h5s.ALL, h5py.h5s.ALL, data)


def chunked(file):
    file.create_dataset("even", data=VALUES.astype("<f4"), chunks=(2, 3))
    file.create_dataset("ragged", data=VALUES.astype("<f2"), chunks=(3, 4))


def chunked_cube(file):
    file.create_dataset("cube", data=np.arange(60, dtype="<f4").reshape(3, 4, 5), chunks=(2, 3, 2))


def many_chunks(file):
    file.create_dataset("many", data=np.arange(90, dtype="<f4"), chunks=(1,))


def single_chunk(file):
    file.create_dataset("one", data=VALUES.astype("<f4"), chunks=(4, 6))
    file.create_dataset("packed", data=VALUES.astype("<f4"), chunks=(4, 6), compression="gzip", shuffle=True)


def resizable(file):
    file.create_dataset("one-axis", data=VALUES.astype("<f4"), chunks=(2, 6), maxshape=(None, 6))
    file.create_dataset("both-axes", data=VALUES.astype("<f4"), chunks=(2, 2), maxshape=(None, None))


def early_allocation(file):
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_chunk((2, 3))
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    data = VALUES.astype("<f4")
    h5py.h5d.create(file.id, b"implicit", h5py.h5t.IEEE_F32LE, h5py.h5s.create_simple(data.shape), properties).write(
        h5py.h5s.ALL, h5py.h5s.ALL, data)


def deflated(file):
    file.create_dataset("gzip", data=VALUES.astype("<f4"), chunks=(2, 6), compression="gzip")


def shuffled(file):
    file.create_dataset("shuffle", data=VALUES.astype("<f4"), chunks=(2, 6), compression="gzip", shuffle=True)
    file.create_dataset("only-shuffle", data=VALUES.astype("<f8"), chunks=(2, 6), shuffle=True)


def checked(file):
    file.create_dataset("fletcher", data=VALUES.astype("<f4"), chunks=(2, 6), fletcher32=True)
    file.create_dataset("all", data=VALUES.astype("<f2"), chunks=(3, 5), compression="gzip", shuffle=True,
                        fletcher32=True)


def other_filters(file):
    file.create_dataset("scaled", data=np.arange(24).reshape(4, 6), chunks=(2, 6), scaleoffset=0)
    file.create_dataset("lzf", data=VALUES.astype("<f4"), chunks=(2, 6), compression="lzf")


def skipped_filter(file):
    """A chunk that was stored without its filter, as writers may do if compression does not help."""
    data = file.create_dataset("skipped", (4,), dtype="<f4", chunks=(2,), compression="gzip")
    data.id.write_direct_chunk((0,), VALUES[0, :2].astype("<f4").tobytes(), filter_mask=1)
    data[2:] = VALUES[0, 2:4]


def texts(file):
    file["fixed"] = np.array([b"abc", b"de"])
    file["variable"] = "a text"
    file["weight"] = VALUES[0].astype("<f4")


def other_types(file):
    file.create_dataset("bool", data=np.array([True, False]))
    file.create_dataset("compound", data=np.zeros(2, [("a", "<f4"), ("b", "<i2")]))
    file.create_dataset("reference", (1,), dtype=h5py.ref_dtype)
    file.create_dataset("sequence", (1,), dtype=h5py.vlen_dtype(np.dtype("f4")))
    file.create_dataset("complex", data=np.zeros(2, "c8"))


def named_type(file):
    file["type"] = np.dtype("<f4")
    file.create_dataset("typed", data=VALUES.astype("<f4"), dtype=file["type"])


def hard_links(file):
    file["a/weight"] = VALUES[0].astype("<f4")
    file["b"] = file["a/weight"]


def soft_links(file):
    file["weight"] = VALUES[0].astype("<f4")
    file["soft"] = h5py.SoftLink("/weight")


def external_links(file):
    file["weight"] = VALUES[0].astype("<f4")
    file["elsewhere"] = h5py.ExternalLink("other.h5", "/weight")


def attributes(file):
    file["weight"] = VALUES[0].astype("<f4")
    for holder in (file, file["weight"]):
        holder.attrs["backend"] = "tensorflow"
        holder.attrs["fixed"] = np.bytes_(b"fixed")
        holder.attrs["numbers"] = np.arange(3)


def dense_attributes(file):
    file["weight"] = VALUES[0].astype("<f4")
    for index in range(12):
        file["weight"].attrs[f"attribute{index}"] = index


def fill_values(file):
    file.create_dataset("filled", (3, 2), dtype="<f4", fillvalue=7.0)
    file.create_dataset("partly", (4,), dtype="<f4", chunks=(2,), fillvalue=3.0)[:2] = 1
    file["weight"] = VALUES[0].astype("<f4")


def written_fill(file):
    file.create_dataset("weight", data=VALUES.astype("<f4"), fillvalue=7.0, chunks=(2, 6))


def creation_order(file):
    group = file.create_group("ordered", track_order=True)
    for name in ("z", "a", "m"):
        group.create_dataset(name, data=VALUES[0, :2].astype("<f4"))


def many_links(file):
    for index in range(20):
        file[f"layer{index}/weight"] = VALUES[0, :2].astype("<f4")


def empty(file):
    file.create_group("empty")
    file["nothing"] = np.zeros((0, 3), "<f4")
    file["null"] = h5py.Empty("<f4")
    file.create_dataset("no-chunks", (0, 4), dtype="<f4", chunks=(2, 2), maxshape=(None, 4))


def optimizer(file):
    file["optimizer_weights/m"] = VALUES[0].astype("<f4")
    file["layers/dense/vars/0"] = VALUES.astype("<f4")


WRITERS = (contiguous, big_endian, integers, custom_floats, compact, chunked, chunked_cube, many_chunks, single_chunk,
           resizable, early_allocation, deflated, shuffled, checked, other_filters, skipped_filter, texts, other_types,
           named_type, hard_links, soft_links, external_links, attributes, dense_attributes, fill_values, written_fill,
           creation_order, many_links, empty, optimizer)


def seeds():
    """Every writer with every version of the library's format, and one behind other data, by name."""
    files = {}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "seed.h5"
        for writer, (version, bounds) in itertools.product(WRITERS, LIBRARIES.items()):
            bounds = bounds[0] if version != "earliest" else None
            with h5py.File(path, "w", libver=bounds) as file:
                writer(file)
            files[f"{writer.__name__}-{version}"] = path.read_bytes()
        for version in ("earliest", "latest"):
            with h5py.File(path, "w", userblock_size=512, libver=version) as file:
                contiguous(file)
            files[f"user-block-{version}"] = path.read_bytes()
            # Moved without the library: the addresses still count from the superblock.
            files[f"moved-{version}"] = bytes(1024) + files[f"contiguous-{version}"]
    return files
