"""Small image files that request much memory or time, written with only the standard library, because no other tool
writes them.

`cases()` gives name, bytes, exit status of `embed`, and a text of its message (None where the image is read).
"""

import base64
import struct
import zlib


def png_chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, depth, color, rows=None, extra=b"", interlace=0):
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, interlace))
    pixels = b"".join(png_chunk(b"IDAT", part) for part in ([rows] if isinstance(rows, bytes) else rows or [b""]))
    return b"\x89PNG\r\n\x1a\n" + header + extra + pixels + png_chunk(b"IEND", b"")


def zeros(count):
    """`count` zeros, deflated without holding them."""
    stream = zlib.compressobj(9)
    parts = [stream.compress(bytes(min(1 << 20, count - start))) for start in range(0, count, 1 << 20)]
    return b"".join(parts) + stream.flush()


# 8 × 8 pixels of one grey, by libjpeg-turbo through Pillow 13: baseline.
JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4z"
    "NDL/wAALCAAIAAgBAREA/8QAHwAAAQUBAQEBAQEAAAAAAAAAAAECAwQFBgcICQoL/8QAtRAAAgEDAwIEAwUFBAQAAAF9AQIDAAQRBRIhMUEGE1FhByJx"
    "FDKBkaEII0KxwRVS0fAkM2JyggkKFhcYGRolJicoKSo0NTY3ODk6Q0RFRkdISUpTVFVWV1hZWmNkZWZnaGlqc3R1dnd4eXqDhIWGh4iJipKTlJWWl5iZ"
    "mqKjpKWmp6ipqrKztLW2t7i5usLDxMXGx8jJytLT1NXW19jZ2uHi4+Tl5ufo6erx8vP09fb3+Pn6/9oACAEBAAA/ACv/2Q==")


def jpeg(before_frame=b"", size=None):
    frame = JPEG.index(b"\xff\xc0")
    body = JPEG[frame:]
    if size is not None:
        body = body[:5] + struct.pack(">HH", size[1], size[0]) + body[9:]
    return JPEG[:frame] + before_frame + body


def jpeg_segment(marker, content):
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def progressive(width, height, scans):
    """A grey progressive JPEG: the DC coefficients, then the same empty scan of AC coefficients again and again."""
    table = jpeg_segment(0xDB, b"\0" + b"\1" * 64)
    frame = jpeg_segment(0xC2, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0")
    # One code of one bit each: DC difference 0, and an end of band of 2**14 blocks and more.
    codes = jpeg_segment(0xC4, b"\0" + b"\1" + b"\0" * 15 + b"\0") + jpeg_segment(0xC4, b"\x10" + b"\1" + b"\0" * 15 + b"\xe0")
    blocks = ((width + 7) // 8) * ((height + 7) // 8)
    first = jpeg_segment(0xDA, b"\1\1\0\0\0\0") + b"\0" * ((blocks + 7) // 8)
    bits = "".join("0" + "1" * 13 + "0" for _ in range((blocks >> 14) + 1))  # run of 2**14 + 2**14 - 2 blocks
    data = int(bits + "1" * (-len(bits) % 8), 2).to_bytes((len(bits) + 7) // 8, "big").replace(b"\xff", b"\xff\0")
    scan = jpeg_segment(0xDA, b"\1\1\0\1\x3f\0") + data
    return b"\xff\xd8" + table + frame + codes + first + scan * scans + b"\xff\xd9"


def webp(width, height):
    """A lossless WebP of one colour; the bytes behind the sizes are libwebp's."""
    body = b"/" + struct.pack("<I", (width - 1) | (height - 1) << 14) + bytes.fromhex("07508a2ad4a3ff8188e87f00")
    return b"RIFF" + struct.pack("<I", 4 + 8 + len(body) + 1) + b"WEBPVP8L" + struct.pack("<I", len(body)) + body + b"\0"


def animation():
    header = b"VP8X" + struct.pack("<I", 10) + b"\x02\0\0\0" + (16383).to_bytes(3, "little") * 2
    frames = (b"ANIM" + struct.pack("<I", 6) + bytes(6)) + (b"ANMF" + struct.pack("<I", 16) + bytes(16)) * 20_000
    return b"RIFF" + struct.pack("<I", 4 + len(header + frames)) + b"WEBP" + header + frames


def cases():
    grey = zeros(9 * 8)
    text = zeros(7_900_000)
    tables = jpeg_segment(0xDB, b"\0" + b"\1" * 64)
    return [
        ("webp-16384.webp", webp(16384, 16384), 65, "--max-megapixels 1076"),
        ("webp-13300.webp", webp(13300, 13300), 65, "--max-megapixels 708"),
        ("webp-32-megapixels.webp", webp(8000, 4000), 0, None),
        ("animation.webp", animation(), 69, "animated"),
        ("png-65535.png", png(65535, 65535, 8, 6, grey), 65, "cannot hold"),
        ("png-bilevel-65535.png", png(65535, 65535, 1, 0, zeros(65535 * 8193)), 65, "--max-megapixels"),
        ("png-bilevel-13300.png", png(13300, 13300, 1, 0, zeros(13300 * 1664)), 65, "--max-megapixels 708"),
        ("png-long.png", png(1, 1_000_000, 8, 3, zeros(2_000_000), png_chunk(b"PLTE", b"abc")), 65, "on each side"),
        ("png-narrow-palette.png", png(1, 65536, 8, 3, zeros(131072), png_chunk(b"PLTE", b"abc")), 0, None),
        ("png-flat-alpha.png", png(65536, 1, 8, 6, zeros(4 * 65536 + 1)), 0, None),
        ("png-flat-16-bit.png", png(65536, 1, 16, 0, zeros(2 * 65536 + 1)), 0, None),
        ("png-interlaced.png", png(5000, 5000, 8, 2, zeros(76_000_000), interlace=1), 0, None),
        ("png-16-bit.png", png(4000, 4000, 16, 6, zeros(4000 * 32001)), 0, None),
        ("png-texts.png", png(8, 8, 8, 0, grey, b"".join(png_chunk(b"zTXt", b"k\0\0" + text) for _ in range(900))), 0, None),
        ("png-international.png",
         png(8, 8, 8, 0, grey, b"".join(png_chunk(b"iTXt", b"k\0\1\0\0\0" + text) for _ in range(900))), 0, None),
        ("png-profile.png", png(8, 8, 8, 0, grey, png_chunk(b"iCCP", b"k\0\0" + zeros(200_000_000))), 0, None),
        ("png-pieces.png", png(8, 8, 8, 0, [b""] * 300_000 + [grey]), 0, None),
        ("jpeg-65500.jpg", jpeg(size=(65500, 65500)), 65, "cannot hold"),
        ("jpeg-tables.jpg", jpeg(tables * 100_000), 0, None),
        ("jpeg-restarts.jpg", jpeg(jpeg_segment(0xDD, b"\0\1") * 1_000_000), 0, None),
        ("jpeg-exif.jpg", jpeg(jpeg_segment(0xE1, b"Exif\0\0II*\0" + bytes(65523)) * 500), 0, None),
        ("jpeg-xmp.jpg", jpeg(jpeg_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + b"tiff:Orientatio" * 4366) * 500), 0, None),
        ("jpeg-100-scans.jpg", progressive(2048, 2048, 90), 0, None),
        ("jpeg-scans.jpg", progressive(4000, 4000, 2500), 65, "too many scans"),
        ("zeros.jpg", bytes(100_000_000), 69, "starts with 00"),
    ]
