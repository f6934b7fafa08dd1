"""A folder of pictures and runs of `ip2p batch` over it, as the tests of batches use it."""

import json
import os
import re
import shutil
import subprocess

import numpy as np
import pytest
from PIL import Image

OK, NO, USAGE, FILE, INTERRUPTED = 0, 1, 2, 3, 130
WORDS = "make it snow"
QUICK = ["--steps", "2", "--device", "cpu", "--quiet"]


@pytest.fixture
def batch(ip2p, tiny_bundle, tmp_path, photograph):
    """Runs of the program in an empty folder."""
    return Batch(ip2p, tiny_bundle("sd1"), tmp_path, photograph)


class Batch:
    """The program, a bundle and a folder."""

    def __init__(self, program, bundle, folder, photograph):
        self.program, self.bundle, self.folder, self.photograph = program, bundle, folder, photograph
        self.environment = os.environ | {"IP2P_MODEL": str(bundle)}

    def make_inputs(self, count, name="in", sizes=((48, 32), (32, 32), (40, 64))):
        """Parts of a photograph, `name`/NNN.png, the sizes in turn; their names."""
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(0)
        names = []
        for number in range(count):
            width, height = sizes[number % len(sizes)]
            left, top = (int(random.integers(0, side - 64)) for side in self.photograph.size)
            names.append(f"{number:04}.png")
            self.photograph.crop((left, top, left + width, top + height)).save(folder / names[-1])
        return names

    def command(self, *arguments):
        return [self.program, "batch", *(str(word) for word in arguments)]

    def start(self, *arguments, **more):
        return subprocess.Popen(
            self.command(*arguments), cwd=self.folder, env=self.environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more,
        )

    def run(self, *arguments, code=OK, stdin=None, **more):
        """(stdout, stderr) of a run that must end with `code`."""
        process = self.start(*arguments, stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL, **more)
        try:
            out, log = process.communicate(stdin, timeout=300)
        finally:
            process.kill()
        assert process.returncode == code, log
        return out, log

    def edit(self, picture, out, *arguments):
        """One picture by `ip2p edit`."""
        command = [self.program, "edit", picture, "-o", out, "--overwrite", *QUICK, *map(str, arguments)]
        subprocess.run(command, cwd=self.folder, env=self.environment, check=True, capture_output=True)

    def results(self, folder="out", name="results.jsonl"):
        """{output: its line} of a results file; each output has one."""
        lines = [json.loads(line) for line in (self.folder / folder / name).read_text().splitlines()]
        found = {line["output"]: line for line in lines}
        assert len(found) == len(lines), "an output has two lines"
        return found

    def outputs(self, folder="out"):
        """Paths of all pictures below a folder, relative to it."""
        top = self.folder / folder
        return sorted(str(path.relative_to(top)) for path in top.rglob("*.png"))

    def files(self, folder="out"):
        """Every file of the outputs that is not the batch's own."""
        top = self.folder / folder
        paths = [path.relative_to(top) for path in top.rglob("*") if path.is_file()]
        own = re.compile(r"\.ip2p/(lock|shard-|begun|finished).*|results(-\d+-of-\d+)?\.jsonl")
        return sorted(str(path) for path in paths if not own.fullmatch(str(path)))

    def reset(self, folder="out"):
        shutil.rmtree(self.folder / folder, ignore_errors=True)


def pixels(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def difference(one, other):
    """The largest difference of two pictures of one size, of 255."""
    first, second = pixels(one), pixels(other)
    assert first.shape == second.shape
    return int(np.abs(first - second).max())
