"""Random weights with which a small model does something visible.

A network of plain random weights gives nearly constant pictures, and sampling with it amplifies rounding.
Here every layer is random but the last of each network, which is fitted by least squares to a task: the
VAE's latents are a thumbnail of the picture, which it decodes again, and the UNet takes out noise and moves
the colours by what the text says. The fit is poor, but text, picture and step all show in the result, and a
small change of the input stays small.
"""

import math

import diffusers
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextModel

PICTURES, SIDE_LATENTS, NOISES = 24, 16, 6  # what the fits see
TINT = 1.5  # how far a text moves the latents


def fill_text_encoder(model: CLIPTextModel, seed: int) -> None:
    """Random weights; the states differ from text to text and are of order one."""
    randomise(model, generator(seed, "text"))


def fill_vae(model: AutoencoderKL, seed: int) -> None:
    """Random weights; encodes to `thumbnails` and decodes those to pictures like the original ones."""
    numbers = generator(seed, "vae")
    randomise(model, numbers)
    channels, step = model.config.latent_channels, pixels_per_latent(model)
    pictures = smooth_pictures(PICTURES, SIDE_LATENTS * step, numbers)
    wanted = thumbnails(pictures, channels, step)
    wanted = wanted / wanted.std(dim=(0, 2, 3), keepdim=True) / model.config.scaling_factor
    wanted = wanted + (model.config.shift_factor or 0.0)

    # The last layer before the optional 1x1 convolution has to give what that makes into `wanted`.
    moments = torch.cat([wanted, torch.zeros_like(wanted)], dim=1)
    if model.quant_conv is not None:
        weight, bias = model.quant_conv.weight[:, :, 0, 0], model.quant_conv.bias
        moments = torch.einsum("oi,bihw->bohw", weight.inverse(), moments - bias[:, None, None])
    with torch.no_grad():
        fit(model.encoder.conv_out, lambda: model.encoder(pictures), moments)
        latents = model.encode(pictures).latent_dist.mode()
        fit(model.decoder.conv_out, lambda: model.decode(latents), pictures)


def fill_unet(
    model: UNet2DConditionModel, vae: AutoencoderKL, text: CLIPTextModel, scheduler: dict, seed: int
) -> None:
    """Random weights; predicts the noise of pictures whose colours the text has moved."""
    numbers = generator(seed, "unet")
    randomise(model, numbers)
    channels, config = vae.config.latent_channels, vae.config
    with torch.no_grad():  # the image's latent is not scaled, and would drown the noisy one
        model.conv_in.weight[:, channels:] *= config.scaling_factor
        round_to_float16(model)

        pictures = smooth_pictures(PICTURES, SIDE_LATENTS * pixels_per_latent(vae), numbers)
        image = vae.encode(pictures).latent_dist.mode().repeat(NOISES, 1, 1, 1)
        batch = image.shape[0]
        context = text(random_tokens(text.config, batch, numbers)).last_hidden_state  # (B, T, D)
        tint = torch.randn(channels, context.shape[-1], generator=numbers) / math.sqrt(context.shape[-1])
        meaning = context.mean(dim=1) @ tint.T  # (B, C)
        meaning = TINT * meaning / meaning.std()

        clean = (image - (config.shift_factor or 0.0)) * config.scaling_factor + meaning[:, :, None, None]
        noise = torch.randn(clean.shape, generator=numbers)
        schedule = getattr(diffusers, scheduler["_class_name"]).from_config(scheduler)
        steps = torch.arange(batch) * len(schedule.betas) // batch
        steps = steps[torch.randperm(batch, generator=numbers)]
        signal = torch.cumprod(1 - schedule.betas, dim=0)[steps].sqrt()[:, None, None, None]
        rest = (1 - signal**2).sqrt()
        noisy = signal * clean + rest * noise
        wanted = noise if schedule.config.prediction_type == "epsilon" else signal * noise - rest * clean

        image[::10] = 0  # without a picture, as guidance asks
        fit(model.conv_out, lambda: model(torch.cat([noisy, image], dim=1), steps, context), wanted)


