"""scripts/bundle_to_diffusers.py: a bundle's weights come back to the bit, and a trained one edits in diffusers."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionInstructPix2PixPipeline
from diffusers_reference import edit
from PIL import Image
from safetensors.torch import load_file
from training import changed, training  # noqa: F401 (training is a fixture)

SCRIPTS = Path(__file__).parents[2] / "scripts"
USAGE, FILE, MODEL = 2, 3, 4


def script(name, *arguments, code=0):
    done = subprocess.run([sys.executable, SCRIPTS / name, *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == code, done.stderr
    return done.stderr


def tensors(folder):
    """{part/name: tensor} of a diffusers folder."""
    return {
        f"{path.parent.name}/{name}": tensor
        for path in folder.glob("*/*.safetensors")
        for name, tensor in load_file(path).items()
    }


@pytest.mark.parametrize("model", ["sd1", "sd2", "vae3"])
def test_a_round_trip_is_exact(model, tiny_folder, tmp_path):
    script("export_bundle.py", tiny_folder(model), tmp_path / "bundle", "--dtype", "float32", "--random-weights")
    script("bundle_to_diffusers.py", tmp_path / "bundle", tmp_path / "back", "--config", tiny_folder(model))
    before, after = tensors(tiny_folder(model)), tensors(tmp_path / "back")
    assert changed(before, after) == set()
    assert all(after[name].dtype == torch.float32 for name in after)
    for file in "scheduler/scheduler_config.json", "tokenizer/vocab.json", "tokenizer/merges.txt", "model_index.json":
        assert (tiny_folder(model) / file).read_bytes().split() == (tmp_path / "back" / file).read_bytes().split()
    assert not list(tmp_path.glob(".*partial*"))


def test_a_trained_bundle_edits_in_diffusers(training, tiny_folder, photograph):
    training.train("run", "--export", "new", steps=20, train_text=True)
    script("bundle_to_diffusers.py", training.folder / "new", training.folder / "back", "--config", tiny_folder("sd1"))
    moved = changed(tensors(tiny_folder("sd1")), tensors(training.folder / "back"))
    assert any(name.startswith("unet/") for name in moved) and any(name.startswith("text_encoder/") for name in moved)
    assert not any(name.startswith("vae/") for name in moved)

    picture = photograph.resize((128, 64))
    picture.save(training.folder / "in.png")
    subprocess.run(
        [
            training.program, "edit", "in.png", "make it a negative", "-o", "out.png", "--model", "new", "--quiet",
            "--size-mode", "crop", "--resolution", "128", "--device", "cpu", "--sampler", "euler_a", "--steps", "7",
            "--seed", "5", "--cfg-text", "3", "--cfg-image", "1.5",
        ],
        check=True, cwd=training.folder,
    )
    pipe = StableDiffusionInstructPix2PixPipeline.from_pretrained(training.folder / "back", local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    pipe.source_scheduler_config = pipe.scheduler.config
    request = {"sampler": "euler_a", "steps": 7, "cfg_text": 3.0, "cfg_image": 1.5, "seed": 5}
    theirs = edit(pipe, picture, "make it a negative", **request)
    ours = np.asarray(Image.open(training.folder / "out.png").convert("RGB"))
    assert ours.std() > 5, "a flat picture proves nothing"
    assert np.abs(ours.astype(int) - theirs.astype(int)).max() <= 1


def test_what_is_refused(tiny_folder, tiny_bundle, tmp_path):
    bundle, out = tiny_bundle("sd1"), tmp_path / "out"
    refused = [
        (USAGE, [bundle, out, "--config", tmp_path], "has no model_index.json"),
        (USAGE, [bundle, out, "--config", tiny_folder("sd2")], "its scheduler is not the bundle's"),
        (FILE, [tmp_path, out, "--config", tiny_folder("sd1")], "bundle.json"),
        (FILE, [bundle, tmp_path, "--config", tiny_folder("sd1")], "exists; give another folder"),
    ]
    wide = tmp_path / "wide"
    shutil.copytree(tiny_folder("sd1"), wide)
    config = json.loads((wide / "unet/config.json").read_text())
    (wide / "unet/config.json").write_text(json.dumps(config | {"block_out_channels": [16, 16, 32, 64]}))
    refused.append((USAGE, [bundle, out, "--config", wide], "name the model it was made from"))
    damaged = tmp_path / "damaged"
    shutil.copytree(bundle, damaged)
    with open(damaged / "unet.pt", "ab") as file:
        file.write(b"!")
    refused.append((MODEL, [damaged, out, "--config", tiny_folder("sd1")], "unet.pt: is not the unet"))
    for code, arguments, sentence in refused:
        message = script("bundle_to_diffusers.py", *arguments, code=code)
        assert sentence in message and message.count("\n") == 1, message
        assert not out.exists()
