"""Pictures out, and the record in them, against Pillow."""

import json

import numpy as np
import pytest
from exif_blocks import EXIF_IFD, USER_COMMENT, exif
from pictures import assert_near, colors, decode, opened, picture
from PIL import Image
from probe import Probe, ProbeError

OUTPUTS = ["png", "jpg", "webp", "tiff"]


@pytest.fixture(scope="module")
def probe():
    with Probe() as one:
        yield one


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("output", ["png", "webp", "tiff"])
def test_writes_without_loss(probe, tmp_path, output, mode):
    source, out = tmp_path / "in.png", tmp_path / f"out.{output}"
    samples = colors(len(mode))
    if mode == "RGBA":
        samples[:5, :5, 3] = 0  # colours under full transparency stay too
    Image.fromarray(samples).save(source)
    probe.call({"op": "encode", "path": str(source), "out": str(out), "quality": 100})
    assert_near(np.asarray(opened(out)), samples, 0)
    assert_near(decode(probe, out)[0], samples, 0)


@pytest.mark.parametrize("output", ["jpg", "webp"])
def test_loses_no_more_than_pillow(probe, tmp_path, output):
    source, out, reference = (tmp_path / name for name in ("in.png", f"out.{output}", f"p.{output}"))
    samples = colors(width=128, height=96, noise=5)
    Image.fromarray(samples).save(source)
    probe.call({"op": "encode", "path": str(source), "out": str(out)})
    Image.fromarray(samples).save(reference, quality=95, **({"subsampling": 0} if output == "jpg" else {}))

    def loss(path):
        return np.abs(np.asarray(opened(path).convert("RGB")).astype(int) - samples).mean()

    assert loss(out) < loss(reference) + 0.05


def test_lossy_webp_keeps_alpha(probe, tmp_path):
    source, out = tmp_path / "in.png", tmp_path / "out.webp"
    picture("RGBA").save(source)
    probe.call({"op": "encode", "path": str(source), "out": str(out)})
    assert_near(np.asarray(opened(out))[..., 3], colors(4)[..., 3], 0)


def test_jpeg_keeps_full_colour_at_high_quality(probe, tmp_path):
    source = tmp_path / "in.png"
    picture().save(source)
    for quality, sampling in ((95, (1, 1)), (90, (1, 1)), (89, (2, 2))):
        out = tmp_path / f"{quality}.jpg"
        probe.call({"op": "encode", "path": str(source), "out": str(out), "quality": quality})
        assert opened(out).layer[0][1:3] == sampling


def test_jpeg_says_that_alpha_is_lost(probe, tmp_path):
    source, out = tmp_path / "in.png", tmp_path / "out.jpg"
    picture("RGBA").save(source)
    answer = probe.call({"op": "encode", "path": str(source), "out": str(out)})
    assert len(answer["warnings"]) == 1 and "alpha" in answer["warnings"][0]


def test_png_is_tagged_as_srgb(probe, tmp_path):
    source, out = tmp_path / "in.jpg", tmp_path / "out.png"
    picture().save(source)
    probe.call({"op": "encode", "path": str(source), "out": str(out)})
    assert "srgb" in opened(out).info


@pytest.mark.parametrize("output", OUTPUTS)
def test_the_same_picture_gives_the_same_bytes(probe, tmp_path, output):
    source = tmp_path / "in.png"
    picture().save(source, exif=exif())
    files = []
    for i in range(2):
        out = tmp_path / f"{i}.{output}"
        probe.call({"op": "encode", "path": str(source), "out": str(out), "record": '{"a":1}'})
        files.append(out.read_bytes())
    assert files[0] == files[1]


RECORD = {"instruction": "mach es winterlich: 雪 \U0001f328 \"snow\"", "steps": 20, "s_T": 7.5}


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("with_exif", [False, True])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_keeps_the_record(probe, tmp_path, output, with_exif, ascii_only):
    source, out = tmp_path / "in.jpg", tmp_path / f"out.{output}"
    picture().save(source, **({"exif": exif(order=">")} if with_exif else {}))
    words = json.dumps(RECORD, ensure_ascii=ascii_only)
    probe.call({"op": "encode", "path": str(source), "out": str(out), "record": words})
    read = probe.call({"op": "record", "path": str(out)})["record"]
    assert json.loads(read) == RECORD
    assert read == words or (output != "png" and not ascii_only)


def test_other_programs_find_the_record(probe, tmp_path):
    source = tmp_path / "in.jpg"
    picture().save(source)
    found = {}
    for output in OUTPUTS:
        out = tmp_path / f"out.{output}"
        words = json.dumps(RECORD, ensure_ascii=output != "png")
        probe.call({"op": "encode", "path": str(source), "out": str(out), "record": words})
        image = opened(out)
        if output == "png":
            found[output] = image.text["ip2p"]
            assert image.text["Software"].startswith("ip2p ")
            continue
        block = image.getexif()
        assert block[0x0131].startswith("ip2p ")
        if output == "tiff":
            comment = block[0x010E]
        else:
            comment = bytes(block.get_ifd(EXIF_IFD)[USER_COMMENT]).decode()
            assert comment.startswith("ASCII\0\0\0")
            comment = comment[8:]
        assert comment.startswith("ip2p ")
        found[output] = comment[5:]
    assert {output: json.loads(words) for output, words in found.items()} == dict.fromkeys(
        OUTPUTS, RECORD
    )


@pytest.mark.parametrize("first", OUTPUTS)
@pytest.mark.parametrize("second", OUTPUTS)
def test_the_record_of_an_earlier_edit_does_not_stay(probe, tmp_path, first, second):
    source, once, twice = tmp_path / "in.png", tmp_path / f"1.{first}", tmp_path / f"2.{second}"
    picture().save(source)
    record = json.dumps(RECORD)
    probe.call({"op": "encode", "path": str(source), "out": str(once), "record": record})
    probe.call({"op": "encode", "path": str(once), "out": str(twice)})
    assert b"instruction" not in twice.read_bytes()
    with pytest.raises(ProbeError, match="holds no record"):
        probe.call({"op": "record", "path": str(twice)})


def test_foreign_words_are_no_record(probe, tmp_path):
    path = tmp_path / "in.jpg"
    picture().save(path, exif=exif())
    with pytest.raises(ProbeError, match="holds no record") as error:
        probe.call({"op": "record", "path": str(path)})
    assert error.value.exit == 3
