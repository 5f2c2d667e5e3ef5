"""Breaks one rule of docs/BUNDLE.md at a time in a valid bundle. Python 3.11, standard library only.

python3 Fixtures/malformed/bundle/make_malformed.py

Writes B-NNN.pclip and, next to it, B-NNN.json: the rule, the offset that a reader must report, and the change.
"""
import hashlib, json, pathlib, re, struct

HERE = pathlib.Path(__file__).parent
SOUND = HERE.parent.parent / "valid" / "bundle" / "least-int8.pclip"


class Bundle:
    def __init__(self, sound=SOUND):
        raw = sound.read_bytes()
        size = 8 + struct.unpack_from("<Q", raw)[0]
        self.header = raw[8:size].decode().rstrip(" ")
        self.data = bytearray(raw[size:])
        self.tail = b""

    def entry(self, name):
        return json.loads(self.header)[name]

    def start(self):
        """Offset of the first tensor in the file."""
        return (8 + len(self.header) + 63) // 64 * 64

    def replace(self, old, new, count=1):
        assert self.header.count(old) >= 1, old
        self.header = self.header.replace(old, new, count)

    def at(self, text, after=False):
        """File offset of `text` in the header, or of its end."""
        position = self.header.index(text)
        return 8 + position + (len(text) if after else 0)

    def poke(self, name, index, fmt, value, keep_digest=False):
        """Sets an element and returns its file offset; the digest is updated unless requested otherwise."""
        begin, end = self.entry(name)["data_offsets"]
        offset = begin + index * struct.calcsize(fmt)
        struct.pack_into("<" + fmt, self.data, offset, value)
        if not keep_digest:
            digest = hashlib.sha256(self.data[begin:end]).hexdigest()
            self.header = re.sub(f'"sha256.{re.escape(name)}":"[0-9a-f]*"', f'"sha256.{name}":"{digest}"', self.header)
        return self.start() + offset

    def append(self, name, content, dtype="U8"):
        """Adds a tensor at the end, digest included."""
        begin = len(self.data)
        self.data += content
        last = [*json.loads(self.header)["__metadata__"].items()][-1]
        field = f'"{last[0]}":"{last[1]}"'
        self.replace(field, field + f',"sha256.{name}":"{hashlib.sha256(content).hexdigest()}"')
        entry = f',"{name}":{{"dtype":"{dtype}","shape":[{len(content)}],"data_offsets":[{begin},{len(self.data)}]}}'
        self.header = self.header[:-1] + entry + "}"

    def bytes(self):
        header = self.header.encode()
        header += b" " * (self.start() - 8 - len(header))
        return struct.pack("<Q", len(header)) + header + bytes(self.data) + self.tail


def write(rule, how, content, offset):
    (HERE / f"{rule}.pclip").write_bytes(content)
    (HERE / f"{rule}.json").write_text(json.dumps({"rule": rule, "offset": offset, "how": how}, indent=2) + "\n")


def edited(rule, how, old, new, offset):
    """One change of the header's text; `offset` is found before or after it by a function of the bundle."""
    bundle = Bundle()
    bundle.replace(old, new)
    write(rule, how, bundle.bytes(), offset(bundle))


def poked(rule, how, *arguments, **options):
    bundle = Bundle()
    offset = bundle.poke(*arguments, **options)
    write(rule, how, bundle.bytes(), offset)


