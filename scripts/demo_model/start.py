"""The bundle that the UNet's training starts from: trained autoencoder and text encoder, a UNet of random weights."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from numpy import ndarray
from torch import Tensor

from .stage import ROOT, fingerprint, is_whole, made_from, seal, unseal, write_atomically
from .stream_scale import calm
from .text_start import WIDTH
from .vae import CONFIG, STEPS, examples, load_average, load_pictures, psnr, square, to_tensor, train

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
    # The text as a whole scales and shifts the features of every block, beside attention to its words: an edit such as
    # a negative is the same everywhere, and must turn features around, not add to them.
    "resnet_time_scale_shift": "scale_shift",
    "addition_embed_type": "text",
    "addition_embed_type_num_heads": 4,
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
    wanted = vae_fingerprint(work, seed)
    if is_whole(folder, wanted):
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    train(work, STEPS, wanted, seed)
    write_vae(work, wanted)
    return folder


def vae_fingerprint(work: Path, seed: int = 0) -> str:
    """What the autoencoder is made from."""
    sources = ["vae.py", "stream_scale.py", "muon.py", "edits.py", "pixels.py", "crops.py", "splits.py"]
    return fingerprint(sources, made_from(work / "photographs"), seed)


@torch.no_grad()
def write_vae(work: Path, wanted: str) -> None:
    """Writes the averaged autoencoder, its latents of photographs of mean 0 and deviation 1 in every channel."""
    model = load_average(work)
    pictures = [square(picture, 256) for picture in load_pictures(work, "train")]
    latents = torch.cat([model.encode(to_tensor(picture[None])).latent_dist.mode() for picture in pictures])
    standardise(model, latents.mean((0, 2, 3)), latents.std((0, 2, 3)))
    calm(model, torch.cat([to_tensor(picture[None]) for picture in pictures[:8]]))
    unseal(work / "vae")
    model.save_pretrained(work / "vae" / "diffusers")
    test = load_pictures(work, "test")
    photographs, edited = examples(work, "test")
    seal(
        work / "vae",
        wanted,
        test_photographs_psnr_db=round(psnr(model, photographs), 2),
        test_edited_psnr_db=round(psnr(model, edited), 2),
        test_768x512_psnr_db=round(psnr(model, [wide(picture) for picture in test if min(picture.shape[:2]) > 500]), 2),
    )


def standardise(model: AutoencoderKL, mean: Tensor, deviation: Tensor) -> None:
    """Makes latents (z - mean) / deviation, channel by channel, without a change of any decoded picture.

    The UNet is given the picture's latent as it is and the noisy one times the scaling factor: so both are alike, and
    the factor is 1.
    """
    channels = len(mean)
    into, out_of = model.quant_conv, model.post_quant_conv
    into.bias[:channels] -= mean
    into.bias[channels:] -= 2 * deviation.log()  # the logarithm of the variance
    into.weight[:channels] /= deviation[:, None, None, None]
    into.bias[:channels] /= deviation
    out_of.bias += (out_of.weight[:, :, 0, 0] * mean).sum(1)
    out_of.weight *= deviation[None, :, None, None]
    model.register_to_config(scaling_factor=1.0)


def wide(picture: ndarray) -> ndarray:
    """The middle of a photograph at 512 x 768 or less."""
    height, width = picture.shape[:2]
    top, left = max(0, height - 512) // 2, max(0, width - 768) // 2
    return np.ascontiguousarray(picture[top:, left:][:512, :768][: height // 4 * 4, : min(width, 768) // 4 * 4])


def make_start(work: Path, seed: int = 0) -> Path:
    """Writes <work>/start, a bundle in float32, by way of a diffusers folder, <work>/start-diffusers."""
    wanted = start_fingerprint(work, seed)
    source = work / "start-diffusers"
    if is_whole(source, wanted) and (work / "start" / "bundle.json").is_file():
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
    seal(source, wanted)
    return work / "start"


def start_fingerprint(work: Path, seed: int = 0) -> str:
    """What the bundle is made from."""
    return fingerprint(["start.py"], seed, *(made_from(work / part) for part in ("vae", "text")))


def copy_folder(source: Path, target: Path) -> None:
    """Copies a flat folder's files."""
    for path in source.iterdir():
        write_atomically(target / path.name, path.read_bytes())


def write_json(path: Path, content: dict) -> None:
    """Writes a JSON file."""
    write_atomically(path, (json.dumps(content, indent=2) + "\n").encode())
