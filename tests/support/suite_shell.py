"""The program as the tests of `ip2p regress` use it, with a suite of two cases."""

import json
import os
import subprocess

import numpy as np
from altered_pictures import part_of
from PIL import Image
from PIL.PngImagePlugin import PngInfo

OK, NO, USAGE, FILE = 0, 1, 2, 3
OPTIONS = ["--steps", "2", "--resolution", "64"]
CASE = "cat-make-it-snow"


class SuiteShell:
    """The program, a bundle, and a folder with two pictures."""

    def __init__(self, program, tiny_bundle, folder, photograph):
        self.program, self.tiny_bundle, self.folder = program, tiny_bundle, folder
        self.environment = os.environ | {"IP2P_MODEL": str(tiny_bundle("sd1"))}
        (folder / "in").mkdir()
        for name in ("cat", "dog"):
            chance = np.random.RandomState(len(name) + ord(name[0]))
            Image.fromarray(part_of(photograph, 64, 48, chance)).save(folder / f"in/{name}.png")

    def regress(self, *arguments, code=OK):
        """(stdout, stderr)."""
        command = [self.program, "regress", *map(str, arguments)]
        result = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True)
        assert result.returncode == code, (result.stdout, result.stderr)
        return result.stdout, result.stderr

    def lines(self, *arguments, code=OK):
        """What it prints before the table of what does not pass."""
        return self.regress(*arguments, code=code)[0].split("\n\n")[0] + "\n"

    def approved(self, *limits):
        """A suite of two cases, run and approved."""
        self.regress("init", "suite", "in", "--edit", "make it snow", *OPTIONS, *limits)
        self.regress("run", "suite", code=NO)
        self.regress("approve", "suite", "--failed", "-m", "first")
        return self.folder / "suite"

    def change(self, path, **more):
        """Keys of a JSON file; None takes one out."""
        json_path = self.folder / "suite" / path
        content = {**json.loads(json_path.read_text()), **more}
        json_path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))

    def alter_reference(self, case, alter):
        """Changes an approved picture's pixels; its record stays."""
        path = self.folder / f"suite/cases/{case}/ref/cpu-float32.png"
        with Image.open(path) as picture:
            pixels, words = np.array(picture), dict(picture.text)
        record = PngInfo()
        for key, value in words.items():
            record.add_itxt(key, value)
        Image.fromarray(alter(pixels)).save(path, pnginfo=record)


def with_pixel(pixels, x=10, y=20, by=40):
    pixels[y, x, 1] = np.clip(int(pixels[y, x, 1]) + (by if pixels[y, x, 1] < 128 else -by), 0, 255)
    return pixels
