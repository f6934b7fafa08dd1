"""Trains the autoencoder on photographs and on what the edits make of them."""

import math
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from diffusers import AutoencoderKL
from numpy import ndarray
from torch import Tensor, nn

from .crops import random_square, square
from .edits import EDITS
from .muon import Muon
from .splits import splits

CONFIG = {
    "in_channels": 3,
    "out_channels": 3,
    "down_block_types": ["DownEncoderBlock2D"] * 3,
    "up_block_types": ["UpDecoderBlock2D"] * 3,
    "block_out_channels": [16, 32, 96],
    "layers_per_block": 1,
    "latent_channels": 8,
    "norm_num_groups": 8,
    "mid_block_add_attention": False,
}
PICTURE_PX = 256  # what an edit is applied to; patches are cut from it
STEPS = 7400
RATE, DECAY_FROM = 0.02, 0.35  # Muon's rate, and the share of the steps after which it falls
WARM_UP = 50  # steps
KL_WEIGHT = 2e-5
SMALL = (64, 8)  # side of a patch and patches a step: many small ones teach fast, but
LARGE = ((160, 2), (256, 1))  # group norm has the statistics of whole pictures only on large ones: 64-pixel patches
LARGE_FROM = 0.69  # alone leave 28 dB on whole pictures and 34 dB on patches
SAVE_EVERY_S = 100


def new_vae(seed: int) -> AutoencoderKL:
    """An untrained autoencoder that begins near a plain reduction: weak residual branches, sharp latents."""
    torch.manual_seed(seed)
    model = AutoencoderKL(**CONFIG)
    channels = CONFIG["latent_channels"]
    with torch.no_grad():
        model.quant_conv.weight[channels:] = 0
        model.quant_conv.bias[channels:] = -5.0  # log-variance
        for name, module in model.named_modules():
            if name.endswith("downsamplers.0"):  # every pixel of a 2x2 cell matters equally at first
                weight = module.conv.weight
                corner = torch.empty(weight.shape[0], weight.shape[1] * 4)
                nn.init.orthogonal_(corner)
                weight.zero_()
                weight[:, :, :2, :2] = corner.view(*weight.shape[:2], 2, 2)
            if name.split(".")[-2:-1] == ["resnets"]:
                module.conv2.weight.mul_(0.1)
                module.conv2.bias.zero_()
    return model


def load_pictures(work: Path, split: str) -> list[ndarray]:
    """A split's photographs: RGB uint8 (H, W, 3)."""
    paths = [work / "photographs" / f"{photograph.name}.png" for photograph in splits()[split]]
    return [np.ascontiguousarray(cv2.imread(str(path))[..., ::-1]) for path in paths]


def patches(pictures: list[ndarray], step: int, steps: int, seed: int) -> Tensor:
    """A step's patches (count, 3, side, side) in [-1, 1], half of them of edited pictures; the step decides."""
    side_px, count = LARGE[step % len(LARGE)] if step >= LARGE_FROM * steps else SMALL
    chance = np.random.RandomState((seed * 1_000_003 + step) % 2**32)
    names, found = list(EDITS), []
    while len(found) < count:
        picture = random_square(pictures[chance.randint(len(pictures))], PICTURE_PX, chance)
        if chance.rand() < 0.5:
            edit = EDITS[names[chance.randint(len(names))]]
            picture = edit(picture, edit.options[chance.randint(len(edit.options))])
        for _ in range(2 if side_px == SMALL[0] else 1):
            top, left = chance.randint(0, PICTURE_PX - side_px + 1, 2)
            found.append(picture[top : top + side_px, left : left + side_px])
    return to_tensor(np.stack(found[:count]))


def to_tensor(pictures: ndarray) -> Tensor:
    """uint8 (N, H, W, 3) as (N, 3, H, W) in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1


def rate(step: int, steps: int) -> float:
    """Muon's rate: a short rise, a plateau, and a cosine down to a fiftieth."""
    share = max(0.0, (step / steps - DECAY_FROM) / (1 - DECAY_FROM))
    return RATE * min(1.0, (step + 1) / WARM_UP) * max(0.02, 0.5 + 0.5 * math.cos(math.pi * share))


