"""Small sets of edits and runs of `ip2p train` on them, as the tests of training use them."""

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps
from safetensors import safe_open
from safetensors.torch import load_file

OK, NO, USAGE, FILE, INTERRUPTED = 0, 1, 2, 3, 130
PARTS = ("unet", "text_encoder", "vae_encoder", "vae_decoder")
# How two processes are started. OpenMPI keeps its sockets in TMPDIR, whose path may be too long for one.
TWO = {
    "launcher": ["mpirun", "--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", "2"],
    "env": os.environ | {"TMPDIR": "/tmp"},
}

# Three ways to edit a picture, and the words for each.
EDITS = {
    "make it a negative": ImageOps.invert,
    "turn it upside down": ImageOps.flip,
    "show fewer colours": lambda picture: ImageOps.posterize(picture, 2),
}


def make_pairs(folder, photograph, count=12, side=64, seed=0):
    """An image folder of `count` edits of parts of a photograph: side x side, or (width, height)."""
    folder.mkdir(parents=True)
    width, height = (side, side) if isinstance(side, int) else side
    random = np.random.default_rng(seed)
    lines = []
    for number in range(count):
        scale = random.uniform(0.5, 1.0) * min(photograph.width / width, photograph.height / height)
        left, top = random.uniform(0, 1, 2) * (photograph.width - scale * width, photograph.height - scale * height)
        box = (left, top, left + scale * width, top + scale * height)
        part = photograph.resize((width, height), Image.Resampling.BICUBIC, box)
        words, edit = list(EDITS.items())[number % len(EDITS)]
        names = f"{number}_before.png", f"{number}_after.png"
        part.save(folder / names[0])
        edit(part).save(folder / names[1])
        lines.append(json.dumps({"input_image": names[0], "edited_image": names[1], "edit_prompt": words}))
    (folder / "metadata.jsonl").write_text("\n".join(lines) + "\n")
    return folder


def quick_bundle(bundle, folder):
    """A copy of a bundle whose edits take three steps, so that contact sheets are quick."""
    shutil.copytree(bundle, folder)
    manifest = json.loads((folder / "bundle.json").read_text())
    manifest["defaults"]["steps"] = 3
    (folder / "bundle.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def training(ip2p, tiny_bundle, tmp_path, photograph):
    """Runs in an empty folder, from a tiny bundle like Stable Diffusion 1."""
    return Training(ip2p, quick_bundle(tiny_bundle("sd1"), tmp_path / "bundle"), tmp_path, photograph)


class Training:
    """Runs the program in a folder that has a bundle and twelve edits, `data`."""

    def __init__(self, program, bundle, folder, photograph):
        self.program, self.bundle, self.folder = program, bundle, folder
        make_pairs(folder / "data", photograph)

    def config(self, name, /, **keys):
        """Writes NAME.json, whose output is the folder NAME; `...` as a value takes a key away."""
        content = {
            "bundle": str(self.bundle), "data": "data", "output": name, "device": "cpu",
            "resolution": 64, "batch": 4, "steps": 6, "log_every": 1, "checkpoint_every": 2, "learning_rate": 1e-3,
        } | keys
        if "crops" in keys:
            content.pop("batch", None)
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps({key: value for key, value in content.items() if value is not ...}))
        return path

    def start(self, *arguments, launcher=(), **more):
        command = [*launcher, self.program, "train", *map(str, arguments)]
        return subprocess.Popen(command, cwd=self.folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)

    def run(self, *arguments, code=OK, **more):
        """(stdout, stderr) of a run that must end with `code`; a warning is a fault."""
        process = self.start(*arguments, **more)
        try:
            out, log = process.communicate(timeout=120)
        finally:
            process.kill()
        assert process.returncode == code, log
        assert "warning" not in log, log
        return out, log

    def train(self, name, /, *arguments, **keys):
        """Runs NAME.json to its end; the lines of its log of steps."""
        self.run(self.config(name, **keys), *arguments)
        return self.steps(name)

    def lines(self, name):
        return [json.loads(line) for line in (self.folder / name / "metrics.jsonl").read_text().splitlines()]

    def steps(self, name):
        """What was logged of every step, but for the time that it took."""
        return [{key: line[key] for key in line if key != "seconds"} for line in self.lines(name) if "loss" in line]

    def checkpoints(self, name):
        return sorted(path.name for path in (self.folder / name / "checkpoints").iterdir())

    def checkpoint(self, name, step):
        """The tensors and the JSON object of a checkpoint, of a step or the "best"."""
        file = "best" if step == "best" else f"step-{step:08}"
        path = self.folder / name / f"checkpoints/{file}.safetensors"
        with safe_open(path, "pt") as file:
            about = json.loads(file.metadata()["ip2p"])
        return load_file(path), about

    def held_out(self, name):
        """{step: held-out loss}"""
        return {line["step"]: line["held_out_loss"] for line in self.lines(name) if "held_out_loss" in line}

    def stop_after(self, name, step, number):
        """Starts NAME.json, sends it a signal when `step` is logged; (exit code, stderr)."""
        process = self.start(self.folder / f"{name}.json")
        log = self.folder / name / "metrics.jsonl"
        deadline = time.monotonic() + 60
        try:
            while not (log.exists() and f'"step":{step},' in log.read_text()):
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < deadline, f"step {step} is not reached"
                time.sleep(0.005)
            process.send_signal(number)
            _, errors = process.communicate(timeout=60)
        finally:
            process.kill()
        return process.returncode, errors


def weights(bundle):
    """{part/name: tensor} of all archives of a bundle."""
    found = {}
    for part in PARTS:
        for name, tensor in torch.jit.load(Path(bundle) / f"{part}.pt").state_dict().items():
            found[f"{part}/{name}"] = tensor
    return found


def changed(one, other):
    """The names of the tensors that differ in a bit; both must have the same names."""
    assert one.keys() == other.keys()
    return {name for name in one if not torch.equal(one[name].float(), other[name].float())}
