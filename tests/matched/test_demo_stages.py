"""How the demo model's stages know what they were made from, and how its edits are judged."""

import json

import cv2
import numpy as np
import pytest
import torch
from diffusers import AutoencoderKL
from PIL import Image

from demo_model import unet
from demo_model.edits import EDITS
from demo_model.evaluate import Example, candidates, label, score
from demo_model.stage import ROOT, seal, unseal, write_atomically
from demo_model.stream_scale import calm
from demo_model.vae import CONFIG


@pytest.fixture
def picture():
    with Image.open(ROOT / "models/photographs/coffee.jpg") as opened:
        return np.asarray(opened.convert("RGB").resize((128, 128), Image.Resampling.LANCZOS))


@pytest.fixture
def work(tmp_path):
    """A work folder as the stages before the UNet leave it."""
    for split in "train", "validation":
        unseal(tmp_path / "pairs" / split)
        seal(tmp_path / "pairs" / split, f"{split} 1")
    write_atomically(tmp_path / "start/bundle.json", json.dumps({"files": {"unet": "abc"}}).encode())
    return tmp_path


def test_a_stage_follows_what_it_is_made_from(work):
    before = unet.unet_fingerprint(work), unet.run_fingerprint(work)
    seal(work / "pairs/train", "train 2")
    after = unet.unet_fingerprint(work), unet.run_fingerprint(work)
    assert before[0] != after[0] and before[1] != after[1]


def test_a_longer_run_is_the_same_run(work, monkeypatch):
    before = unet.run_fingerprint(work)
    monkeypatch.setitem(unet.TRAINING, "steps", 8000)
    assert unet.run_fingerprint(work) == before
    monkeypatch.setitem(unet.TRAINING, "learning_rate", 0.5)
    assert unet.run_fingerprint(work) != before


def test_a_run_of_other_things_is_removed_but_for_its_latents(tmp_path):
    def names():
        return sorted(path.name for path in (tmp_path / "run").iterdir())

    unet.claim_run(tmp_path, "one")
    for name in "checkpoints/a", "latents/b", "metrics.jsonl":
        write_atomically(tmp_path / "run" / name, b"")
    unet.claim_run(tmp_path, "one")
    assert names() == ["checkpoints", "latents", "metrics.jsonl"]
    unet.claim_run(tmp_path, "two")
    assert names() == ["latents"]


def test_a_run_of_unknown_things_is_left_alone(tmp_path):
    write_atomically(tmp_path / "run/checkpoints/a", b"")
    with pytest.raises(SystemExit, match="one"):
        unet.claim_run(tmp_path, "one")
    assert (tmp_path / "run/checkpoints/a").is_file()


@pytest.mark.parametrize("cores, count", [(1, 1), (2, 2), (3, 2), (16, 2)])
def test_processes_share_every_batch_equally(monkeypatch, cores, count):
    monkeypatch.setattr(unet.os, "sched_getaffinity", lambda process: range(cores))
    assert unet.processes() == count
    assert all(rule["batch"] % count == 0 for rule in unet.TRAINING["crops"])


def test_a_wrong_colour_or_degree_is_wrong(picture, tmp_path):
    def example(edits, result):
        path = tmp_path / f"{label(edits)}.png"
        cv2.imwrite(str(path), result[..., ::-1])
        return Example("coffee", edits, "", tmp_path / "in.png", path, path)

    cv2.imwrite(str(tmp_path / "in.png"), picture[..., ::-1])
    made = {
        ("tint", "red"): EDITS["tint"](picture, "red"),
        ("tint", "green"): EDITS["tint"](picture, "blue"),
        ("darker", "slightly"): EDITS["darker"](picture, "strongly"),
        ("darker", ""): EDITS["darker"](picture, ""),
        ("sepia", ""): picture,
    }
    found = score([example([edit], result) for edit, result in made.items()])
    assert found["tint"].nearest == [True, False] and found["tint"].taken_for == ["tint blue"]
    assert found["darker"].nearest == [False, True] and found["darker"].taken_for == ["darker strongly"]
    assert found["sepia"].taken_for == ["the input"]
    assert found["tint"].errors[0] == pytest.approx(0)


def test_candidates_are_every_edit_and_option_and_the_pairs(picture):
    found = candidates(picture, [[("sepia", ""), ("frame", "red")]])
    assert len(found) == 2 + sum(len(edit.options) for edit in EDITS.values())
    assert "sepia + frame red" in found and "fog slightly" in found and "fog" in found


def test_streams_are_calmed_and_the_function_stays():
    torch.manual_seed(0)
    model = AutoencoderKL(**{**CONFIG, "sample_size": 32}).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith(("conv_shortcut.weight", "samplers.0.conv.weight", "conv_in.weight")):
                weight *= 40
    pixels = torch.rand(2, 3, 32, 32) * 2 - 1

    def run():
        """Latents, pictures, and the largest value on the way."""
        largest = []
        hooks = [
            layer.register_forward_hook(lambda _, inputs, output: largest.append(output.abs().max().item()))
            for layer in model.modules()
            if isinstance(layer, torch.nn.Conv2d)
        ]
        with torch.no_grad():
            latents = model.encode(pixels).latent_dist.mode()
            decoded = model.decode(latents).sample
        for hook in hooks:
            hook.remove()
        return latents, decoded, max(largest)

    latents, decoded, largest = run()
    calm(model, pixels)
    calmed_latents, calmed, most = run()
    assert largest > 65_504 and most < 1_000
    assert torch.allclose(calmed_latents, latents, rtol=1e-3, atol=1e-4)
    assert torch.allclose(calmed, decoded, rtol=1e-3, atol=1e-4)
