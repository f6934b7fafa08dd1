"""A random model of Stable Diffusion 1.5's size (860 M parameters in the UNet), for measuring: its edits mean nothing.

usage, in the folder of scripts: python3 -m bundle_export.full_size PIPELINE [--bundle OUT] [--seed N]
"""

import argparse
import sys
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    EulerAncestralDiscreteScheduler,
    StableDiffusionInstructPix2PixPipeline,
    UNet2DConditionModel,
)
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from .tiny import ORIGINAL_SCHEDULER, TinyConfig, save_tokenizer
from .tiny_weights import generator, randomise, round_to_float16

# What is not said is diffusers' default, and there that is Stable Diffusion 1.5's.
FULL_SIZE = TinyConfig(
    unet={"in_channels": 8, "cross_attention_dim": 768, "sample_size": 64},
    vae={
        "block_out_channels": (128, 256, 512, 512),
        "down_block_types": ["DownEncoderBlock2D"] * 4,
        "up_block_types": ["UpDecoderBlock2D"] * 4,
        "layers_per_block": 2,
        "sample_size": 512,
    },
    text={
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_hidden_layers": 12,
        "num_attention_heads": 12,
        "projection_dim": 768,
    },
)


def make_full_size_pipeline(folder: Path, seed: int = 0, config: TinyConfig = FULL_SIZE) -> None:
    """Writes the model as a diffusers folder, in float16 (2 GB). The same seed gives the same weights."""
    vocabulary = save_tokenizer(config, folder / "tokenizer")
    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer", local_files_only=True)

    text_encoder = CLIPTextModel(
        CLIPTextConfig(
            **{"hidden_act": "quick_gelu"} | config.text,
            vocab_size=len(vocabulary),
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    ).eval()
    vae = unfilled(AutoencoderKL, config.vae)
    unet = unfilled(UNet2DConditionModel, config.unet)
    for part, model in (("text", text_encoder), ("vae", vae), ("unet", unet)):
        randomise(model, generator(seed, part))
    set_spreads(vae, unet, seed)

    StableDiffusionInstructPix2PixPipeline(
        vae=vae.half(),
        text_encoder=text_encoder.half(),
        tokenizer=tokenizer,
        unet=unet.half(),
        scheduler=EulerAncestralDiscreteScheduler.from_config(ORIGINAL_SCHEDULER),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)


def unfilled(kind: type[nn.Module], config: dict) -> nn.Module:
    """A model whose parameters are yet to be filled; the libraries' own filling would take a minute."""
    with torch.device("meta"):
        model = kind(**config)
    return model.to_empty(device="cpu").eval()


def set_spreads(vae: AutoencoderKL, unet: UNet2DConditionModel, seed: int) -> None:
    """Makes latents, predicted noise and pictures as large as a trained model's, so that nothing overflows in float16
    and pictures are not all grey or all clipped."""
    numbers = generator(seed, "spread")
    channels, side = vae.config.latent_channels, 8 * 2 ** (len(vae.config.block_out_channels) - 1)
    latent_spread = 1 / vae.config.scaling_factor

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=numbers)

    with torch.no_grad():
        pictures = random(1, 3, side, side)
        set_spread(vae.encoder.conv_out, lambda: vae.encode(pictures).latent_dist.mode(), latent_spread)
        latents = latent_spread * random(1, channels, 8, 8)
        set_spread(vae.decoder.conv_out, lambda: vae.decode(latents).sample, 0.5)
        sample, context = random(1, unet.config.in_channels, 16, 16), random(1, 77, unet.config.cross_attention_dim)
        sample[:, channels:] *= latent_spread
        set_spread(unet.conv_out, lambda: unet(sample, 500, context).sample, 1.0)


def set_spread(layer: nn.Conv2d, run, spread: float) -> None:
    """Scales `layer`, the last of what `run` computes, so that the result's standard deviation is `spread`."""
    layer.bias.zero_()
    layer.weight.mul_(spread / run().std())
    round_to_float16(layer)


def main() -> int:
    parser = argparse.ArgumentParser(description="Makes a random model of Stable Diffusion 1.5's size, for measuring.")
    parser.add_argument("pipeline", type=Path, metavar="PIPELINE", help="the diffusers folder to write")
    parser.add_argument("--bundle", type=Path, metavar="OUT", help="also export it to this bundle, weights in float16")
    parser.add_argument("--seed", type=int, default=0, help="of the weights (default: 0)")
    arguments = parser.parse_args()

    from .bundle import Options, export
    from .command import run
    from .folder import DiffusersFolder

    def make() -> None:
        make_full_size_pipeline(arguments.pipeline, arguments.seed)
        if arguments.bundle:
            options = Options(
                dtype="float16", name="random-full-size", licence="CC0-1.0: random numbers", random_weights=True
            )
            export(DiffusersFolder(arguments.pipeline, options.name), arguments.bundle, options)

    return run("full_size", make)


if __name__ == "__main__":
    sys.exit(main())
