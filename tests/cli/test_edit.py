"""`ip2p edit` as a person meets it: files, names, streams, records, and what happens when something is wrong."""

import io
import json
import os
import pty
import resource
import shutil
import signal
import subprocess
import time

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

OK, NO, USAGE, FILE, MODEL, DEVICE, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130

QUICK = ["--steps", "2", "--device", "cpu"]


def pixels(source):
    with Image.open(source) as picture:
        return np.asarray(picture.convert("RGB"))


def size_of(path):
    with Image.open(path) as picture:
        return picture.size


class Shell:
    """Runs the program in a folder of its own, with a small picture `in.png`."""

    def __init__(self, program, bundle, folder, photograph):
        self.program, self.bundle, self.folder = program, bundle, folder
        photograph.resize((90, 60)).save(folder / "in.png")

    def environment(self):
        return {**os.environ, "IP2P_MODEL": str(self.bundle)}

    def run(self, *arguments, stdin=None, env=None, **more):
        command = [self.program, *(word if isinstance(word, bytes) else str(word) for word in arguments)]
        return subprocess.run(
            command, cwd=self.folder, env=self.environment() | (env or {}), input=stdin, capture_output=True, timeout=120,
            **more,
        )

    def edit(self, *arguments, **more):
        return self.run("edit", *arguments, *QUICK, **more)

    def files(self):
        return sorted(path.name for path in self.folder.iterdir())

    def picture(self, name):
        return pixels(self.folder / name)


@pytest.fixture
def shell(ip2p, tiny_bundle, tmp_path, photograph):
    return Shell(ip2p, tiny_bundle("sd1"), tmp_path, photograph)


def expect_refusal(shell, code, *needles, arguments, **more):
    """The program ends with `code` and one line on stderr that has every needle; no file appears."""
    before = shell.files()
    result = shell.run("edit", *arguments, **more)
    message = result.stderr.decode()
    assert result.returncode == code, message
    assert message.startswith("ip2p: error: ") and message.count("\n") == 1, message
    for needle in needles:
        assert needle in message, f"{needle!r} is not in {message!r}"
    assert result.stdout == b""
    assert shell.files() == before


# what it makes


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


def test_json_is_one_object_a_picture(shell):
    result = shell.edit("in.png", "make it snow", "-o", "out.png", "--count", 2, "--json")
    objects = [json.loads(line) for line in result.stdout.splitlines()]
    assert [each["seed"] for each in objects] == [0, 1]
    assert objects[0]["output"] == "out_0.png" and objects[0]["instruction"] == "make it snow"
    assert objects[0]["dtype"] == "float32" and objects[0]["sampler"] == "euler_a"
    assert objects[0]["seconds"]["to_first_step"] > 0


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


def test_output_size_input(shell, photograph):
    photograph.resize((200, 130)).save(shell.folder / "large.png")
    shell.edit("large.png", "make it snow", "-o", "fit.png", "--resolution", 100)
    shell.edit("large.png", "make it snow", "-o", "same.png", "--resolution", 100, "--output-size", "input")
    assert size_of(shell.folder / "fit.png") == (100, 65)
    assert size_of(shell.folder / "same.png") == (200, 130)


def test_dry_run_writes_nothing(shell):
    before = shell.files()
    result = shell.edit("in.png", "make it snow", "-o", "out.png", "--dry-run", "--count", 2)
    plan = json.loads(result.stdout)
    assert result.returncode == OK and shell.files() == before
    assert [output["output"] for output in plan["outputs"]] == ["out_0.png", "out_1.png"]
    assert plan["steps"] == 2 and plan["cfg_text"] == 7.5 and plan["model_size"] == {"width": 128, "height": 64}


def test_the_last_of_a_repeated_flag_counts(shell):
    """As in the original's argparse: a script may append to a command line it was given."""
    shell.edit("in.png", "make it snow", "-o", "a.png", "--seed", 3)
    shell.edit("in.png", "make it snow", "-o", "b.png", "--seed", 9, "--seed", 3)
    assert np.array_equal(shell.picture("a.png"), shell.picture("b.png"))


# the record


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


