"""The unpacked tarball: its scripts, and the program that is checked."""

import json
import os
import subprocess
import sys
import tarfile
import time
import zipfile
from pathlib import Path

from .gpu import Memory
from .stop import BUG, FILE, Stop, say

NEEDED = ("torch", "transformers", "sentencepiece", "safetensors", "numpy", "PIL", "diffusers", "open_clip")
INSTRUCTION = "make it snow"


class Installation:
    """The unpacked tarball, and a Python that can run its exporter."""

    def __init__(self, tarball, folder, wheels):
        self.tarball, self.folder = tarball, folder
        say(f"unpacking {tarball}")
        with tarfile.open(tarball) as archive:
            archive.extractall(folder, filter="data")
        (self.prefix,) = (path.parent.parent for path in folder.glob("*/bin/ip2p"))
        site = folder / "site"
        for wheel in sorted(wheels.glob("*.whl")) if wheels else []:
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(site)
        # The program asks python3 for libtorch: that is to be the Python that runs this.
        paths = {"PATH": [Path(sys.executable).parent], "PYTHONPATH": [site, self.prefix / "share/ip2p/scripts"]}
        self.environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
        for name, places in paths.items():
            self.environment[name] = os.pathsep.join([*map(str, places), *filter(None, [os.environ.get(name)])])

    def python(self, *arguments):
        """The output of Python, run beside the tarball's scripts."""
        command = [sys.executable, *map(str, arguments)]
        result = subprocess.run(command, env=self.environment, stdout=subprocess.PIPE, text=True)
        if result.returncode != 0:
            code = BUG if result.returncode == 1 else result.returncode  # 1 is Python's own, for what nobody caught
            raise Stop(code, f"python3 {' '.join(command[1:3])} failed; its message is above")
        return result.stdout.strip()

    def refuse_missing_packages(self):
        """Says at once what would fail minutes later."""
        find = "import sys; from importlib.util import find_spec; print(*(n for n in sys.argv[1:] if not find_spec(n)))"
        missing = self.python("-c", find, *NEEDED)
        if missing:
            raise Stop(FILE, f"{sys.executable} lacks {missing.replace(' ', ', ')}; give a folder with the wheels by --wheels")

    def make_bundle(self, tiny):
        bundle = self.folder / "bundle"
        if tiny:
            self.python(self.prefix / "share/ip2p/scripts/make_tiny_bundle.py", bundle)
            return bundle
        say("making and exporting a random model (minutes)")
        began = time.monotonic()
        self.python("-m", "bundle_export.full_size", self.folder / "pipeline", "--bundle", bundle)
        say(f"exported after {time.monotonic() - began:.0f} s")
        return bundle


class Program:
    """ip2p, as it came out of the tarball."""

    def __init__(self, place, bundle, picture, device):
        self.place, self.bundle, self.picture, self.device = place, bundle, picture, device

    def edit(self, dtype, side, steps, device, *more):
        """Edits the picture; returns the program's results, one a picture."""
        output = self.place.folder / f"{device}-{dtype}-{side}-{steps}.png"
        command = [self.place.prefix / "bin/ip2p", "edit", self.picture, INSTRUCTION, "-o", output, "--overwrite", "--json"]
        command += ["--model", self.bundle, "--device", device, "--dtype", dtype]
        command += ["--resolution", side, "--steps", steps, *more]
        result = subprocess.run(
            [str(word) for word in command], env=self.place.environment, stdout=subprocess.PIPE, text=True
        )
        if result.returncode != 0:
            raise Stop(result.returncode, f"ip2p edit failed in {dtype} on {device}; its message is above")
        return [json.loads(line) for line in result.stdout.splitlines()]

    def measured(self, dtype, side, steps):
        """Figures of two edits in one process; the second of them finds everything warm."""
        say(f"{dtype}: two edits of {steps} steps at {side}x{side}")
        try:
            with Memory(self.device) as memory:
                first, second = self.edit(dtype, side, steps, self.device, "--count", 2)
        except Stop as stop:
            return {"error": str(stop)}
        return {
            "load_s": first["seconds"]["load"],
            "to_first_step_s": first["seconds"]["to_first_step"],
            "first_edit_s": first["seconds"]["item"],
            "edit_s": second["seconds"]["item"],
            "step_s": second["seconds"]["per_step"],
            "peak_mib": memory.peak_mib,
        }

    def largest_difference(self, side, steps):
        """How far the device's float32 picture is from the CPU's, of 255; None if one of them failed."""
        from PIL import Image, ImageChops

        try:
            ours, theirs = (self.edit("float32", side, steps, device)[0] for device in (self.device, "cpu"))
        except Stop as stop:
            say(str(stop))
            return None
        pictures = (Image.open(result["output"]).convert("RGB") for result in (ours, theirs))
        return max(most for _, most in ImageChops.difference(*pictures).getextrema())
