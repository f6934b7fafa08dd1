"""How large a picture is meant to be, and what is not kept of it, against Pillow."""

import struct
import zlib

import pytest
from pictures import picture
from png_chunks import png_file
from PIL import Image
from probe import Probe

OUTPUTS = ["png", "jpg", "webp", "tiff"]


@pytest.fixture(scope="module")
def probe():
    with Probe() as one:
        yield one


def dpi_of(path):
    """As Pillow sees it: the format's own field, or EXIF's (WebP has no other)."""
    with Image.open(path) as image:
        if path.suffix != ".webp":
            return tuple(float(value) for value in image.info.get("dpi", (0, 0)))
        exif = image.getexif()
        return float(exif.get(0x011A, 0)), float(exif.get(0x011B, 0))


def converted(probe, source, out, **options):
    probe.call({"op": "encode", "path": str(source), "out": str(out), **options})
    return dpi_of(out)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("name", ["in.png", "in.jpg", "in.tiff", "in.bmp"])
def test_keeps_dots_an_inch(probe, tmp_path, name, output):
    source, out = tmp_path / name, tmp_path / f"out.{output}"
    picture().save(source, dpi=(300, 150))
    assert converted(probe, source, out) == pytest.approx((300, 150), abs=0.02)
    out.unlink()
    assert sum(converted(probe, source, out, keep_metadata=False)) <= 2  # JFIF may say 1 to 1


@pytest.mark.parametrize("output", OUTPUTS)
def test_says_nothing_where_the_input_does_not(probe, tmp_path, output):
    source, out = tmp_path / "in.png", tmp_path / f"out.{output}"
    picture().save(source)
    assert sum(converted(probe, source, out)) <= 2


def test_turns_with_the_picture(probe, tmp_path):
    source, out = tmp_path / "in.png", tmp_path / "out.png"
    exif = Image.Exif()
    exif[0x0112] = 6
    picture().save(source, dpi=(300, 150), exif=exif)
    assert converted(probe, source, out) == pytest.approx((150, 300), abs=0.02)


def test_the_record_joins_the_inputs_own_comment(probe, tmp_path):
    source, out = tmp_path / "in.jpg", tmp_path / "out.jpg"
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9286] = b"ASCII\0\0\0my own words"
    picture().save(source, exif=exif)
    converted(probe, source, out, record='{"a":1}')
    with Image.open(out) as image:
        assert bytes(image.getexif().get_ifd(0x8769)[0x9286]) == b"ASCII\0\0\0my own words"
    assert probe.call({"op": "record", "path": str(out)})["record"] == '{"a":1}'


def test_a_record_behind_the_pixels_is_found(probe, tmp_path):
    """Where some programs put text. The samples between are passed over, also in one long piece."""
    path = tmp_path / "in.png"
    samples = zlib.compress((b"\0" + bytes(3 * 2000)) * 2000, 0)
    header = struct.pack(">IIBBBBB", 2000, 2000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", samples), (b"tEXt", b'ip2p\0{"a":1}'), (b"IEND", b"")]
    path.write_bytes(png_file(chunks))
    assert len(samples) > 8_000_000  # libpng's usual limit for a chunk that it does not know
    assert probe.call({"op": "record", "path": str(path)})["record"] == '{"a":1}'
