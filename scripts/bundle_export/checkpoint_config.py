"""diffusers' configs for a checkpoint in the original layout, read off the shapes of its weights.

What shapes do not say is Stable Diffusion 1.x's: eight attention heads in the UNet, 64 wide ones in the
text encoder, 32 groups in the norms, the noise schedule and the latent's scale.
"""

import re
from collections.abc import Iterable

import torch
from torch import Tensor

from .errors import bad_model
from .noise import ORIGINAL_SCHEDULER

# What the names of a part's weights start with.
UNET, VAE, TEXT = "model.diffusion_model.", "first_stage_model.", "cond_stage_model.transformer."
UNET_HEADS, TEXT_HEAD_WIDTH = 8, 64
LATENT_SCALE = 0.18215

Weights = dict[str, Tensor]


def unet_config(weights: Weights) -> dict:
    """The config of the UNet."""
    widths, attends, layers = [], [], 0
    for block in range(1, 1 + largest(weights, rf"{UNET}input_blocks\.(\d+)\.")):
        start = f"{UNET}input_blocks.{block}."
        if start + "0.op.weight" in weights:  # the last layer of a level halves the picture
            layers = 0
            continue
        if layers == 0:
            widths.append(need(weights, start + "0.out_layers.3.weight").shape[0])
            attends.append(start + "1.proj_in.weight" in weights)
        layers += 1
    attention = [f"{UNET}input_blocks.1.1.", f"{UNET}middle_block.1."][not attends[0]]
    return {
        "_class_name": "UNet2DConditionModel",
        "in_channels": need(weights, UNET + "input_blocks.0.0.weight").shape[1],
        "out_channels": need(weights, UNET + "out.2.weight").shape[0],
        "block_out_channels": widths,
        "layers_per_block": layers,
        "down_block_types": ["CrossAttnDownBlock2D" if cross else "DownBlock2D" for cross in attends],
        "up_block_types": ["CrossAttnUpBlock2D" if cross else "UpBlock2D" for cross in reversed(attends)],
        "transformer_layers_per_block": 1
        + largest(weights, re.escape(attention) + r"transformer_blocks\.(\d+)\."),
        "cross_attention_dim": need(weights, attention + "transformer_blocks.0.attn2.to_k.weight").shape[1],
        "use_linear_projection": need(weights, attention + "proj_in.weight").ndim == 2,
        "attention_head_dim": UNET_HEADS,
    }


def vae_config(weights: Weights) -> dict:
    """The config of the VAE."""
    levels = 1 + largest(weights, rf"{VAE}encoder\.down\.(\d+)\.")
    down = f"{VAE}encoder.down."
    scale = weights.get("scale_factor")
    return {
        "_class_name": "AutoencoderKL",
        "in_channels": need(weights, VAE + "encoder.conv_in.weight").shape[1],
        "out_channels": need(weights, VAE + "decoder.conv_out.weight").shape[0],
        "block_out_channels": [need(weights, f"{down}{i}.block.0.conv1.weight").shape[0] for i in range(levels)],
        "layers_per_block": 1 + largest(weights, re.escape(down) + r"0\.block\.(\d+)\."),
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "up_block_types": ["UpDecoderBlock2D"] * levels,
        "latent_channels": need(weights, VAE + "decoder.conv_in.weight").shape[1],
        "scaling_factor": LATENT_SCALE if scale is None else scale.item(),
    }


def text_encoder_config(weights: Weights) -> dict:
    """The config of CLIP's text encoder."""
    start = TEXT + ("text_model." if any(key.startswith(TEXT + "text_model.") for key in weights) else "")
    vocabulary, width = need(weights, start + "embeddings.token_embedding.weight").shape
    return {
        "architectures": ["CLIPTextModel"],
        "vocab_size": vocabulary,
        "hidden_size": width,
        "intermediate_size": need(weights, start + "encoder.layers.0.mlp.fc1.weight").shape[0],
        "num_hidden_layers": 1 + largest(weights, re.escape(start) + r"encoder\.layers\.(\d+)\."),
        "num_attention_heads": max(1, width // TEXT_HEAD_WIDTH),
        "max_position_embeddings": need(weights, start + "embeddings.position_embedding.weight").shape[0],
        "hidden_act": "quick_gelu",
    }


def scheduler_config(weights: Weights) -> dict:
    """The noise schedule: the original's, or the file's own where that is another one."""
    betas = weights.get("betas")
    ends = ORIGINAL_SCHEDULER["beta_start"] ** 0.5, ORIGINAL_SCHEDULER["beta_end"] ** 0.5
    original = torch.linspace(*ends, ORIGINAL_SCHEDULER["num_train_timesteps"]) ** 2
    if betas is None or (betas.shape == original.shape and torch.allclose(betas.float(), original, rtol=1e-4)):
        return ORIGINAL_SCHEDULER
    return ORIGINAL_SCHEDULER | {"trained_betas": betas.tolist(), "num_train_timesteps": len(betas)}


def need(weights: Weights, key: str) -> Tensor:
    """A weight that every such model has."""
    if key not in weights:
        raise bad_model(f"the checkpoint has no {key}; expected a Stable Diffusion 1.x-like model")
    return weights[key]


def largest(keys: Iterable[str], pattern: str) -> int:
    """The largest number that `pattern` finds at the start of a key; -1 if it finds none."""
    compiled = re.compile(pattern)
    return max((int(found[1]) for found in map(compiled.match, keys) if found), default=-1)
