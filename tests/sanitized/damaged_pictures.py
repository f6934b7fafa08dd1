"""Pictures of every format, damaged in every way that has bitten a decoder before."""

import io
import struct
import zlib

import numpy as np
import picture_files
from PIL import Image

WIDTH, HEIGHT = 41, 29


def samples(channels=3):
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    random = np.random.default_rng(channels)
    waves = 127 + 90 * np.sin(x[..., None] / 6 + np.arange(channels)) * np.cos(y[..., None] / 4)
    return np.clip(waves + random.integers(-20, 20, waves.shape), 0, 255).astype(np.uint8)


def image(mode="RGB"):
    channels = len(Image.new(mode, (1, 1)).getbands())
    return Image.fromarray(samples(channels)[..., 0] if channels == 1 else samples(channels), mode)


def profile():
    rows = [(0.6097, 0.3111, 0.0195), (0.2053, 0.6257, 0.0609), (0.1492, 0.0632, 0.7446)]
    return picture_files.icc_profile(b"RGB ", 2.2, rows)


def exif():
    block = Image.Exif()
    block[0x0112] = 6
    block[0x010F] = "A camera"
    block.get_ifd(0x8769).update({0x829A: (1, 250), 0x9286: b"ASCII\0\0\0words", 0xA002: 41})
    block.get_ifd(0x8825).update({1: "N", 2: (47.0, 30.0, 12.5)})
    return block.tobytes()[6:]


def saved(picture, kind, **options):
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def by_hand(write, *arguments, **options):
    """What a function of picture_files writes, as bytes."""

    class Memory:
        def write_bytes(self, data):
            self.data = data

    memory = Memory()
    write(memory, *arguments, **options)
    return memory.data


def whole_pictures():
    """{name: bytes} of undamaged pictures, with metadata in those that can hold it."""
    extras = {"icc_profile": profile(), "exif": b"Exif\0\0" + exif()}
    return {
        "rgb.png": saved(image(), "PNG", **extras),
        "palette.png": saved(image().quantize(20), "PNG", transparency=bytes(range(20))),
        "wide.png": by_hand(picture_files.png, samples(4).astype(int) * 257, bits=16),
        "bits.png": saved(image("L").convert("1"), "PNG"),
        "baseline.jpg": saved(image(), "JPEG", quality=90, **extras),
        "progressive.jpg": saved(image(), "JPEG", progressive=True, restart_marker_rows=1),
        "cmyk.jpg": saved(image("CMYK"), "JPEG"),
        "lossy.webp": saved(image("RGBA"), "WEBP", quality=70, **extras),
        "lossless.webp": saved(image("RGBA"), "WEBP", lossless=True),
        "moving.webp": saved(image(), "WEBP", save_all=True, append_images=[image().rotate(9)]),
        "lzw.tiff": saved(image(), "TIFF", compression="tiff_lzw", icc_profile=profile()),
        "jpeg.tiff": saved(image().convert("YCbCr"), "TIFF", compression="jpeg"),
        "fax.tiff": saved(image("L").convert("1"), "TIFF", compression="group4"),
        "lab.tiff": saved(image("LAB"), "TIFF"),
        "deflated.tiff": saved(image("CMYK"), "TIFF", compression="tiff_adobe_deflate"),
        "tiles.tiff": by_hand(picture_files.tiff, samples(4), tile=16, order=">", planar=True),
        "exif.tiff": by_hand(picture_files.tiff_with_exif, samples(), exif()),
        "rgb.bmp": saved(image(), "BMP"),
        "palette.bmp": saved(image().quantize(20), "BMP"),
        "masks.bmp": by_hand(
            picture_files.bmp,
            samples(4).tobytes(),
            WIDTH,
            HEIGHT,
            32,
            header_size=108,
            masks=struct.pack("<4I", 0xFF0000, 0xFF00, 0xFF, 0xFF000000),
        ),
    }


WHOLE = whole_pictures()


def put(folder, name, data):
    path = folder / name
    path.write_bytes(data)
    return path


