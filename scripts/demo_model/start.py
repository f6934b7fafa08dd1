"""The bundle that the UNet's training starts from: trained autoencoder and text encoder, a UNet of random weights."""

import json
import subprocess
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel

from .stage import ROOT, fingerprint, is_whole, seal, unseal, write_atomically
from .text_start import WIDTH
from .vae import CONFIG, STEPS, load_average, load_pictures, psnr, square, to_tensor, train

UNET = {
    "in_channels": 2 * CONFIG["latent_channels"],
    "out_channels": CONFIG["latent_channels"],
    "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
    "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
    "block_out_channels": [48, 96, 160],
    "layers_per_block": 1,
    "cross_attention_dim": WIDTH,
    "attention_head_dim": 4,  # diffusers' name for the number of heads
    "norm_num_groups": 16,
    "sample_size": 64,
}
SCHEDULER = {
    "_class_name": "DDIMScheduler",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "prediction_type": "v_prediction",
    "timestep_spacing": "trailing",
    "clip_sample": False,
    "set_alpha_to_one": False,
    "steps_offset": 0,
}
DEFAULTS = {"sampler": "ddim", "steps": 20, "cfg_text": 2.0, "cfg_image": 1.2, "resolution": 256}
LICENCE = "MIT"
NAME = "ip2p-demo"


def make_vae(work: Path, seed: int = 0) -> Path:
    """Trains the autoencoder, going on where it was stopped, and writes it as <work>/vae/diffusers."""
    folder = work / "vae"
    made_from = fingerprint(["vae.py", "muon.py", "photographs.tsv"], seed)
    if is_whole(folder, made_from):
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    train(work, STEPS, seed)
    write_vae(work, made_from)
    return folder


@torch.no_grad()
def write_vae(work: Path, made_from: str) -> None:
    """Writes the averaged autoencoder with the scale that gives its latents of photographs a deviation of one."""
    model = load_average(work)
    pictures = [square(picture, 256) for picture in load_pictures(work, "train")]
    latents = torch.cat([model.encode(to_tensor(picture[None])).latent_dist.mode() for picture in pictures])
    model.register_to_config(scaling_factor=round(1 / latents.std().item(), 4))
    unseal(work / "vae")
    model.save_pretrained(work / "vae" / "diffusers")
    seal(
        work / "vae",
        made_from,
        scaling_factor=model.config.scaling_factor,
        channel_means=[round(x, 3) for x in latents.mean((0, 2, 3)).tolist()],
        channel_deviations=[round(x, 3) for x in latents.std((0, 2, 3)).tolist()],
        test_photographs_psnr_db=psnr(model, [square(picture, 256) for picture in load_pictures(work, "test")]),
    )


def make_start(work: Path, seed: int = 0) -> Path:
    """Writes <work>/start, a bundle in float32, by way of a diffusers folder, <work>/start-diffusers."""
    made_from = fingerprint(["start.py"], seed, *(json.loads((work / part / "whole.json").read_text())["fingerprint"]
                                                  for part in ("vae", "text")))  # fmt: skip
    source = work / "start-diffusers"
    if is_whole(source, made_from) and (work / "start" / "bundle.json").is_file():
        return work / "start"
    unseal(source)
    torch.manual_seed(seed)
    unet = UNet2DConditionModel(**UNET)
    with torch.no_grad():
        unet.conv_in.weight[:, CONFIG["latent_channels"] :] = 0  # the picture's channels, as in the paper
    unet.save_pretrained(source / "unet")
    AutoencoderKL.from_pretrained(work / "vae" / "diffusers").save_pretrained(source / "vae")
    copy_folder(work / "text" / "text_encoder", source / "text_encoder")
    copy_folder(work / "text" / "tokenizer", source / "tokenizer")
    write_json(source / "scheduler" / "scheduler_config.json", SCHEDULER)
    write_json(source / "model_index.json", {
        "_class_name": "StableDiffusionInstructPix2PixPipeline",
        "feature_extractor": [None, None],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", SCHEDULER["_class_name"]],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "T5Tokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    })  # fmt: skip
    defaults = [f"--default={key}={value}" for key, value in DEFAULTS.items()]
    command = [sys.executable, ROOT / "scripts/export_bundle.py", source, work / "start", "--overwrite",
               "--name", NAME, "--licence", LICENCE, *defaults]  # fmt: skip
    subprocess.run([str(word) for word in command], check=True)
    seal(source, made_from)
    return work / "start"


def copy_folder(source: Path, target: Path) -> None:
    """Copies a flat folder's files."""
    for path in source.iterdir():
        write_atomically(target / path.name, path.read_bytes())


def write_json(path: Path, content: dict) -> None:
    """Writes a JSON file."""
    write_atomically(path, (json.dumps(content, indent=2) + "\n").encode())
