"""Keeps an autoencoder's activations within what float16 holds, without a change of what it computes.

Normalisation makes the scale of what a residual stream carries free, and training lets it grow: this autoencoder's
streams reach ten million, float16 ends at 65,504. Every layer that writes to a stream is divided by the power of two
nearest to the deviation there, so that weights keep their digits.
"""

import math

import torch
from diffusers import AutoencoderKL
from diffusers.models.resnet import ResnetBlock2D
from torch import Tensor, nn


@torch.no_grad()
def calm(model: AutoencoderKL, pixels: Tensor) -> None:
    """Scales the streams to a deviation near 1 for these pictures, (B, 3, H, W) in [-1, 1]."""
    deviations = {}
    hooks = [
        layer.register_forward_hook(lambda _, inputs, output, layer=layer: deviations.update({layer: output.std().item()}))
        for half in (model.encoder, model.decoder)
        for layer in writers(half)
    ]
    model.decode(model.encode(pixels).latent_dist.mode())
    for hook in hooks:
        hook.remove()
    for half in (model.encoder, model.decoder):
        arriving = 1.0
        for layer in writers(half):
            leaving = 2.0 ** -round(math.log2(deviations[layer]))
            arriving = rescale(layer, 1.0 if layer is half.conv_in else arriving, leaving)


def writers(half: nn.Module) -> list[nn.Module]:
    """What writes to the stream of an encoder or decoder, in the order in which it runs."""
    blocks = {"down_blocks": "downsamplers", "up_blocks": "upsamplers"}
    name = next(name for name in blocks if hasattr(half, name))
    levels = [
        layer
        for block in getattr(half, name)
        for layer in (*block.resnets, *(sampler.conv for sampler in getattr(block, blocks[name]) or ()))
    ]
    middle = list(half.mid_block.resnets)
    assert not any(half.mid_block.attentions), "attention writes to the stream too"
    return [half.conv_in, *(levels + middle if name == "down_blocks" else middle + levels)]


def rescale(layer: nn.Module, arriving: float, leaving: float) -> float:
    """Makes a layer that is given `arriving` times its stream give `leaving` times what it gave, where that is in its
    power; returns what it gives."""
    if not isinstance(layer, ResnetBlock2D):
        scale(layer, leaving / arriving, leaving)
        return leaving
    if layer.conv_shortcut is None:  # it adds to what it was given
        leaving = arriving
    else:
        scale(layer.conv_shortcut, leaving / arriving, leaving)
    scale(layer.conv2, leaving, leaving)
    return leaving


def scale(convolution: nn.Conv2d, weight: float, bias: float) -> None:
    """Multiplies both."""
    convolution.weight *= weight
    convolution.bias *= bias
