"""Colour profiles and EXIF blocks that are damaged inside pictures that are not."""

import struct

import picture_files
from png_chunks import png_chunks, png_file
from whole_pictures import HEIGHT, WIDTH, by_hand, exif, flipped, image, profile, put, samples, saved


def bad_profiles(random, folder):
    good = profile()
    bad = {"noise": random.bytes(500), "header_only": good[:128], "short": good[:150], "zeros": bytes(600)}
    bad["tags_everywhere"] = good[:128] + b"\xff" * (len(good) - 128)
    for i in range(20):
        bad[f"flipped_{i}"] = flipped(good, random, len(good), 1 + i)
    for what, data in bad.items():
        for kind in ("PNG", "JPEG", "WEBP", "TIFF"):
            name = f"{what}.{kind.lower()}"
            yield name, put(folder, name, saved(image(), kind, icc_profile=data)), False


def entry(tag, kind, count, value):
    return struct.pack("<HHII", tag, kind, count, value)


def directory(*entries, following=0):
    return struct.pack("<H", len(entries)) + b"".join(entries) + struct.pack("<I", following)


def bad_exif_blocks(random):
    start = b"II*\0" + struct.pack("<I", 8)
    good = exif()
    yield "empty", b""
    yield "header_only", start
    yield "first_outside", b"II*\0\xf0\xff\xff\xff" + bytes(30)
    yield "first_in_header", b"II*\0\0\0\0\0" + bytes(30)
    yield "loop_to_itself", start + directory(entry(0x8769, 4, 1, 8), following=8)
    yield "loop_of_two", start + directory(entry(0x8769, 4, 1, 26)) + directory(entry(0x8769, 4, 1, 8))
    yield "loop_of_gps", start + directory(entry(0x8825, 4, 1, 8), entry(0xA005, 4, 1, 8))
    yield "value_outside", start + directory(entry(0x010F, 2, 2**31, 2**31))
    yield "count_overflows", start + directory(entry(0x0112, 5, 2**29 + 1, 8))
    yield "everything_twice", start + directory(*[entry(0x0112, 3, 1, 6)] * 30)
    yield "claims_many", start + struct.pack("<H", 65535) + bytes(100)
    yield "unknown_types", start + directory(*[entry(0x0110 + i, 200 + i, 1, 0) for i in range(9)])
    yield "orientation_9", start + directory(entry(0x0112, 3, 1, 9))
    yield "orientation_is_text", start + directory(entry(0x0112, 2, 4, 0x41414141))
    yield "orientation_of_none", start + directory(entry(0x0112, 3, 0, 6))
    yield "thumbnail_outside", start + directory(following=14) + directory(
        entry(0x0201, 4, 1, 2**31), entry(0x0202, 4, 1, 2**31)
    )
    yield "comment_of_one_byte", start + directory(entry(0x8769, 4, 1, 26)) + directory(
        entry(0x9286, 7, 1, 65)
    )
    yield "maker_note", start + directory(entry(0x8769, 4, 1, 26)) + directory(
        entry(0x927C, 7, 400, 44)
    ) + b"Nikon\0\2\x10\0\0II*\0" + random.bytes(386)
    yield "canon_note", start + directory(entry(0x010F, 2, 6, 200), entry(0x8769, 4, 1, 38)) + directory(
        entry(0x927C, 7, 100, 56)
    ) + random.bytes(144) + b"Canon\0"
    for i in range(24):
        yield f"flipped_{i}", flipped(good, random, len(good), 1 + i // 2)
    for length in range(10, len(good), 29):
        yield f"cut_{length}", good[:length]


def bad_exif(random, folder):
    for what, block in bad_exif_blocks(random):
        for kind in ("PNG", "JPEG", "WEBP"):
            name = f"{what}.{kind.lower()}"
            data = with_exif(kind, block)
            yield name, put(folder, name, data), False
        if len(block) >= 14 and block[:4] == b"II*\0":  # a TIFF file begins with such a block
            name = f"{what}.tiff"
            yield name, put(folder, name, block + samples().tobytes()), False


def with_exif(kind, block):
    """A picture with any bytes in the place of its EXIF block."""
    if kind == "PNG":
        chunks = list(png_chunks(saved(image(), "PNG")))
        return png_file([chunks[0], (b"eXIf", block), *chunks[1:]])
    if kind == "JPEG":
        body = b"Exif\0\0" + block
        data = saved(image(), "JPEG")
        return data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:]
    plain = saved(image("RGBA"), "WEBP", lossless=True)
    return by_hand(picture_files.webp_with_exif, plain, WIDTH, HEIGHT, block)