def test_a_dry_run_checks_the_device_and_the_bundle(shell, tmp_path):
    plan = ["in.png", "snow", "-o", "out.png", "--dry-run"]
    expect_refusal(shell, DEVICE, "cuda:7", arguments=[*plan, "--device", "cuda:7"])
    shutil.copytree(shell.bundle, tmp_path / "bundle")
    with open(tmp_path / "bundle/unet.pt", "ab") as file:
        file.write(b"x")
    expect_refusal(shell, MODEL, "unet.pt", "bytes", arguments=[*plan, "--model", tmp_path / "bundle"])


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


# what it refuses


@pytest.mark.parametrize(
    ("code", "needles", "arguments"),
    [
        (USAGE, ["no output", "-o"], ["in.png", "snow"]),
        (USAGE, ["no input"], ["-o", "out.png"]),
        (USAGE, ["instruction is empty"], ["in.png", "", "-o", "out.png"]),
        (USAGE, ["instruction is empty"], ["in.png", " \t\n", "-o", "out.png"]),
        (USAGE, ["UTF-8", "byte 6"], ["in.png", b"snow \xff", "-o", "out.png"]),
        (USAGE, ["unknown sampler", '"hein"', "heun"], ["in.png", "snow", "-o", "out.png", "--sampler", "hein"]),
        (USAGE, ["unknown dtype", "bfloat16"], ["in.png", "snow", "-o", "out.png", "--dtype", "int8"]),
        (USAGE, ["unknown device", "cpu"], ["in.png", "snow", "-o", "out.png", "--device", "tpu"]),
        (DEVICE, ["cuda:7", "is not there"], ["in.png", "snow", "-o", "out.png", "--device", "cuda:7"]),
        (USAGE, ["--steps", "1 to 1000", "0"], ["in.png", "snow", "-o", "out.png", "--steps", "0"]),
        (USAGE, ["--steps"], ["in.png", "snow", "-o", "out.png", "--steps", "many"]),
        (USAGE, ["--cfg-text", "nan"], ["in.png", "snow", "-o", "out.png", "--cfg-text", "nan"]),
        (USAGE, ["--cfg-image", "0 to 50"], ["in.png", "snow", "-o", "out.png", "--cfg-image", "-1"]),
        (USAGE, ["--cfg-text"], ["in.png", "snow", "-o", "out.png", "--cfg-text", "inf"]),
        (USAGE, ["--seed"], ["in.png", "snow", "-o", "out.png", "--seed", "-1"]),
        (USAGE, ["--seed"], ["in.png", "snow", "-o", "out.png", "--seed", "99999999999999999999"]),
        (USAGE, ["--resolution"], ["in.png", "snow", "-o", "out.png", "--resolution", "0"]),
        (USAGE, ["--count", "1 to 10000"], ["in.png", "snow", "-o", "out.png", "--count", "0"]),
        (USAGE, ["--quality", "1 to 100"], ["in.png", "snow", "-o", "out.png", "--quality", "101"]),
        (USAGE, ["--size-mode", "pad, crop"], ["in.png", "snow", "-o", "out.png", "--size-mode", "stretch"]),
        (USAGE, ["--output-size", "crop"], ["in.png", "snow", "-o", "out.png", "--size-mode", "crop",
                                            "--output-size", "input"]),
        (USAGE, ["png", "webp"], ["in.png", "snow", "-o", "out.gif"]),
        (USAGE, ["--frobnicate"], ["in.png", "snow", "-o", "out.png", "--frobnicate"]),
        (USAGE, ["one stream"], ["in.png", "snow", "-o", "-", "--count", "2"]),
        (FILE, ["missing.png", "No such file"], ["missing.png", "snow", "-o", "out.png"]),
        (FILE, ["."], [".", "snow", "-o", "out.png"]),
        (FILE, ["in.png", "--overwrite"], ["in.png", "snow", "-o", "in.png"]),
        (FILE, ["nowhere"], ["in.png", "snow", "-o", "nowhere/out.png"]),
        (MODEL, ["nothing-here", "bundle.json"], ["in.png", "snow", "-o", "out.png", "--model", "nothing-here"]),
    ],
)
def test_refusals(shell, code, needles, arguments):
    expect_refusal(shell, code, *needles, arguments=arguments)


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


