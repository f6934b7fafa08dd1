"""The UNet's call in a bundle: unet(sample, timestep, context) -> prediction."""

import math

import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from diffusers.models.embeddings import TextTimeEmbedding
from torch import Tensor, nn

from .attention import drop_dropout, use_plain_attention
from .errors import bad_model, bad_usage

# What `UNetCall` computes. Another value of one of these keys means parts that it does not have.
PLAIN = {
    "addition_embed_type": (None, "text"),
    "addition_time_embed_dim": (None,),
    "attention_type": ("default",),
    "center_input_sample": (False,),
    "class_embed_type": (None,),
    "class_embeddings_concat": (False,),
    "cross_attention_norm": (None,),
    "dual_cross_attention": (False,),
    "encoder_hid_dim": (None,),
    "encoder_hid_dim_type": (None,),
    "mid_block_type": ("UNetMidBlock2DCrossAttn",),
    "num_attention_heads": (None,),  # diffusers refuses it: heads are in attention_head_dim
    "num_class_embeds": (None,),
    "projection_class_embeddings_input_dim": (None,),
    "time_cond_proj_dim": (None,),
    "time_embedding_act_fn": (None,),
    "time_embedding_type": ("positional",),
}
PLAIN_BLOCKS = {
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
}


def refuse_unsupported(config: dict) -> None:
    """Refuses by name a UNet whose config asks for something that a bundle cannot hold."""
    kind = config.get("_class_name", "UNet2DConditionModel")
    if kind != "UNet2DConditionModel":
        raise bad_model(f"unet: is a {kind}, expected a UNet2DConditionModel; this kind of model cannot be exported")
    for key, allowed in PLAIN.items():
        found = config.get(key, allowed[0])
        if found not in allowed:
            wanted = " or ".join(map(repr, allowed))
            raise bad_model(f"unet: {key} is {found!r}, expected {wanted}; this kind of model cannot be exported")
    for key, allowed in PLAIN_BLOCKS.items():
        for found in config.get(key, ()):
            if found not in allowed:
                raise bad_model(
                    f"unet: {key} has {found!r}, expected {' or '.join(allowed)};"
                    " this kind of model cannot be exported"
                )
    if config.get("norm_num_groups", 32) is None:
        raise bad_model("unet: norm_num_groups is null, expected a number; a UNet without norms cannot be exported")


def refuse_wrong_channels(config: dict, latent_channels: int, text_width: int) -> None:
    """Refuses a UNet that does not take the image's latent beside the noisy one, or takes other text."""
    found, given = config.get("in_channels", 4), config.get("out_channels", 4)
    expected = 2 * latent_channels
    if found == latent_channels:
        raise bad_model(
            f"unet: in_channels is {found}, expected {expected} (noisy latent and image latent): this is a"
            " text-to-image model, which cannot edit; give a model trained as InstructPix2Pix, or"
            " --add-image-channels to make one that can be trained to edit"
        )
    if found != expected or given != latent_channels:
        raise bad_model(
            f"unet: in_channels is {found} and out_channels {given}, expected {expected} and {latent_channels}"
            f" (the VAE's latent has {latent_channels}); only InstructPix2Pix models can be exported"
        )
    widths = config.get("cross_attention_dim", 1280)
    for width in widths if isinstance(widths, (list, tuple)) else (widths,):
        if width != text_width:
            raise bad_model(
                f"unet: cross_attention_dim is {width}, expected the text encoder's width {text_width};"
                " UNet and text encoder do not belong together"
            )


def widened_config(config: dict, latent_channels: int) -> dict:
    """A text-to-image UNet's config with room for the image's latent; refuses a UNet of another kind."""
    found = config.get("in_channels", 4)
    if found != latent_channels:
        raise bad_usage(
            f"--add-image-channels: the UNet's in_channels is {found}, expected {latent_channels} (a text-to-image"
            " model); leave the flag out for a model that takes a picture already"
        )
    return {**config, "in_channels": 2 * latent_channels}


def add_image_channels(unet: UNet2DConditionModel) -> None:
    """Zero weights for as many channels again: the picture is not seen until training makes it so (Brooks et al. 2023,
    section 3.2)."""
    conv = unet.conv_in
    wide = nn.Conv2d(2 * conv.in_channels, conv.out_channels, conv.kernel_size, padding=conv.padding)
    with torch.no_grad():
        wide.weight.zero_()
        wide.weight[:, : conv.in_channels] = conv.weight
        wide.bias.copy_(conv.bias)
    unet.conv_in = wide.requires_grad_(conv.weight.requires_grad)
    unet.register_to_config(in_channels=wide.in_channels)


