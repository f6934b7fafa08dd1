"""Picture files that Pillow cannot write, put together by hand."""

import struct
import zlib

import numpy as np


def png(path, samples, bits=8, color_type=None, chunks=(), interlace=0):
    """A PNG file of (H, W, C) samples; `chunks` are (name, bytes) between header and pixels."""
    height, width, channels = samples.shape
    color_type = {1: 0, 2: 4, 3: 2, 4: 6}[channels] if color_type is None else color_type
    if bits < 8:
        flags = ((samples[..., 0, None] >> np.arange(bits - 1, -1, -1)) & 1).reshape(height, -1)
        rows = np.packbits(flags.astype(np.uint8), axis=1)
    else:
        rows = samples.astype(f">u{bits // 8}")
    data = b"".join(b"\0" + row.tobytes() for row in rows)
    header = struct.pack(">IIBBBBB", width, height, bits, color_type, 0, 0, interlace)

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    parts = [chunk(b"IHDR", header), *(chunk(*one) for one in chunks)]
    parts += [chunk(b"IDAT", zlib.compress(data)), chunk(b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def tiff(path, samples, bits=8, photometric=None, order="<", planar=False, tile=None, tags=None):
    """An uncompressed TIFF file of (H, W, C) samples, with more `tags`: {tag: (type, values)}."""
    height, width, channels = samples.shape
    if photometric is None:
        photometric = 1 if channels <= 2 else 2
    planes = [samples[..., i : i + 1] for i in range(channels)] if planar else [samples]
    pieces = []
    for plane in planes:
        if tile is None:
            pieces.append(packed(plane, bits, order))
            continue
        for y in range(0, height, tile):
            for x in range(0, width, tile):
                block = plane[y : y + tile, x : x + tile]
                padding = ((0, tile - block.shape[0]), (0, tile - block.shape[1]), (0, 0))
                pieces.append(packed(np.pad(block, padding), bits, order))

    offsets, data = [], b""
    for piece in pieces:
        offsets.append(8 + len(data))
        data += piece + b"\0" * (len(piece) % 2)
    lengths = [len(piece) for piece in pieces]
    at, counts = (324, 325) if tile else (273, 279)
    entries = {
        256: (4, [width]),
        257: (4, [height]),
        258: (3, [bits] * channels),
        259: (3, [1]),
        262: (3, [photometric]),
        277: (3, [channels]),
        284: (3, [2 if planar else 1]),
        at: (4, offsets),
        counts: (4, lengths),
        **({322: (3, [tile]), 323: (3, [tile])} if tile else {278: (4, [height])}),
        **(tags or {}),
    }
    path.write_bytes(tiff_file(data, entries, order))


def tiff_with_exif(path, samples, block):
    """An 8-bit TIFF file with the tags of an EXIF block, which it begins with: its offsets hold."""
    order = "<" if block[:2] == b"II" else ">"
    block = block.ljust(-(-len(block) // 4) * 4, b"\0")
    main_at = struct.unpack_from(order + "I", block, 4)[0]
    count = struct.unpack_from(order + "H", block, main_at)[0]
    records = [block[main_at + 2 + 12 * i :][:12] for i in range(count)]
    height, width, channels = samples.shape
    data = samples.tobytes()
    data += b"\0" * (len(data) % 2)
    stored = {256: width, 257: height, 258: 8, 259: 1, 262: 2, 273: len(block), 277: channels}
    stored |= {278: height, 279: len(data), **({338: 2} if channels == 4 else {})}
    depths_at = len(block) + len(data)
    for tag, value in stored.items():
        kind, number = (4, 1) if tag != 258 else (3, channels)
        value = depths_at if tag == 258 else value
        records.append(struct.pack(order + "HHII", tag, kind, number, value))
    records.sort(key=lambda record: struct.unpack_from(order + "H", record)[0])
    data += struct.pack(f"{order}{channels}H", *[8] * channels)
    start = struct.pack(order + "I", len(block) + len(data))
    directory = struct.pack(order + "H", len(records)) + b"".join(records) + bytes(4)
    path.write_bytes(block[:4] + start + block[8:] + data + directory)


def packed(samples, bits, order):
    """Samples as TIFF stores them, rows padded to whole bytes."""
    height = samples.shape[0]
    if bits >= 8:
        return samples.astype(f"{order}u{bits // 8}").tobytes()
    flags = ((samples[..., None] >> np.arange(bits - 1, -1, -1)) & 1).reshape(height, -1)
    return np.packbits(flags.astype(np.uint8), axis=1).tobytes()


def tiff_file(data, entries, order="<"):
    """Header, `data` (at 8) and one directory of {tag: (type, values)}."""
    formats = {1: "B", 2: "B", 3: "H", 4: "I", 7: "B"}
    start = 8 + len(data)
    values_at = start + 2 + 12 * len(entries) + 4
    directory, values = struct.pack(order + "H", len(entries)), b""
    for tag, (kind, numbers) in sorted(entries.items()):
        body = struct.pack(f"{order}{len(numbers)}{formats[kind]}", *numbers)
        directory += struct.pack(order + "HHI", tag, kind, len(numbers))
        if len(body) <= 4:
            directory += body.ljust(4, b"\0")
        else:
            directory += struct.pack(order + "I", values_at + len(values))
            values += body + b"\0" * (len(body) % 2)
    mark = b"II" if order == "<" else b"MM"
    header = mark + struct.pack(order + "HI", 42, start)
    return header + data + directory + struct.pack(order + "I", 0) + values


def webp_with_exif(path, plain, width, height, block):
    """A WebP file (with alpha) of one chunk, given as bytes, with any bytes as its EXIF chunk."""
    size = struct.pack("<BBHBHBH", 0x18, 0, 0, (width - 1) & 255, 0, (height - 1) & 255, 0)
    body = b"VP8X" + struct.pack("<I", 10) + size + plain[12:]
    body += b"EXIF" + struct.pack("<I", len(block)) + block
    body += b"\0" * (len(body) % 2)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body)


def bmp(path, rows, width, height, bits, palette=b"", header_size=40, masks=b"", top_down=False):
    """A BMP file from stored rows (bytes, padded)."""
    offset = 14 + header_size + (len(masks) if header_size == 40 else 0) + len(palette)
    file_header = struct.pack("<2sIHHI", b"BM", offset + len(rows), 0, 0, offset)
    if header_size == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        info = struct.pack(
            "<IiiHHIIiiII",
            header_size,
            width,
            -height if top_down else height,
            1,
            bits,
            3 if masks else 0,
            len(rows),
            2835,
            2835,
            len(palette) // 4,
            0,
        )
        info += masks
        info = info.ljust(max(header_size, len(info)), b"\0")
    path.write_bytes(file_header + info + palette + rows)


def icc_profile(space, gamma=2.2, matrix=None, lut=None, white=(0.9642, 1.0, 0.8249)):
    """A version 2 colour profile: a grey curve, an RGB matrix with a curve, or CMYK through a table.

    `gamma` is a number, or a curve's values in [0, 1] at even steps.
    `matrix` holds the D50 XYZ of red, green and blue as rows; `lut` is a function from four ink
    amounts in [0, 1] to Lab, relative to the `white` of the paper.
    """
    values = [gamma * 256] if np.isscalar(gamma) else np.asarray(gamma) * 65535
    curve = b"curv\0\0\0\0" + struct.pack(f">I{len(values)}H", len(values), *(round(v) for v in values))

    def xyz(values):
        return b"XYZ \0\0\0\0" + struct.pack(">3i", *(round(v * 65536) for v in values))

    tags = {b"wtpt": xyz(white), b"desc": b"desc" + b"\0" * 96}
    if space == b"GRAY":
        tags[b"kTRC"] = curve
    elif space == b"RGB ":
        for letter, row in zip(b"rgb", matrix, strict=True):
            tags[bytes([letter]) + b"XYZ"] = xyz(row)
            tags[bytes([letter]) + b"TRC"] = curve
    else:
        tags[b"A2B0"] = tags[b"A2B1"] = cmyk_table(lut)

    body, table, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data.ljust(-(-len(data) // 4) * 4, b"\0")
    size = at + len(body)
    pcs = b"Lab " if space == b"CMYK" else b"XYZ "
    # Black point compensation asks a printer's profile for its way back; a scanner's needs none.
    kind = b"scnr" if space == b"CMYK" else b"mntr"
    header = struct.pack(">I4sI4s4s4s12s4s", size, b"none", 0x02400000, kind, space, pcs, b"\0" * 12, b"acsp")
    header = header.ljust(68, b"\0") + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + body


def cmyk_table(lut, grid=5):
    """An 8-bit lookup table (mft1) from CMYK to Lab."""
    identity = bytes(range(256))
    levels = np.linspace(0, 1, grid)
    points = b""
    for c in levels:
        for m in levels:
            for y in levels:
                for k in levels:
                    lightness, a, b = lut(c, m, y, k)
                    points += bytes(
                        int(np.clip(round(v), 0, 255))
                        for v in (lightness * 2.55, a + 128, b + 128)
                    )
    matrix = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 65536)
    head = b"mft1\0\0\0\0" + bytes([4, 3, grid, 0]) + matrix
    return head + identity * 4 + points + identity * 3
