"""What `ip2p edit` says: help, plans, results as JSON, progress, notes."""

import json
import os
import pty
import shutil
import subprocess

import pytest
from edit_shell import DEVICE, MODEL, OK, expect_refusal


def test_help_names_every_flag_of_the_contract(shell):
    text = shell.run("edit", "--help").stdout.decode()
    for flag in ("--steps --cfg-text --cfg-image --seed --sampler --resolution --size-mode --output-size --device --dtype"
                 " --overwrite --dry-run --json --quiet --verbose --model --from --count --strip --input --output --edit"
                 ).split():
        assert flag in text, flag


def test_json_is_one_object_a_picture(shell):
    result = shell.edit("in.png", "make it snow", "-o", "out.png", "--count", 2, "--json")
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["seed"] for each in objects] == [0, 1]
    assert objects[0]["output"] == "out_0.png" and objects[0]["instruction"] == "make it snow"
    assert objects[0]["dtype"] == "float32" and objects[0]["sampler"] == "euler_a"
    assert objects[0]["seconds"]["to_first_step"] > 0 and objects[0]["quality"] == 95
    assert [objects[0][side] for side in ("width", "height")] == [90, 60]
    assert [objects[0][side] for side in ("model_width", "model_height")] == [128, 64]
    assert all(objects[1]["seconds"][stage] >= 0 for stage in ("load", "encode", "sample", "decode", "write"))


def test_a_dry_run_says_in_words_what_would_be_made_and_writes_nothing(shell):
    before = shell.files()
    result = shell.edit("in.png", "make it snow", "-o", "out.png", "--dry-run", "--count", 2)
    said = result.stdout.decode()
    assert result.returncode == OK and shell.files() == before
    for part in ('"in.png" by "make it snow"', "IP2P_MODEL", "cpu, float32", "euler_a, 2 steps, s_T 7.5, s_I 1.5",
                 "90x60 in, 128x64 inside the model, 90x60 out", '"out_0.png", PNG, seed 0', '"out_1.png", PNG, seed 1'):
        assert part in said, part


def test_a_dry_run_has_the_keys_of_the_result(shell):
    command = ["in.png", "make it snow", "-o", "out.png", "--count", 2, "--json"]
    planned = [json.loads(line) for line in shell.edit(*command, "--dry-run").stdout.splitlines()]
    made = [json.loads(line) for line in shell.edit(*command).stdout.splitlines()]
    for plan, result in zip(planned, made, strict=True):
        del result["seconds"]
        assert plan.pop("dry_run") is True
        assert plan == result


def test_a_dry_run_shows_what_an_instruction_loses(shell):
    result = shell.edit("in.png", "snow and wind " * 40 + "at the very end", "-o", "out.png", "--dry-run")
    assert result.returncode == OK and b"at the very end" in result.stderr


def test_a_dry_run_checks_the_device_and_the_bundle(shell, tmp_path):
    plan = ["in.png", "snow", "-o", "out.png", "--dry-run"]
    expect_refusal(shell, DEVICE, "cuda:7", arguments=[*plan, "--device", "cuda:7"])
    shutil.copytree(shell.bundle, tmp_path / "bundle")
    with open(tmp_path / "bundle/unet.pt", "ab") as file:
        file.write(b"x")
    expect_refusal(shell, MODEL, "unet.pt", "bytes", arguments=[*plan, "--model", tmp_path / "bundle"])


def test_nothing_but_results_is_said_off_a_terminal(shell):
    result = shell.edit("in.png", "make it snow", "-o", "out.png", "--quiet")
    assert result.stderr == b""


def test_progress_on_a_terminal_from_the_start(shell):
    """The first thing shown is that the model is being loaded, before that takes its time."""
    main, second = pty.openpty()
    process = subprocess.Popen(
        [shell.program, "edit", "in.png", "make it snow", "-o", "out.png", "--steps", "4", "--device", "cpu"],
        cwd=shell.folder, env=shell.environment(), stderr=second, stdout=subprocess.DEVNULL,
    )
    os.close(second)
    first = os.read(main, 1000)
    shown = first
    try:
        while part := os.read(main, 1000):
            shown += part
    except OSError:  # what reading from a terminal that was closed gives on Linux
        pass
    os.close(main)
    assert process.wait(timeout=60) == OK, shown
    assert b"loading" in first and b"step" not in first and b"step 4/4" in shown and b"s left" in shown


def test_a_long_instruction_is_cut_and_the_cut_is_shown(shell):
    words = "snow and wind " * 40 + "at the very end"
    result = shell.edit("in.png", words, "-o", "out.png", "--count", 3)
    assert result.returncode == OK
    message = result.stderr.decode()
    assert message.count("warning") == 1 and "77 tokens" in message and "at the very end" in message


def test_verbose_says_where_how_and_how_long(shell):
    message = shell.edit("in.png", "make it snow", "-o", "out.png", "-v").stderr.decode()
    for part in ("cpu, float32, ", " thread", "90x60 in, 128x64 inside the model, 90x60 out", "euler_a, 2 steps", "load ",
                 "encode ", "sample ", "decode ", "write ", "peak memory of the process "):
        assert part in message, part


@pytest.mark.parametrize("command", [["--help"], ["edit", "--help"]])
def test_the_examples_of_the_help_are_right(shell, photograph, command):
    """Each is run, in order: a later one may need what an earlier one made."""
    photograph.resize((64, 64)).save(shell.folder / "photo.jpg")
    examples = shell.run(*command).stdout.decode().split("Examples:")[1]
    lines = [line for line in examples.splitlines() if line.startswith("  ip2p ")]
    assert lines
    path = f"{os.path.dirname(shell.program)}:{os.environ['PATH']}"
    for line in lines:
        line += "" if "ip2p info" in line else " --overwrite --device cpu" + ("" if "--from" in line else " --steps 2")
        result = subprocess.run(line, shell=True, cwd=shell.folder, env=shell.environment() | {"PATH": path}, capture_output=True)
        assert result.returncode == OK, (line, result.stderr)


def test_a_name_that_promises_another_format_is_pointed_out(shell):
    written = shell.edit("in.png", "make it snow", "-o", "out.png", "--format", "jpeg")
    assert written.returncode == OK and b'"out.png" will hold a JPEG picture' in written.stderr
    read = shell.edit("out.png", "make it snow", "-o", "again.png")
    assert read.returncode == OK and b'"out.png" is a JPEG picture in spite of its name' in read.stderr
    assert b"will hold" not in shell.edit("in.png", "snow", "-o", "out.tmp", "--format", "jpeg").stderr


def test_what_is_not_kept_is_said(shell, photograph):
    photograph.resize((64, 64)).save(shell.folder / "photo.jpg", xmp=b"<x:xmpmeta/>")
    said = shell.edit("photo.jpg", "make it snow", "-o", "out.jpg").stderr
    assert b'the XMP data of "photo.jpg" is not kept' in said
