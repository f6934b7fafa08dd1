"""The UNet's training: the program itself does it, this says with what."""

import json
import math
import os
import shutil
import subprocess
from pathlib import Path

import torch

from .stage import ROOT, fingerprint, is_whole, made_from, seal, unseal, write_atomically
from .start import LICENCE, NAME

# Small crops teach many examples in little time, and the rate must fall from early on: at its full height the weights
# move too much to learn more. But normalisation over a whole picture is not that over a crop, and frames need whole
# ones: so some steps see them.
TRAINING = {
    "steps": 9000,
    "precision": "bfloat16",
    "optimizer": "muon",
    "learning_rate": 0.02,
    "weight_decay": 0.01,
    "warmup": 50,
    "schedule": "cosine",
    "decay_from": 0.1,
    "ema_decay": 0.998,
    "ema_warmup": 20,
    "noisy_bias": 2.2,
    "flip": False,  # half of the pictures are mirrored already
    "crops": [
        {"pixels": 64, "batch": 64, "share": 3},
        {"pixels": 128, "batch": 16, "share": 1},
        {"pixels": 256, "batch": 6, "share": 2},
    ],
    "checkpoint_every": 250,
    "validate_every": 1000,
}
# What may be changed while a run is in progress.
FREE = ("steps", "checkpoint_every", "validate_every")
SOURCE = "photographs from free software packages, listed in README.md, edited by OpenCV"


def train_unet(work: Path) -> Path:
    """Writes <work>/unet/bundle in float16, going on where training was stopped."""
    folder = work / "unet"
    bundle = folder / "bundle"
    wanted = unet_fingerprint(work)
    if is_whole(folder, wanted):
        return bundle
    unseal(folder)
    claim_run(folder, run_fingerprint(work))
    config = {
        "bundle": "../start",
        "data": "../pairs/train",
        "validation_data": "../pairs/validation",
        "output": "run",
        "name": NAME,
        "source": SOURCE,
        "licence": LICENCE,
        **TRAINING,
    }
    write_atomically(folder / "config.json", (json.dumps(config, indent=2) + "\n").encode())
    shutil.rmtree(bundle, ignore_errors=True)
    command = [*launcher(), ROOT / "build/ip2p", "train", folder / "config.json", "--export", bundle]
    subprocess.run([*map(str, command), "--export-dtype", "float16"], check=True)
    seal(folder, wanted)
    return bundle


def unet_fingerprint(work: Path) -> str:
    """What the bundle is made from."""
    return fingerprint(["unet.py"], *inputs(work))


def run_fingerprint(work: Path) -> str:
    """What a run in progress must have been begun with."""
    return fingerprint([], {key: TRAINING[key] for key in TRAINING if key not in FREE}, *inputs(work))


def inputs(work: Path) -> list:
    """What the run reads."""
    about = json.loads((work / "start/bundle.json").read_text())
    return [about["files"], *(made_from(work / "pairs" / split) for split in ("train", "validation"))]


def claim_run(folder: Path, wanted: str) -> None:
    """Removes a run that was begun with other things, but for its latents: those know what they were made from."""
    run, mark = folder / "run", folder / "run.fingerprint"
    if mark.is_file() and mark.read_text() != wanted:
        for path in run.iterdir() if run.is_dir() else ():
            if path.is_dir() and path.name != "latents":
                shutil.rmtree(path)
            elif path.is_file():
                path.unlink()
    elif not mark.is_file() and (run / "checkpoints").is_dir():
        raise SystemExit(
            f"{run} does not say what it was begun with: delete it, or if it was begun with what is there now, "
            f"write {wanted} into {mark}"
        )
    write_atomically(mark, wanted.encode())


def processes() -> int:
    """At most four that share every batch equally."""
    batches = math.gcd(*(rule["batch"] for rule in TRAINING["crops"]))
    most = min(4, len(os.sched_getaffinity(0)))
    return max(count for count in range(1, most + 1) if batches % count == 0)


def launcher() -> list[str]:
    """On a CPU, a process of one thread a core: small networks gain nothing from threads."""
    if torch.cuda.is_available() or processes() < 2 or shutil.which("mpirun") is None:
        return []
    return ["mpirun", "--allow-run-as-root", "--bind-to", "none", "-n", str(processes())]
