"""What `ip2p edit` leaves behind when the disk, the memory, a pipe or a person stops it."""

import os
import pty
import resource
import signal
import subprocess
import time

import pytest
from edit_shell import DEVICE, FILE, INTERRUPTED, OK, QUICK, USAGE, expect_refusal
from small_disk import without_privileges


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
    locked = shell.folder / "locked"
    locked.mkdir(mode=0o500)
    command = [shell.program, "edit", "in.png", "snow", "-o", "locked/out.png", *QUICK]
    result = subprocess.run(
        without_privileges(command), cwd=shell.folder, env=shell.environment(), capture_output=True, text=True
    )
    assert result.returncode == FILE and "locked" in result.stderr and "Permission denied" in result.stderr
    assert list(locked.iterdir()) == []


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


def test_an_interrupt_of_the_last_stage_ends_cleanly(shell, photograph):
    """The steps are done and the picture is being decoded: it is not written."""
    photograph.resize((800, 800)).save(shell.folder / "large.png")
    process = subprocess.Popen(
        [shell.program, "edit", "large.png", "snow", "-o", "out.png", "--steps", "1", "--resolution", "800", "--device",
         "cpu", "-v"],
        cwd=shell.folder, env=shell.environment(), stderr=subprocess.PIPE, stdout=subprocess.PIPE,
    )
    for line in process.stderr:
        if b"sample " in line:
            process.send_signal(signal.SIGINT)
            break
    output, errors = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED and b"interrupted; 0 of 1 pictures were written" in errors, errors
    assert output == b"" and "out.png" not in shell.files()


def test_a_picture_is_not_written_to_a_terminal(shell):
    main, second = pty.openpty()
    command = [shell.program, "edit", "in.png", "snow", "-o", "-", *QUICK]
    result = subprocess.run(command, cwd=shell.folder, env=shell.environment(), stdout=second, stderr=subprocess.PIPE)
    os.close(second)
    os.close(main)
    assert result.returncode == USAGE and b"the terminal" in result.stderr