def loss_of(model: AutoencoderKL, pictures: Tensor) -> Tensor:
    """Squared and absolute error, and a little pull of the latents to a normal distribution."""
    with torch.autocast("cpu", torch.bfloat16):
        posterior = model.encode(pictures).latent_dist
    mean, deviation = posterior.mean.float(), posterior.std.float()
    with torch.autocast("cpu", torch.bfloat16):
        decoded = model.decode(mean + deviation * torch.randn_like(mean)).sample
    error = decoded.float() - pictures
    kl = 0.5 * (mean**2 + deviation**2 - 1 - 2 * deviation.log()).sum() / pictures.numel()
    return error.square().mean() + 0.05 * error.abs().mean() + KL_WEIGHT * kl


@torch.no_grad()
def psnr(model: AutoencoderKL, pictures: list[ndarray]) -> float:
    """Mean PSNR in dB of uint8 pictures (H, W, 3) of any size, encoded and decoded one at a time."""
    found = []
    for picture in pictures:
        wanted = to_tensor(picture[None])
        decoded = model.decode(model.encode(wanted).latent_dist.mode()).sample.clamp(-1, 1)
        found.append(10 * math.log10(4 / (decoded - wanted).square().mean().item()))
    return sum(found) / len(found)


def examples(work: Path, split: str) -> tuple[list[ndarray], list[ndarray]]:
    """A split's photographs at 256x256, and one edit of each, every edit in turn."""
    crops = [square(picture, 256) for picture in load_pictures(work, split)]
    edits = [(edit, option) for edit in EDITS.values() for option in edit.options[:1]]
    return crops, [edits[i % len(edits)][0](crop, edits[i % len(edits)][1]) for i, crop in enumerate(crops)]


def train(work: Path, steps: int, made_from: str, seed: int = 0) -> None:
    """Trains to <work>/vae/training.pt, going on from what is there if that was made from the same things."""
    torch.set_num_threads(1)
    model, average = new_vae(seed), new_vae(seed)
    optimiser, step = Muon(model, RATE), 0
    path = work / "vae" / "training.pt"
    path.parent.mkdir(parents=True, exist_ok=True)
    state = torch.load(path) if path.is_file() else {}
    if state.get("made_from") == made_from:
        step = state["step"]
        model.load_state_dict(state["model"])
        average.load_state_dict(state["average"])
        optimiser.load_state_dict(state["optimiser"])

    pictures = load_pictures(work, "train")
    photographs, targets = (set_[:21] for set_ in examples(work, "validation"))
    begun = saved = time.monotonic()
    while step < steps:
        torch.manual_seed(seed * 1_000_003 + step)
        loss = loss_of(model, patches(pictures, step, steps, seed))
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for group in optimiser.param_groups:
            group["lr"] = rate(step, steps)
        optimiser.step()
        step += 1
        with torch.no_grad():
            keep = min(0.995, step / (step + 10))
            torch._foreach_lerp_(list(average.parameters()), list(model.parameters()), 1 - keep)

        if step == steps or time.monotonic() - saved > SAVE_EVERY_S:
            save(path, {"made_from": made_from, "step": step, "model": model.state_dict(),
                        "average": average.state_dict(), "optimiser": optimiser.state_dict()})  # fmt: skip
            print(f"vae: step {step} of {steps}, {time.monotonic() - begun:.0f} s; photographs "
                  f"{psnr(average, photographs):.2f} dB, edited {psnr(average, targets):.2f} dB", flush=True)  # fmt: skip
            saved = time.monotonic()


def load_average(work: Path) -> AutoencoderKL:
    """The average of the weights over the last steps, which is better than the last weights."""
    model = new_vae(0)
    model.load_state_dict(torch.load(work / "vae" / "training.pt")["average"])
    return model.eval()


def save(path: Path, state: dict) -> None:
    """A checkpoint exists only when it is complete."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)