class TimeProjection(nn.Module):
    """Sines and cosines of the timestep, in float32 whatever the model's dtype: timestep (B) -> (B, width).

    The frequencies come from an integer buffer: a loader that converts the archive to another dtype
    leaves it as it is, and moves it to the device with everything else.
    """

    def __init__(self, width: int, cosine_first: bool, shift: float):
        super().__init__()
        self.register_buffer("index", torch.arange(width // 2))
        self.divisor = width // 2 - shift
        self.odd = width % 2 == 1
        self.cosine_first = cosine_first

    def forward(self, timestep: Tensor) -> Tensor:
        frequency = torch.exp(self.index * -math.log(10000) / self.divisor)
        angle = timestep[:, None] * frequency[None, :]
        waves = (angle.cos(), angle.sin()) if self.cosine_first else (angle.sin(), angle.cos())
        embedding = torch.cat(waves, dim=-1)
        return F.pad(embedding, (0, 1)) if self.odd else embedding


class TextPooling(nn.Module):
    """What the text as a whole adds to the embedding of the timestep: context (B, T, D) -> (B, width).

    diffusers' TextTimeEmbedding, whose own pooling converts to a dtype that tracing would fix. The names of its
    parameters are diffusers'.
    """

    def __init__(self, embedding: TextTimeEmbedding):
        super().__init__()
        for name in ("norm1", "pool", "proj", "norm2"):
            setattr(self, name, getattr(embedding, name))

    def forward(self, context: Tensor) -> Tensor:
        words = self.norm1(context)
        asking = words.mean(dim=1, keepdim=True) + self.pool.positional_embedding  # (B, 1, D)
        words = torch.cat((asking, words), dim=1)

        def heads(projected: Tensor) -> Tensor:
            return projected.unflatten(-1, (self.pool.num_heads, -1)).transpose(1, 2)  # (B, heads, N, D/heads)

        pooled = F.scaled_dot_product_attention(
            heads(self.pool.q_proj(asking)), heads(self.pool.k_proj(words)), heads(self.pool.v_proj(words))
        )
        return self.norm2(self.proj(pooled.flatten(1)))


class UNetCall(nn.Module):
    """diffusers' UNet with only what InstructPix2Pix uses; the names of its parameters are diffusers'.

    sample (B, 2C, h, w), timestep (B) float32, context (B, T, D) -> (B, C, h, w)
    """

    def __init__(self, unet: UNet2DConditionModel):
        super().__init__()
        config = unet.config
        self.time_proj = TimeProjection(unet.time_proj.num_channels, config.flip_sin_to_cos, config.freq_shift)
        for name in ("time_embedding", "conv_in", "down_blocks", "mid_block", "up_blocks"):
            setattr(self, name, getattr(unet, name))
        for name in ("conv_norm_out", "conv_act", "conv_out"):
            setattr(self, name, getattr(unet, name))
        self.add_embedding = TextPooling(unet.add_embedding) if config.addition_embed_type == "text" else None

    def forward(self, sample: Tensor, timestep: Tensor, context: Tensor) -> Tensor:
        time = self.time_embedding(self.time_proj(timestep).type_as(sample))
        if self.add_embedding is not None:
            time = time + self.add_embedding(context)

        hidden = self.conv_in(sample)
        skips = [hidden]
        for block in self.down_blocks:
            hidden, passed = block(hidden, time, **text(block, context))
            skips.extend(passed)

        hidden = self.mid_block(hidden, time, encoder_hidden_states=context)

        for block in self.up_blocks:
            count = len(block.resnets)
            passed, skips = tuple(skips[-count:]), skips[:-count]
            hidden = block(hidden, passed, time, **text(block, context))

        return self.conv_out(self.conv_act(self.conv_norm_out(hidden)))


def text(block: nn.Module, context: Tensor) -> dict[str, Tensor]:
    """The context, for blocks that look at it."""
    return {"encoder_hidden_states": context} if getattr(block, "has_cross_attention", False) else {}


def unet_call(unet: UNet2DConditionModel) -> UNetCall:
    """The module to trace. It takes `unet`'s parts and changes them: do not call `unet` afterwards."""
    drop_dropout(unet)
    use_plain_attention(unet, "unet")
    return UNetCall(unet).eval()