def cut_short(random, folder):
    for name, data in WHOLE.items():
        lengths = {1, 4, 12, 26, 40, len(data) // 2, len(data) - 40, len(data) - 3}
        lengths |= {int(n) for n in random.integers(1, len(data) - 3, 6)}
        for length in sorted(lengths):
            yield f"{length}_{name}", put(folder, f"{length}_{name}", data[:length]), True


def flipped(data, random, end, count):
    out = bytearray(data)
    for at in random.integers(0, min(end, len(out)), count):
        out[at] ^= 1 << int(random.integers(8))
    return bytes(out)


def bits_flipped_in_headers(random, folder):
    for name, data in WHOLE.items():
        for i in range(8):
            yield f"{i}_{name}", put(folder, f"{i}_{name}", flipped(data, random, 64, 1 + i // 3)), False


def bits_flipped_anywhere(random, folder):
    for name, data in WHOLE.items():
        for i in range(8):
            broken = flipped(data, random, len(data), 1 + i * i)
            yield f"{i}_{name}", put(folder, f"{i}_{name}", broken), False


def bits_flipped_behind_checksums(random, folder):
    """PNG's checksums would stop most damage at the door: they are made right again."""
    for name in ("rgb.png", "palette.png", "wide.png", "bits.png"):
        for i in range(10):
            chunks = [list(chunk) for chunk in png_chunks(WHOLE[name])]
            chunk = chunks[int(random.integers(len(chunks) - 1))]
            chunk[1] = flipped(chunk[1], random, 200, 1 + i // 2)
            yield f"{i}_{name}", put(folder, f"{i}_{name}", png_file(chunks)), False


def pieces_missing_or_doubled(random, folder):
    for name, data in WHOLE.items():
        a, b = sorted(int(n) for n in random.integers(8, len(data), 2))
        for what, broken in {
            "missing": data[:a] + data[b:],
            "doubled": data[:b] + data[a:],
            "zeros": data[:a] + bytes(b - a) + data[b:],
            "ones": data[:a] + b"\xff" * (b - a) + data[b:],
        }.items():
            yield f"{what}_{name}", put(folder, f"{what}_{name}", broken), False


def wrong_magic(random, folder):
    for name, data in WHOLE.items():
        mark = random.bytes(12)
        yield f"noise_{name}", put(folder, f"noise_{name}", b"\xee" + mark + data[13:]), True
        yield f"zeros_{name}", put(folder, f"zeros_{name}", bytes(16) + data[16:]), True


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


def with_size(name, width, height):
    """An undamaged picture whose header claims another size; None for formats that cannot."""
    data = bytearray(WHOLE[name])
    if name.endswith(".png"):
        chunks = list(png_chunks(WHOLE[name]))
        header = struct.pack(">II", width % 2**32, height % 2**32) + chunks[0][1][8:]
        return png_file([(b"IHDR", header), *chunks[1:]])
    if name.endswith(".jpg"):
        frame = next(at for at in range(len(data)) if data[at] == 0xFF and data[at + 1] in (0xC0, 0xC2))
        data[frame + 5 : frame + 9] = struct.pack(">HH", min(height, 65535), min(width, 65535))
        return bytes(data)
    if name.endswith(".bmp"):
        data[18:26] = struct.pack("<II", width % 2**32, height % 2**32)
        return bytes(data)
    if name.endswith(".tiff"):
        order = "<" if data[:2] == b"II" else ">"
        at = struct.unpack_from(order + "I", data, 4)[0]
        for i in range(struct.unpack_from(order + "H", data, at)[0]):
            entry = at + 2 + 12 * i
            tag = struct.unpack_from(order + "H", data, entry)[0]
            if tag in (256, 257):
                size = width if tag == 256 else height
                data[entry + 2 : entry + 12] = struct.pack(order + "HIi", 4, 1, as_signed(size))
        return bytes(data)
    return None


def as_signed(number):
    return struct.unpack("<i", struct.pack("<I", number % 2**32))[0]


def sizes_in_headers(_, folder):
    sizes = {
        "no_width": (0, HEIGHT),
        "no_height": (WIDTH, 0),
        "nothing": (0, 0),
        "huge": (2**31 - 1, 2**31 - 1),
        "wide": (2**31 - 1, 1),
        "high": (1, 2**31 - 1),
        "overflowing": (65536, 65536),
        "negative": (2**32 - 1, 2**32 - 1),
        "smallest_negative": (2**31, 2**31),
        "large": (60000, 60000),
        "empty_within_the_limit": (9999, 9999),
    }
    for size, (width, height) in sizes.items():
        for name in WHOLE:
            data = with_size(name, width, height)
            if data is not None:
                yield f"{size}_{name}", put(folder, f"{size}_{name}", data), True


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


def trailing_bytes(random, folder):
    for name, data in WHOLE.items():
        yield f"noise_{name}", put(folder, f"noise_{name}", data + random.bytes(999)), False


def no_pictures(random, folder):
    contents = {
        "empty.jpg": b"",
        "text.jpg": b"This is a text and no picture.\n" * 9,
        "page.png": b"<!DOCTYPE html><html><body>404</body></html>",
        "paper.tiff": b"%PDF-1.7\n" + random.bytes(300),
        "moving.webp": b"GIF89a" + random.bytes(300),
        "phone.jpg": b"\0\0\0\x18ftypheic" + random.bytes(300),
        "archive.bmp": b"PK\3\4" + random.bytes(300),
        "noise.png": b"\xfe" + random.bytes(3000),
        "zeros.jpg": bytes(3000),
        "riff.webp": b"RIFF\x10\0\0\0WAVEfmt ",
        "one_byte.bmp": b"B",
    }
    for name, data in contents.items():
        yield name, put(folder, name, data), True
    (folder / "folder.png").mkdir()
    yield "folder.png", folder / "folder.png", True
    yield "missing.png", folder / "missing.png", True
    (folder / "loop.png").symlink_to(folder / "loop.png")
    yield "loop.png", folder / "loop.png", True


def tiff_tags(random, folder):
    """TIFF says everything twice: tags that contradict each other, and arrays that are too short."""
    numbers = [0, 1, 2, 7, 255, 65535, 2**31 - 1, 2**32 - 1]
    for i, (tag, value) in enumerate(
        (tag, value)
        for tag in (258, 259, 262, 273, 277, 278, 279, 284, 317, 320, 322, 323, 324, 325, 338, 339)
        for value in random.choice(numbers, 3, replace=False)
    ):
        tiled = {322, 323, 324, 325}.issuperset({tag})
        data = by_hand(
            picture_files.tiff,
            samples(),
            tile=16 if tiled else None,
            tags={tag: (4, [int(value)])},
        )
        yield f"{i}_{tag}.tiff", put(folder, f"{i}_{tag}.tiff", data), False


def many_scans(count):
    """A legal grey JPEG of 512 x 512 pixels that says `count` times that its coefficients are zero."""
    plain = saved(Image.new("L", (512, 512)), "JPEG")
    tables = plain[: plain.index(b"\xff\xda")].replace(b"\xff\xc0", b"\xff\xc2")

    def scan(first, last, code):
        return b"\xff\xda\0\x08\x01\x01\0" + bytes([first, last, 0]) + code

    # The standard tables' codes for "no difference" (00) and "end of block" (1010), 4096 times.
    return tables + scan(0, 0, bytes(1024)) + scan(1, 63, b"\xaa" * 2048) * count + b"\xff\xd9"


def bombs(_, folder):
    """Small files that ask for much time or memory."""
    packed = zlib.compress(bytes(200_000_000), 9)
    first, *rest = png_chunks(saved(image(), "PNG"))
    for name in (b"iCCP", b"zTXt"):
        bomb = (name, b"ip2p\0\0" + packed)
        yield f"{name.decode()}.png", put(folder, f"{name.decode()}.png", png_file([first, bomb, *rest])), False
    bomb = (b"iTXt", b"ip2p\0\1\0\0\0" + packed)
    yield "iTXt.png", put(folder, "iTXt.png", png_file([first, bomb, *rest])), False
    bomb = (b"IDAT", packed)
    yield "IDAT.png", put(folder, "IDAT.png", png_file([first, bomb, rest[-1]])), False
    many = [(b"tEXt", b"ip2p\0{}")] * 20_000
    yield "many_texts.png", put(folder, "many_texts.png", png_file([first, *many, *rest])), False

    yield "scans.jpg", put(folder, "scans.jpg", many_scans(1000)), True
    segment = b"\xff\xe2\xff\xff" + b"ICC_PROFILE\0\1\1" + bytes(65519)
    data = WHOLE["progressive.jpg"]
    yield "profiles.jpg", put(folder, "profiles.jpg", data[:2] + segment * 300 + data[2:]), False

    tags = b"".join(entry(0x010F + i, 7, 700_000, 0) for i in range(60_000))
    data = b"II*\0" + struct.pack("<IH", 8, 60_000) + tags + bytes(4)
    yield "tags.tiff", put(folder, "tags.tiff", data), True
    data = by_hand(picture_files.tiff, samples(), tags={325: (4, [2**31])}, tile=16)
    yield "tile_bytes.tiff", put(folder, "tile_bytes.tiff", data), False
    loop = saved(image(), "TIFF")
    at = struct.unpack_from("<I", loop, 4)[0]
    next_at = at + 2 + 12 * struct.unpack_from("<H", loop, at)[0]
    loop = loop[:next_at] + struct.pack("<I", at) + loop[next_at + 4 :]
    yield "pages_in_a_loop.tiff", put(folder, "pages_in_a_loop.tiff", loop), False


KINDS = {
    function.__name__: function
    for function in (
        cut_short,
        bits_flipped_in_headers,
        bits_flipped_anywhere,
        bits_flipped_behind_checksums,
        pieces_missing_or_doubled,
        wrong_magic,
        sizes_in_headers,
        bad_profiles,
        bad_exif,
        trailing_bytes,
        no_pictures,
        tiff_tags,
        bombs,
    )
}
