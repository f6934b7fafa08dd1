"""`ip2p edit` as a person meets it: files, names, streams, sizes."""

import io

import numpy as np
from edit_shell import OK, pixels, size_of


def test_prints_the_path_and_keeps_the_size(shell):
    result = shell.edit("in.png", "make it snow", "-o", "out.png")
    assert result.returncode == OK, result.stderr
    assert result.stdout == b"out.png\n"
    assert size_of(shell.folder / "out.png") == (90, 60)


def test_the_same_command_gives_the_same_picture(shell):
    for name in ("a.png", "b.png"):
        shell.edit("in.png", "make it snow", "-o", name)
    assert (shell.folder / "a.png").read_bytes() == (shell.folder / "b.png").read_bytes()


def test_the_spellings_of_the_original(shell):
    shell.edit("in.png", "make it snow", "-o", "new.png", "--seed", 4, "--cfg-text", 6, "--cfg-image", 1.2)
    result = shell.edit(
        "--input", "in.png", "--output", "old.png", "--edit", "make it snow", "--seed", 4, "--cfg-text", 6,
        "--cfg-image", 1.2, "--resolution", 512,
    )
    assert result.returncode == OK, result.stderr
    assert np.array_equal(shell.picture("new.png"), shell.picture("old.png"))


def test_count_makes_variations_that_can_be_made_alone(shell):
    result = shell.edit("in.png", "make it snow", "-o", "out.png", "--seed", 7, "--count", 3)
    assert result.stdout.decode().split() == ["out_7.png", "out_8.png", "out_9.png"]
    shell.edit("in.png", "make it snow", "-o", "alone.png", "--seed", 8)
    assert np.array_equal(shell.picture("out_8.png"), shell.picture("alone.png"))
    assert not np.array_equal(shell.picture("out_7.png"), shell.picture("out_8.png"))


def test_streams(shell):
    picture = (shell.folder / "in.png").read_bytes()
    result = shell.edit("-", "make it snow", "-o", "-", stdin=picture)
    assert result.returncode == OK, result.stderr
    shell.edit("in.png", "make it snow", "-o", "file.png")
    assert np.array_equal(pixels(io.BytesIO(result.stdout)), shell.picture("file.png"))
    jpeg = shell.edit("-", "make it snow", "-o", "-", "--format", "jpeg", stdin=picture)
    assert jpeg.stdout.startswith(b"\xff\xd8\xff")


def test_output_size_input(shell, photograph):
    photograph.resize((200, 130)).save(shell.folder / "large.png")
    shell.edit("large.png", "make it snow", "-o", "fit.png", "--resolution", 100)
    shell.edit("large.png", "make it snow", "-o", "same.png", "--resolution", 100, "--output-size", "input")
    assert size_of(shell.folder / "fit.png") == (100, 65)
    assert size_of(shell.folder / "same.png") == (200, 130)


def test_the_last_of_a_repeated_flag_counts(shell):
    """As in the original's argparse: a script may append to a command line it was given."""
    shell.edit("in.png", "make it snow", "-o", "a.png", "--seed", 3)
    shell.edit("in.png", "make it snow", "-o", "b.png", "--seed", 9, "--seed", 3)
    assert np.array_equal(shell.picture("a.png"), shell.picture("b.png"))
