"""EXIF of pictures: turned upright, kept, and true of what is written."""

import io

import numpy as np
import picture_files
import pytest
from exif_blocks import EXIF_IFD, HIGH_SIDE, MAKE, ORIENTATION, WIDE_SIDE, assert_kept, exif, parsed, save_with_exif
from pictures import HEIGHT, WIDTH, assert_near, colors, decode, opened, picture, pillow
from probe import Probe

OUTPUTS = ["png", "jpg", "webp", "tiff"]


@pytest.fixture(scope="module")
def probe():
    with Probe() as one:
        yield one


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["turned.jpg", "turned.png", "turned.webp", "turned.tiff"])
def test_turns_pictures_upright(probe, tmp_path, name, orientation):
    path = tmp_path / name
    save_with_exif(path, exif(orientation), "RGB" if name.endswith("jpg") else "RGBA")
    samples, answer = decode(probe, path)
    assert "warnings" not in answer
    assert samples.shape[:2] == ((HEIGHT, WIDTH) if orientation < 5 else (WIDTH, HEIGHT))
    assert_near(samples, pillow(path), 1 if name.endswith("jpg") else 0)
    assert_kept(parsed(answer["exif"]))


@pytest.mark.parametrize("header", [b"", b"Exif\0\0"])
def test_webp_may_carry_the_header_of_jpeg(probe, tmp_path, header):
    path = tmp_path / "turned.webp"
    plain = io.BytesIO()
    picture("RGBA").save(plain, "WEBP", lossless=True, exact=True)
    block = header + exif(6).tobytes()[6:]
    picture_files.webp_with_exif(path, plain.getvalue(), WIDTH, HEIGHT, block)
    samples, answer = decode(probe, path)
    assert "warnings" not in answer
    assert_near(samples, np.rot90(colors(4), -1), 0)
    assert_kept(parsed(answer["exif"]))


def test_turns_bigtiff_upright(probe, tmp_path):
    path = tmp_path / "turned.tiff"
    picture().save(path, big_tiff=True, tiffinfo={ORIENTATION: 6})
    samples, answer = decode(probe, path)
    assert_near(samples, np.rot90(colors(), -1), 0)
    assert parsed(answer["exif"])[ORIENTATION] == 1


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("name", ["in.jpg", "in.png", "in.webp", "in.tiff"])
def test_keeps_exif(probe, tmp_path, name, output, order):
    source, out = tmp_path / name, tmp_path / f"out.{output}"
    save_with_exif(source, exif(6, order))
    probe.call({"op": "encode", "path": str(source), "out": str(out), "record": '{"a":1}'})
    written = opened(out)
    assert written.size == (HEIGHT, WIDTH)
    block = written.getexif()
    assert_kept(block, record=output in ("jpg", "webp"))
    inner = block.get_ifd(EXIF_IFD)
    assert (inner[WIDE_SIDE], inner[HIGH_SIDE]) == (HEIGHT, WIDTH)
    # And ip2p reads its own writing.
    samples, answer = decode(probe, out)
    assert "warnings" not in answer
    assert_kept(parsed(answer["exif"]), record=output in ("jpg", "webp"))


def test_exif_can_be_left_out(probe, tmp_path):
    source = tmp_path / "in.jpg"
    picture().save(source, exif=exif(3))
    for output in OUTPUTS:
        out = tmp_path / f"out.{output}"
        probe.call({"op": "encode", "path": str(source), "out": str(out), "keep_metadata": False})
        assert MAKE not in opened(out).getexif()


def test_drops_the_thumbnail(probe, tmp_path):
    thumbnail = io.BytesIO()
    picture().resize((8, 6)).save(thumbnail, "JPEG")
    body = thumbnail.getvalue()
    first = picture_files.tiff_file(b"", {ORIENTATION: (3, [1])})
    second_at = len(first)
    # A second directory with the thumbnail, as cameras write it.
    entries = {0x0103: (3, [6]), 0x0201: (4, [second_at + 2 + 36 + 4]), 0x0202: (4, [len(body)])}
    second = picture_files.tiff_file(b"", entries)[8:]
    block = first[: 8 + 2 + 12] + second_at.to_bytes(4, "little") + second + body
    source = tmp_path / "in.jpg"
    picture().save(source, exif=b"Exif\0\0" + block)
    assert body in source.read_bytes()
    _, answer = decode(probe, source)
    assert "warnings" not in answer
    assert parsed(answer["exif"])[ORIENTATION] == 1
    assert body[:40] not in answer["exif"] and len(answer["exif"]) < 100


@pytest.mark.parametrize("name", ["bad.jpg", "bad.png", "bad.webp"])
def test_damaged_exif_is_named_and_the_picture_read(probe, tmp_path, name):
    path = tmp_path / name
    options = {"lossless": True} if name.endswith("webp") else {}
    picture().save(path, **options)
    expected = pillow(path)
    for block in (b"rubbish" * 9, b"II*\0\xff\xff\xff\xff" + bytes(20)):
        picture().save(path, exif=b"Exif\0\0" + block, **options)
        samples, answer = decode(probe, path)
        assert_near(samples, expected, 1)
        assert len(answer["warnings"]) == 1 and "EXIF" in answer["warnings"][0]
