"""Pictures with bytes missing, changed or added, whatever the bytes mean; and files that are none."""

from png_chunks import png_chunks, png_file
from whole_pictures import WHOLE, flipped, put


def cut_short(random, folder):
    for name, data in WHOLE.items():
        lengths = {1, 4, 12, 26, 40, len(data) // 2, len(data) - 40, len(data) - 3}
        lengths |= {int(n) for n in random.integers(1, len(data) - 3, 6)}
        for length in sorted(lengths):
            yield f"{length}_{name}", put(folder, f"{length}_{name}", data[:length]), True


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