def randomise(model: nn.Module, numbers: torch.Generator) -> None:
    """Fills every parameter: variance is kept from layer to layer, norms are near one, biases small."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            random = torch.randn(parameter.shape, generator=numbers)
            if "norm" in name:
                parameter.copy_(0.1 * random + name.endswith("weight"))
            elif parameter.ndim == 1:
                parameter.copy_(0.1 * random)
            elif "embedding.weight" in name:
                parameter.copy_(random)
            elif "quant_conv" in name:  # square and 1x1: kept invertible
                size = parameter.shape[0]
                parameter.copy_((torch.eye(size) + 0.2 * random[:, :, 0, 0] / math.sqrt(size))[:, :, None, None])
            else:
                # Weak residual branches keep a network near linear, which is what makes it calm.
                gain = 0.3 if name.endswith(("conv2.weight", "ff.net.2.weight")) else 1.0
                parameter.copy_(gain * random / math.sqrt(parameter[0].numel()))
        round_to_float16(model)


def round_to_float16(model: nn.Module) -> None:
    """Rounds the parameters in place to numbers that float16 holds exactly."""
    for parameter in model.parameters():
        parameter.copy_(parameter.half().float())


def fit(layer: nn.Conv2d, run, wanted: Tensor, ridge: float = 1e-3) -> None:
    """Sets `layer`, the last of what `run` computes, so that its output is `wanted` (N, O, h, w) as well as can be."""
    seen = []
    hook = layer.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
    run()
    hook.remove()
    patches = F.unfold(seen[0], layer.kernel_size, padding=layer.padding)  # (N, I*k*k, h*w)
    rows = patches.transpose(1, 2).flatten(0, 1).double()  # (N*h*w, I*k*k)
    rows = torch.cat([rows, torch.ones(rows.shape[0], 1, dtype=torch.float64)], dim=1)
    targets = wanted.permute(0, 2, 3, 1).flatten(0, 2).double()  # (N*h*w, O)

    gram = rows.T @ rows
    gram += ridge * gram.diagonal().mean() * torch.eye(len(gram), dtype=torch.float64)
    solution = torch.linalg.solve(gram, rows.T @ targets).T  # (O, I*k*k + 1)
    layer.weight.copy_(solution[:, :-1].reshape(layer.weight.shape))
    layer.bias.copy_(solution[:, -1])
    round_to_float16(layer)


def smooth_pictures(count: int, side: int, numbers: torch.Generator) -> Tensor:
    """Random pictures (count, 3, side, side) in [-1, 1]: large and small blots of colour."""
    layers = []
    for cells, strength in ((3, 1.0), (8, 0.6), (24, 0.3)):
        blots = torch.randn(count, 3, cells, cells, generator=numbers) * strength
        layers.append(F.interpolate(blots, size=(side, side), mode="bilinear", align_corners=False))
    return sum(layers).tanh()


def thumbnails(pictures: Tensor, channels: int, step: int) -> Tensor:
    """Pictures (N, 3, H, W) as latents (N, channels, H/step, W/step): colours, then shading inside a cell."""
    wave = torch.cos(math.pi * (torch.arange(step) + 0.5) / step * torch.arange(3)[:, None])  # (3, step)
    orders = [(0, 0, c) for c in range(3)]  # the mean of red, green and blue
    orders += [(v, h, None) for v, h in ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0))]  # of lightness
    kernels = []
    for vertical, horizontal, colour in orders[:channels]:
        plane = torch.outer(wave[vertical], wave[horizontal]) / step**2
        mix = torch.ones(3) / 3 if colour is None else torch.eye(3)[colour]
        kernels.append(mix[:, None, None] * plane)
    return F.conv2d(pictures, torch.stack(kernels), stride=step)


def random_tokens(config, count: int, numbers: torch.Generator) -> Tensor:
    """Token ids (count, T) of texts of different lengths: start, words, end, padding. The first is empty."""
    tokens = torch.full((count, config.max_position_embeddings), config.pad_token_id)
    words = torch.randint(0, config.vocab_size - 2, tokens.shape, generator=numbers)
    for row in range(count):
        length = row % 12
        tokens[row, 0] = config.bos_token_id
        tokens[row, 1 : 1 + length] = words[row, :length]
        tokens[row, 1 + length] = config.eos_token_id
    return tokens


def pixels_per_latent(vae: AutoencoderKL) -> int:
    """The pixels that a side of a latent covers."""
    return 2 ** (len(vae.config.block_out_channels) - 1)


def generator(seed: int, part: str) -> torch.Generator:
    """A part's own random numbers, so that one part's size does not change another's weights."""
    return torch.Generator().manual_seed(seed * 1000 + sum(part.encode()))
