"""Downloads that continue after an interruption, and get their name only if their SHA-256 is correct."""

import hashlib
import http.client
import os
import urllib.error
import urllib.request

CHUNK = 1 << 20
ATTEMPTS = 3  # without a new byte
TIMEOUT = 60  # seconds without an answer


class Failure(Exception):
    """The reason why a file is missing: one sentence."""


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def size(url):
    """In bytes as stated by the server; 0 if it does not state it."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=TIMEOUT) as answer:
            return int(answer.headers.get("Content-Length", 0))
    except (OSError, ValueError, http.client.HTTPException):
        return 0


def check(path, expected):
    found = sha256(path)
    if found != expected:
        raise Failure(f"{path}: SHA-256 {found}, expected {expected}; delete this file, then run again")


def fetch(url, path, expected, progress=lambda done, total: None):
    """Leaves the file at `path`, or the part received so far at `path`.part."""
    if path.exists():
        return check(path, expected)
    part = path.with_name(path.name + ".part")
    resumed = part.exists()
    complete(url, part, progress)
    if resumed and sha256(part) != expected:  # the earlier bytes may belong to another file
        part.unlink()
        complete(url, part, progress)
    found = sha256(part)
    if found != expected:
        part.unlink()
        raise Failure(f"{url}: SHA-256 {found}, expected {expected}; the server has another file")
    os.replace(part, path)


def complete(url, part, progress):
    idle = 0
    while True:
        before = part.stat().st_size if part.exists() else 0
        try:
            return append(url, part, before, progress)
        except urllib.error.HTTPError as error:
            if error.code == 416:  # nothing is left to send
                return
            raise Failure(f"{url}: HTTP {error.code} {error.reason}") from None
        except (OSError, http.client.HTTPException) as error:
            after = part.stat().st_size if part.exists() else 0
            idle = 0 if after > before else idle + 1
            if idle == ATTEMPTS:
                reason = getattr(error, "reason", None) or error
                raise Failure(f"{url}: {reason}; run again to go on at byte {after}") from None


def append(url, part, offset, progress):
    """One request. A server without ranges sends the file from its start."""
    headers = {"Range": f"bytes={offset}-"} if offset else {}
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT) as answer:
        if answer.status != 206:
            offset = 0
        left = int(answer.headers.get("Content-Length", 0))
        total = offset + left
        with open(part, "ab" if offset else "wb") as file:
            while chunk := answer.read1(CHUNK):  # the received part is kept if the rest does not arrive
                file.write(chunk)
                offset += len(chunk)
                progress(offset, total)
    if left and offset != total:
        raise ConnectionError(f"the connection was cut at byte {offset} of {total}")
