"""The VAE's two calls in a bundle: pixels -> latent (the mode, unscaled) and latent -> pixels."""

from diffusers import AutoencoderKL
from torch import Tensor, nn

from .attention import drop_dropout, use_plain_attention
from .errors import bad_model


def refuse_unsupported(config: dict) -> None:
    """Refuses by name a VAE that is not a plain AutoencoderKL for RGB pictures."""
    kind = config.get("_class_name", "AutoencoderKL")
    if kind != "AutoencoderKL":
        raise bad_model(f"vae: is a {kind}, expected an AutoencoderKL; this kind of VAE cannot be exported")
    for key in ("latents_mean", "latents_std"):
        if config.get(key) is not None:
            raise bad_model(f"vae: {key} is given, expected one scaling_factor; such a latent cannot be exported")
    for key in ("in_channels", "out_channels"):
        if config.get(key, 3) != 3:
            raise bad_model(f"vae: {key} is {config[key]}, expected 3 (RGB); other pictures cannot be edited")


def pixels_per_latent(vae: AutoencoderKL) -> int:
    """How many pixels a side of one latent covers: every level but the last halves the picture."""
    return 2 ** (len(vae.config.block_out_channels) - 1)


class VaeEncoderCall(nn.Module):
    """pixels (B, 3, H, W) in [-1, 1] -> latent (B, C, h, w): the distribution's mode, not scaled."""

    def __init__(self, vae: AutoencoderKL):
        super().__init__()
        self.encoder = vae.encoder
        self.quant_conv = vae.quant_conv if vae.quant_conv is not None else nn.Identity()

    def forward(self, pixels: Tensor) -> Tensor:
        mean, _ = self.quant_conv(self.encoder(pixels)).chunk(2, dim=1)
        return mean


class VaeDecoderCall(nn.Module):
    """latent (B, C, h, w), unscaled -> pixels (B, 3, H, W), about [-1, 1] and not clipped."""

    def __init__(self, vae: AutoencoderKL):
        super().__init__()
        self.post_quant_conv = vae.post_quant_conv if vae.post_quant_conv is not None else nn.Identity()
        self.decoder = vae.decoder

    def forward(self, latent: Tensor) -> Tensor:
        return self.decoder(self.post_quant_conv(latent))


def vae_calls(vae: AutoencoderKL) -> tuple[VaeEncoderCall, VaeDecoderCall]:
    """The modules to trace. They take `vae`'s parts and change them: do not call `vae` afterwards."""
    drop_dropout(vae)
    use_plain_attention(vae, "vae")
    return VaeEncoderCall(vae).eval(), VaeDecoderCall(vae).eval()
