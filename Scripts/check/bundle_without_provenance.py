"""Prints, for each bundle, the SHA-256 of its content without the `provenance.` fields. Standard library only."""
import hashlib, json, struct, sys

for path in sys.argv[1:]:
    raw = open(path, "rb").read()
    start = 8 + struct.unpack_from("<Q", raw)[0]
    header = json.loads(raw[8:start])
    header["__metadata__"] = {k: v for k, v in header["__metadata__"].items() if not k.startswith("provenance.")}
    print(hashlib.sha256(json.dumps(header).encode() + raw[start:]).hexdigest())