def structural():
    sound = Bundle()
    raw = sound.bytes()
    length = struct.unpack_from("<Q", raw)[0]
    write("B-001", "five bytes", raw[:5], 5)
    write("B-002", "a length of 2^63", struct.pack("<Q", 1 << 63) + raw[8:], 0)
    write("B-003", "a length that is one more", struct.pack("<Q", length + 1) + raw[8:], 0)
    edited("B-004", "another first key", "__metadata__", "__metadatum_", lambda b: 8)
    assert len(sound.header) + 8 < sound.start(), "the sound bundle must have padding"
    tabbed = raw[: sound.start() - 1] + b"\t" + raw[sound.start() :]
    write("B-005", "a tab at the end of the padding", tabbed, sound.start() - 1)
    edited("B-010", "a space after a colon", '"sha256.visual.proj":"', '"sha256.visual.proj": "',
           lambda b: b.at('"sha256.visual.proj"', after=True))
    edited("B-011", "a later version", '"pclip.version":"1"', '"pclip.version":"2"',
           lambda b: b.at('"pclip.version":"', after=True))
    edited("B-012", "no field layout", '"layout":"panel16",', "", lambda b: b.at('"score.kind":"'))
    edited("B-013", "no blocks", '"image.layers":"1"', '"image.layers":"0"',
           lambda b: b.at('"image.layers":"', after=True))
    edited("B-014", "a letter percent-encoded", '"model":"', '"model":"%41', lambda b: b.at('"model":"', after=True))
    edited("B-015", "heads that do not divide the width", '"image.heads":"1"', '"image.heads":"3"',
           lambda b: b.at('"image.activation":"quick_gelu"', after=True))
    digest = json.loads(sound.header)["__metadata__"]["sha256.visual.proj"]
    edited("B-016", "a digest in upper case", digest, digest.upper(),
           lambda b: b.at('"sha256.visual.proj":"', after=True))
    edited("B-020", "a space in an entry", '"visual.proj":{"dtype"', '"visual.proj": {"dtype"',
           lambda b: b.at(',"visual.proj"', after=True))
    edited("B-021", "a tensor under another name", '"visual.proj":{', '"visual.prod":{', lambda b: b.at(',"visual.prod"'))
    edited("B-022", "I8 called U8", '"visual.proj":{"dtype":"I8"', '"visual.proj":{"dtype":"U8"',
           lambda b: b.at('"visual.proj":{"dtype":"', after=True))
    shape = ",".join(map(str, sound.entry("visual.proj")["shape"]))
    edited("B-023", "the first two extents swapped", f'"visual.proj":{{"dtype":"I8","shape":[{shape}]',
           '"visual.proj":{"dtype":"I8","shape":[4,1,16,4]', lambda b: b.at('"visual.proj":{"dtype":"I8","shape":[', after=True))
    begin, end = sound.entry("visual.proj")["data_offsets"]
    edited("B-024", "a hole of 64 bytes", f"[{begin},{end}]", f"[{begin + 64},{end + 64}]",
           lambda b: b.at(f"[{begin + 64},") + 1)
    added()
    poked("B-030", "an epsilon of zero", "image.epsilon", 0, "f", 0.0)
    table = Bundle(SOUND.parent / "siglip-text-fp16.pclip")
    offset = table.poke("tokenizer.table", 8, "B", 9)
    write("B-032", "a table of algorithm 9", table.bytes(), offset)


def added():
    """Tensors that do not belong to the architecture, and bytes that belong to no tensor."""
    bundle = Bundle()
    bundle.append("x.note", bytes(32))
    write("B-025", "an x. tensor of 32 bytes", bundle.bytes(), bundle.at(',"x.note":{'))
    bundle = Bundle()
    bundle.tail = bytes(64)
    write("B-026", "64 bytes after the last tensor", bundle.bytes(), bundle.start() + len(bundle.data))
    bundle = Bundle()
    bundle.append("x.b", bytes(64))
    bundle.append("x.a", bytes(64))
    write("B-027", "x.b before x.a", bundle.bytes(), bundle.at(',"x.a":{'))
    bundle = Bundle()
    bundle.append("x.a", bytes(64))
    bundle.append("x.b", bytes(128))
    (SOUND.parent / "least-extra-int8.pclip").write_bytes(bundle.bytes())


def content():
    bundle = Bundle()
    bundle.poke("visual.ln_pre.bias", 3, "f", 0.75, keep_digest=True)
    begin = bundle.entry("visual.ln_pre.bias")["data_offsets"][0]
    write("B-040", "a bias changed, its digest not", bundle.bytes(), bundle.start() + begin)
    poked("B-041", "a weight of -128", "visual.proj", 5, "b", -128)
    poked("B-042", "the sum of an output that is not there", "visual.proj.sum", 5, "i", 1)
    poked("B-043", "a bias that is not a number", "visual.ln_post.bias", 2, "f", float("nan"))
    sums = Bundle()
    begin = sums.entry("visual.proj.sum")["data_offsets"][0]
    value = struct.unpack_from("<i", sums.data, begin + 4)[0]
    poked("B-044", "a sum one too high", "visual.proj.sum", 1, "i", value + 1)
    poked("B-045", "a scale of -1", "visual.proj.scale", 2, "f", -1.0)
    poked("B-046", "an exponent of 65", "visual.proj.exponent", 0, "i", 65)


structural()
content()
