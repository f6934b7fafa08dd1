"""The UNet's training: the program itself does it, this says with what."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import torch

from .stage import ROOT, fingerprint, is_whole, seal, unseal, write_atomically
from .start import LICENCE, NAME

# Found with the prototype of this model (v prediction, Muon, noisy timesteps, small crops for most examples) and by
# what came after: normalisation over a whole picture is not that over a crop, so every other step sees whole ones.
TRAINING = {
    "steps": 7000,
    "precision": "bfloat16",
    "optimizer": "muon",
    "learning_rate": 0.02,
    "weight_decay": 0.01,
    "warmup": 100,
    "schedule": "cosine",
    "decay_from": 0.4,
    "ema_decay": 0.998,
    "ema_warmup": 20,
    "noisy_bias": 2.2,
    "flip": False,  # half of the pictures are mirrored already
    "crops": [
        {"pixels": 64, "batch": 48, "share": 2},
        {"pixels": 128, "batch": 12, "share": 1},
        {"pixels": 256, "batch": 6, "share": 3},
    ],
    "checkpoint_every": 250,
    "validate_every": 1000,
}
SOURCE = "photographs from free software packages, listed in README.md, edited by OpenCV"


def train_unet(work: Path) -> Path:
    """Writes <work>/unet/bundle in float16, going on where training was stopped."""
    folder = work / "unet"
    bundle = folder / "bundle"
    about = json.loads((work / "start/bundle.json").read_text())
    made_from = fingerprint(["unet.py"], about["files"])
    if is_whole(folder, made_from):
        return bundle
    unseal(folder)
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
    seal(folder, made_from)
    return bundle


def launcher() -> list[str]:
    """On a CPU, a process of one thread for each of at most four cores: small networks gain nothing from threads."""
    processes = min(4, len(os.sched_getaffinity(0)))
    if torch.cuda.is_available() or processes < 2 or shutil.which("mpirun") is None:
        return []
    processes -= processes % 2  # batches are even
    return ["mpirun", "--allow-run-as-root", "--bind-to", "none", "-n", str(processes)]
