"""The record in every output of `ip2p edit`, and making a picture again from it."""

import json

import numpy as np
import pytest
from edit_shell import FILE, MODEL, OK, USAGE, expect_refusal
from PIL import Image, PngImagePlugin


@pytest.mark.parametrize("name", ["out.png", "out.jpg", "out.webp", "out.tiff"])
def test_a_picture_can_be_made_again_from_its_record(shell, name):
    shell.edit("in.png", "make it “snow”", "-o", name, "--seed", 11, "--sampler", "heun", "--cfg-text", 5.5)
    again = shell.run("edit", "--from", name, "-o", f"again-{name}")
    assert again.returncode == OK, again.stderr
    assert np.array_equal(shell.picture(name), shell.picture(f"again-{name}"))
    other = shell.run("edit", "--from", name, "-o", "other.png", "--seed", 12)
    assert other.returncode == OK and not np.array_equal(shell.picture("other.png"), shell.picture(name))


def test_a_record_wants_the_input_it_was_made_from(shell, photograph):
    shell.edit("in.png", "make it snow", "-o", "out.png")
    (shell.folder / "in.png").rename(shell.folder / "moved.png")
    expect_refusal(shell, FILE, "in.png", "out.png", "--input", arguments=["--from", "out.png", "-o", "again.png"])
    again = shell.run("edit", "--from", "out.png", "--input", "moved.png", "-o", "again.png")
    assert again.returncode == OK and np.array_equal(shell.picture("out.png"), shell.picture("again.png"))
    photograph.resize((80, 60)).save(shell.folder / "in.png")
    expect_refusal(shell, FILE, "in.png", "changed", arguments=["--from", "out.png", "-o", "other.png"])


def test_strip_leaves_the_record_out(shell):
    shell.edit("in.png", "make it snow", "-o", "out.png", "--strip")
    with Image.open(shell.folder / "out.png") as picture:
        assert "ip2p" not in picture.text
    expect_refusal(shell, FILE, "out.png", arguments=["--from", "out.png", "-o", "again.png"])


def test_a_record_of_another_bundle_is_refused_unless_the_bundle_is_named(shell, tiny_bundle):
    other = tiny_bundle("context48")
    shell.edit("in.png", "make it snow", "-o", "out.png", "--model", other)
    # IP2P_MODEL says which bundle is usual, not which one this picture wants.
    expect_refusal(shell, MODEL, "was made by the bundle", "--model", arguments=["--from", "out.png", "-o", "again.png"])
    again = shell.run("edit", "--from", "out.png", "-o", "again.png", "--model", other)
    assert again.returncode == OK and b"warning" not in again.stderr
    assert np.array_equal(shell.picture("out.png"), shell.picture("again.png"))
    wrong = shell.run("edit", "--from", "out.png", "-o", "wrong.png", "--model", shell.bundle)
    assert wrong.returncode == OK and b"warning" in wrong.stderr


def test_a_record_keeps_its_dtype(shell):
    shell.edit("in.png", "make it snow", "-o", "out.png", "--dtype", "bfloat16")
    shell.run("edit", "--from", "out.png", "-o", "again.png")
    assert np.array_equal(shell.picture("out.png"), shell.picture("again.png"))
    shell.run("edit", "--from", "out.png", "-o", "full.png", "--dtype", "float32")
    assert not np.array_equal(shell.picture("out.png"), shell.picture("full.png"))


@pytest.mark.parametrize(
    ("change", "needle"),
    [
        (lambda record: record.update(steps=0), "1 to 1000"),
        (lambda record: record.pop("seed"), "--seed"),
        (lambda record: record.update(record=99), "format"),
        (lambda record: record.update(strength=1), "strength"),
        (lambda record: record.update(bundle=json.loads("[" * 500 + "]" * 500)), "nested"),
    ],
)
def test_records_that_are_damaged(shell, change, needle):
    shell.edit("in.png", "make it snow", "-o", "out.png")
    with Image.open(shell.folder / "out.png") as picture:
        picture.load()
        record = json.loads(picture.text["ip2p"])
        change(record)
        text = PngImagePlugin.PngInfo()
        text.add_itxt("ip2p", json.dumps(record))
        picture.save(shell.folder / "damaged.png", pnginfo=text)
    expect_refusal(shell, FILE, "damaged.png", needle, arguments=["--from", "damaged.png", "-o", "again.png"])


def test_a_record_keeps_the_quality(shell):
    shell.edit("in.png", "make it snow", "-o", "out.jpg", "--quality", 40)
    for name, more in (("again.jpg", []), ("better.jpg", ["--quality", 90])):
        assert shell.run("edit", "--from", "out.jpg", "-o", name, *more).returncode == OK
    assert np.array_equal(shell.picture("out.jpg"), shell.picture("again.jpg"))
    assert (shell.folder / "better.jpg").stat().st_size > 1.3 * (shell.folder / "out.jpg").stat().st_size


def test_a_record_from_stdin(shell):
    shell.edit("in.png", "make it snow", "-o", "out.png")
    again = shell.run("edit", "--from", "-", "-o", "again.png", stdin=(shell.folder / "out.png").read_bytes())
    assert again.returncode == OK, again.stderr
    assert np.array_equal(shell.picture("out.png"), shell.picture("again.png"))
    expect_refusal(shell, USAGE, "one stdin", arguments=["-", "snow", "--from", "-", "-o", "other.png"], stdin=b"")
    expect_refusal(shell, FILE, "the picture on stdin", arguments=["--from", "-", "-o", "other.png"],
                   stdin=(shell.folder / "in.png").read_bytes())


def test_with_from_a_lone_word_is_the_input(shell):
    shell.edit("in.png", "make it snow", "-o", "out.png")
    expect_refusal(shell, FILE, 'INPUT "make it rain" does not exist', "use --edit",
                   arguments=["--from", "out.png", "make it rain", "-o", "again.png"])


@pytest.mark.parametrize("name", ["out.png", "out.jpg", "out.webp", "out.tiff"])
def test_a_record_is_read_without_the_pixels(shell, name):
    """Damage in the samples goes unseen, and the limits of pictures hold."""
    shell.edit("in.png", "make it snow", "-o", name)
    expect_refusal(shell, FILE, "--max-megapixels",
                   arguments=["--from", name, "-o", "again.png", "--max-megapixels", "0.005"])
