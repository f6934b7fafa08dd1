"""Headers that claim other sizes, tags that contradict each other, and small files that ask for much."""

import struct
import zlib

import picture_files
from damaged_metadata import entry
from PIL import Image
from png_chunks import png_chunks, png_file
from whole_pictures import HEIGHT, WHOLE, WIDTH, by_hand, image, put, samples, saved


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
