"""Files that are no pictures, or not whole: a sentence each, and never half a picture."""

import numpy as np
import picture_files
import pytest
from pictures import HEIGHT, WIDTH, assert_near, colors, decode, picture
from PIL import Image
from probe import Probe, ProbeError


@pytest.fixture(scope="module")
def probe():
    with Probe() as one:
        yield one


def refusal(probe, path, **options):
    with pytest.raises(ProbeError) as error:
        probe.call({"op": "decode", "path": str(path), **options})
    assert error.value.exit == 3
    assert "\n" not in error.value.sentence and str(path) in error.value.sentence
    return error.value.sentence


NOT_PICTURES = {
    "text": (b"hello\nworld\n", "it is text"),
    "html": (b"<!DOCTYPE html><html>", "an HTML page"),
    "xml": (b"\n  <?xml version='1.0'?>", "an XML document"),
    "svg": (b"<svg xmlns=", "an SVG drawing"),
    "pdf": (b"%PDF-1.7\n%\xe2", "a PDF document"),
    "gif": (b"GIF89a" + bytes(20), "a GIF picture"),
    "heic": (bytes(3) + b"\x18ftypheic" + bytes(20), "a HEIC picture"),
    "avif": (bytes(3) + b"\x18ftypavif" + bytes(20), "an AVIF picture"),
    "video": (bytes(3) + b"\x18ftypisom" + bytes(20), "a video"),
    "zip": (b"PK\3\4" + bytes(20), "a ZIP archive"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
    "noise": (bytes([200, 3, 7, 250] * 9), "not a picture of a known format"),
    "empty": (b"", "it is empty"),
}


@pytest.mark.parametrize("kind", NOT_PICTURES)
def test_says_what_a_file_is_instead(probe, tmp_path, kind):
    content, words = NOT_PICTURES[kind]
    path = tmp_path / "photo.jpg"
    path.write_bytes(content)
    sentence = refusal(probe, path)
    assert words in sentence
    assert kind == "empty" or "ip2p reads JPEG, PNG, WebP, TIFF and BMP" in sentence


def test_missing_file_and_folder(probe, tmp_path):
    assert "No such file" in refusal(probe, tmp_path / "nothing.png")
    assert "it is a folder" in refusal(probe, tmp_path)


def test_a_picture_under_another_name_is_read_with_a_warning(probe, tmp_path):
    path = tmp_path / "photo.jpg"
    picture().save(path, "PNG")
    samples, answer = decode(probe, path)
    assert_near(samples, colors(), 0)
    assert len(answer["warnings"]) == 1 and "is a PNG picture" in answer["warnings"][0]


def test_oversized_pictures_name_the_flag(probe, tmp_path):
    for name in ("wide.png", "wide.jpg", "wide.webp", "wide.tiff", "wide.bmp"):
        path = tmp_path / name
        Image.new("RGB", (2000, 1000)).save(path)
        assert "--max-megapixels" in refusal(probe, path, max_megapixels=1.9)
        decode(probe, path, max_megapixels=2)


@pytest.mark.parametrize("size", [(0, 9), (9, 0), (0, 0)])
def test_pictures_without_pixels_are_named(probe, tmp_path, size):
    """WebP cannot say so."""
    jpeg, bmp, png, tiff = (tmp_path / f"empty.{kind}" for kind in ("jpg", "bmp", "png", "tiff"))
    picture().save(jpeg)
    data = jpeg.read_bytes()
    frame = data.index(b"\xff\xc0") + 5
    width, height = (side.to_bytes(2, "big") for side in size)
    jpeg.write_bytes(data[:frame] + height + width + data[frame + 4 :])
    picture_files.bmp(bmp, b"", *size, 24)
    picture_files.png(png, np.zeros((*size[::-1], 3), np.uint8))
    picture_files.tiff(tiff, np.zeros((*size[::-1], 3), np.uint8))
    for path in (jpeg, bmp, png, tiff):
        assert f"it has no pixels (its header says {size[0]} x {size[1]})" in refusal(probe, path)


WHOLE = {
    "rgb.png": {},
    "rgb.jpg": {},
    "rgb.webp": {},
    "rgb.tiff": {},
    "rgb.bmp": {},
    "progressive.jpg": {"progressive": True},
    "lzw.tiff": {"compression": "tiff_lzw"},
    "fax.tiff": {"compression": "group4"},
    "lossless.webp": {"lossless": True},
}


@pytest.mark.parametrize("name", WHOLE)
def test_never_half_a_picture(probe, tmp_path, name):
    path = tmp_path / name
    image = picture("L").convert("1") if name == "fax.tiff" else picture()
    image.save(path, **WHOLE[name])
    whole = path.read_bytes()
    for length in [*range(1, len(whole), max(1, len(whole) // 60)), len(whole) - 1]:
        path.write_bytes(whole[:length])
        refusal(probe, path)


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_rows": 1}])
def test_a_jpeg_with_a_hole_is_refused(probe, tmp_path, options):
    path = tmp_path / "hole.jpg"
    picture().save(path, quality=95, **options)
    whole = path.read_bytes()
    middle = len(whole) * 3 // 4
    path.write_bytes(whole[: middle - 200] + whole[middle:])
    assert "JPEG" in refusal(probe, path)


def test_a_bmp_with_colours_beyond_its_palette_is_refused(probe, tmp_path):
    path = tmp_path / "palette.bmp"
    for index, fits in ((3, True), (4, False)):
        rows = bytes([0, 1, 2, index]) * 3
        picture_files.bmp(path, rows, 4, 3, 8, palette=bytes(range(16)))
        if fits:
            assert decode(probe, path)[0][0, 3].tolist() == [14, 13, 12]
        else:
            assert "colour 4 of a palette of 4" in refusal(probe, path)


def test_unreadable_kinds_are_named(probe, tmp_path):
    path = tmp_path / "picture.tiff"
    Image.fromarray(colors()[..., 0].astype(np.float32)).save(path)
    assert "floating-point" in refusal(probe, path)
    picture_files.tiff(path, colors(), tags={50706: (1, [1, 4, 0, 0])})
    assert "camera raw" in refusal(probe, path)
    picture("LAB").save(path)
    assert decode(probe, path)[0].shape == (HEIGHT, WIDTH, 3)
