"""Undamaged pictures of every format, to be damaged."""

import io
import struct

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


def flipped(data, random, end, count):
    out = bytearray(data)
    for at in random.integers(0, min(end, len(out)), count):
        out[at] ^= 1 << int(random.integers(8))
    return bytes(out)