def test_a_full_disk_leaves_nothing(shell):
    """A limit on the size of files stands in for the disk: the same write fails, half way."""

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    before = shell.files()
    result = shell.edit("in.png", "make it snow", "-o", "out.png", "--quiet", preexec_fn=limit)
    assert result.returncode == FILE and b"cannot write" in result.stderr, result.stderr
    assert shell.files() == before


def test_devices_and_pipes_are_not_replaced(shell):
    os.mkfifo(shell.folder / "pipe.png")
    for more in ([], ["--overwrite"]):
        expect_refusal(shell, FILE, "pipe.png", "pipe", arguments=["in.png", "snow", "-o", "pipe.png", *more])
    assert (shell.folder / "pipe.png").is_fifo()


def test_a_closed_pipe_is_an_error(shell):
    command = [shell.program, "edit", "in.png", "snow", "-o", "-", *QUICK, "--quiet"]
    reader, writer = os.pipe()
    os.close(reader)
    result = subprocess.run(command, cwd=shell.folder, env=shell.environment(), stdout=writer, stderr=subprocess.PIPE)
    os.close(writer)
    assert result.returncode == FILE and b"stdout" in result.stderr
    with open("/dev/full", "w") as full:
        info = subprocess.run([shell.program, "info"], env=shell.environment(), stdout=full, stderr=subprocess.PIPE)
    assert info.returncode == FILE and b"stdout" in info.stderr


def test_memory_that_runs_out_is_said_so(shell, photograph):
    """Not a fault of the model's files, nor of the program."""

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (1200 << 20, 1200 << 20))

    photograph.resize((1500, 1500)).save(shell.folder / "large.png")
    result = shell.edit("large.png", "snow", "-o", "out.png", "--resolution", 1500, "--quiet", preexec_fn=limit)
    if result.returncode == OK:
        pytest.fail("the limit was not reached")
    assert result.returncode == DEVICE, result.stderr
    assert b"memory" in result.stderr and b"--resolution" in result.stderr
    assert "out.png" not in shell.files()


def test_an_existing_file_stays_unless_asked(shell):
    (shell.folder / "out.png").write_bytes(b"precious")
    expect_refusal(shell, FILE, "out.png", "--overwrite", arguments=["in.png", "snow", "-o", "out.png"])
    assert (shell.folder / "out.png").read_bytes() == b"precious"
    assert shell.edit("in.png", "snow", "-o", "out.png", "--overwrite").returncode == OK
    assert shell.picture("out.png").shape == (60, 90, 3)


def test_an_unwritable_folder(shell):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere; tests/unit/base has the check itself")
    locked = shell.folder / "locked"
    locked.mkdir(mode=0o500)
    expect_refusal(shell, FILE, "locked", arguments=["in.png", "snow", "-o", "locked/out.png"])


def test_a_long_instruction_is_cut_and_the_cut_is_shown(shell):
    words = "snow and wind " * 40 + "at the very end"
    result = shell.edit("in.png", words, "-o", "out.png")
    assert result.returncode == OK
    message = result.stderr.decode()
    assert "warning" in message and "77 tokens" in message and "at the very end" in message


def test_an_interrupt_ends_cleanly(shell):
    process = subprocess.Popen(
        [shell.program, "edit", "in.png", "snow", "-o", "out.png", "--steps", "1000", "--device", "cpu", "--json"],
        cwd=shell.folder, env=shell.environment(), stderr=subprocess.PIPE, stdout=subprocess.PIPE,
    )
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED, errors
    assert b"interrupted; 0 of 1 pictures were written" in errors
    assert shell.files() == ["in.png"]


def test_help_names_every_flag_of_the_contract(shell):
    text = shell.run("edit", "--help").stdout.decode()
    for flag in ("--steps --cfg-text --cfg-image --seed --sampler --resolution --size-mode --output-size --device --dtype"
                 " --overwrite --dry-run --json --quiet --verbose --model --from --count --strip --input --output --edit"
                 ).split():
        assert flag in text, flag
