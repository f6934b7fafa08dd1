"""A folder with the program and a small picture in it, as the tests of `ip2p edit` use it."""

import os
import subprocess

import numpy as np
from PIL import Image

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
