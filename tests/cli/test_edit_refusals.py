"""Command lines and pictures that `ip2p edit` refuses: the exit code, one sentence, and nothing written."""

import pytest
from edit_shell import DEVICE, FILE, MODEL, USAGE, expect_refusal


@pytest.mark.parametrize(
    ("code", "needles", "arguments"),
    [
        (USAGE, ["no output", "-o"], ["in.png", "snow"]),
        (USAGE, ["no input"], ["-o", "out.png"]),
        (USAGE, ["instruction is empty"], ["in.png", "", "-o", "out.png"]),
        (USAGE, ["instruction is empty"], ["in.png", " \t\n", "-o", "out.png"]),
        (USAGE, ["UTF-8", "byte 6"], ["in.png", b"snow \xff", "-o", "out.png"]),
        (USAGE, ["unknown sampler", '"hein"', "heun"], ["in.png", "snow", "-o", "out.png", "--sampler", "hein"]),
        (USAGE, ["--dtype", "bfloat16", '"int8"'], ["in.png", "snow", "-o", "out.png", "--dtype", "int8"]),
        (USAGE, ["unknown device", "cpu"], ["in.png", "snow", "-o", "out.png", "--device", "tpu"]),
        (DEVICE, ["cuda:7", "is not there"], ["in.png", "snow", "-o", "out.png", "--device", "cuda:7"]),
        (USAGE, ["--size-mode", "pad, crop"], ["in.png", "snow", "-o", "out.png", "--size-mode", "stretch"]),
        (USAGE, ["--output-size", "crop"], ["in.png", "snow", "-o", "out.png", "--size-mode", "crop",
                                            "--output-size", "input"]),
        (USAGE, ["png", "webp"], ["in.png", "snow", "-o", "out.gif"]),
        (USAGE, ["unknown flag --frobnicate;", "`ip2p edit --help`"], ["in.png", "snow", "-o", "out.png", "--frobnicate"]),
        (USAGE, ["unknown flag --sede; did you mean --seed?"], ["in.png", "snow", "-o", "o.png", "--sede", "3", "--foo"]),
        (USAGE, ["unknown flag --cfg_text; did you mean --cfg-text?"], ["in.png", "snow", "--cfg_text=3", "-o", "o.png"]),
        (USAGE, ["too many", '"it"', 'INPUT is "in.png"', 'INSTRUCTION is "make"', "quotes"],
         ["in.png", "make", "it", "snow", "-o", "out.png"]),
        (USAGE, ['"in.png" and "b.png" were both given as INPUT and --input'],
         ["in.png", "snow", "--input", "b.png", "-o", "out.png"]),
        (USAGE, ['"snow" and "rain"', "--edit"], ["in.png", "snow", "--edit", "rain", "-o", "out.png"]),
        (USAGE, ['"a.png" and "b.png"', "--output"], ["in.png", "snow", "-o", "a.png", "--output", "b.png"]),
        (USAGE, ["--steps: expected a value, got none"], ["in.png", "snow", "-o", "out.png", "--steps"]),
        (USAGE, ["--model is empty", "IP2P_MODEL"], ["in.png", "snow", "-o", "out.png", "--model", ""]),
        (USAGE, ["unknown sampler", '""'], ["in.png", "snow", "-o", "out.png", "--sampler", ""]),
        (USAGE, ["no output"], ["in.png", "snow", "-o", ""]),
        (USAGE, ["INPUT is empty"], ["", "snow", "-o", "out.png"]),
        (FILE, ["new/", "is a folder", "name a file in it", "new/edited.png"], ["in.png", "snow", "-o", "new/"]),
        (FILE, ['"/tmp" is a folder', "/tmp/edited.png"], ["in.png", "snow", "-o", "/tmp"]),
        (USAGE, ["one stream"], ["in.png", "snow", "-o", "-", "--count", "2"]),
        (FILE, ["missing.png", "No such file"], ["missing.png", "snow", "-o", "out.png"]),
        (FILE, ["."], [".", "snow", "-o", "out.png"]),
        (FILE, ["in.png", "--overwrite"], ["in.png", "snow", "-o", "in.png"]),
        (FILE, ["nowhere"], ["in.png", "snow", "-o", "nowhere/out.png"]),
        (MODEL, ["nothing-here", "bundle.json", "--model named it"], ["in.png", "snow", "-o", "out.png", "--model", "nothing-here"]),
    ],
)
def test_refusals(shell, code, needles, arguments):
    expect_refusal(shell, code, *needles, arguments=arguments)


WHOLE = "a whole number from "
SEEDS = WHOLE + "0 to 18446744073709551615"


@pytest.mark.parametrize(
    ("flag", "expected", "words"),
    [
        ("--steps", WHOLE + "1 to 1000", ["0", "99999", "abc", "1.5", "-3", "99999999999999999999"]),
        ("--seed", SEEDS, ["-1", "18446744073709551616", "x"]),
        ("--cfg-text", "a number from 0 to 50", ["nan", "inf", "-1", "51", "much"]),
        ("--cfg-image", "a number from 0 to 50", ["-0.5"]),
        ("--resolution", WHOLE + "1 to 16384", ["0", "16385", "512px"]),
        ("--quality", WHOLE + "1 to 100", ["0", "101"]),
        ("--count", WHOLE + "1 to 10000", ["0", "10001", "two"]),
        ("--max-megapixels", "a number from 0.001 to 2147", ["0", "3000", "big"]),
    ],
)
def test_numbers_are_refused_in_one_form(shell, flag, expected, words):
    for word in words:
        arguments = ["in.png", "snow", "-o", "out.png", flag, word]
        expect_refusal(shell, USAGE, f"{flag}: expected {expected}, got {word}", arguments=arguments)


def test_a_command_that_there_is_not(shell):
    result = shell.run("edti", "in.png", "snow", "-o", "out.png")
    assert result.returncode == USAGE
    assert b'unknown command "edti"; did you mean edit? `ip2p --help` lists' in result.stderr


def test_a_bundle_of_the_environment_is_called_so(shell):
    expect_refusal(shell, MODEL, "nowhere", "IP2P_MODEL named it", arguments=["in.png", "snow", "-o", "out.png"],
                   env={"IP2P_MODEL": "nowhere"})


def write(path, content):
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "make", "needle"),
    [
        ("empty.png", lambda png: b"", "empty"),
        ("cut.png", lambda png: png[: len(png) // 2], "cut.png"),
        ("text.jpg", lambda png: b"this is not a picture at all\n" * 20, "text.jpg"),
        ("page.png", lambda png: b"<!doctype html><html><body>404</body></html>", "page.png"),
    ],
)
def test_bad_pictures(shell, name, make, needle):
    write(shell.folder / name, make((shell.folder / "in.png").read_bytes()))
    expect_refusal(shell, FILE, name, needle, arguments=[name, "snow", "-o", "out.png"])


def test_an_oversized_picture_names_the_flag_that_raises_the_limit(shell):
    arguments = ["in.png", "snow", "-o", "out.png", "--max-megapixels", "0.005"]
    expect_refusal(shell, FILE, "in.png", "--max-megapixels", arguments=arguments)
