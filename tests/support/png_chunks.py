"""A PNG file as its chunks."""

import struct
import zlib


def png_chunks(data):
    at = 8
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        at += 12 + size


def png_file(chunks):
    parts = [b"\x89PNG\r\n\x1a\n"]
    for name, body in chunks:
        body = bytes(body)
        parts.append(struct.pack(">I", len(body)) + name + body)
        parts.append(struct.pack(">I", zlib.crc32(name + body)))
    return b"".join(parts)
