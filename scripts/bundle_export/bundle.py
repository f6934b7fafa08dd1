"""The recipe: a source becomes a bundle, a part at a time, checked before anything is in place."""

import gc
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

from . import check, manifest, text_encoder, unet, vae
from .defaults import DEFAULTS
from .errors import say
from .licences import write_licences
from .new_folder import new_folder, refuse_existing
from .noise import default_sampler, noise_section
from .source import Source
from .text_encoder import TextEncoderCall
from .tokenizer import text_section
from .writer import DTYPES, Writer, seeded


@dataclass
class Options:
    """What the command line says."""

    dtype: str = "float32"  # of the weights in the archives
    name: str | None = None
    licence: str | None = None
    defaults: dict = field(default_factory=dict)  # of `DEFAULTS`, those to set
    random_weights: bool = False
    add_image_channels: bool = False  # to a text-to-image model, to start training from
    overwrite: bool = False


def export(source: Source, out: Path, options: Options) -> dict:
    """Writes the bundle of `source` to the folder `out` and returns its manifest."""
    refuse_existing(out, options.overwrite)
    unet.refuse_unsupported(source.unet_config)
    vae.refuse_unsupported(source.vae_config)
    text_encoder.refuse_unsupported(source.text_encoder_config)
    channels = source.vae_config.get("latent_channels", 4)
    unet.refuse_wrong_channels(
        unet.widened_config(source.unet_config, channels) if options.add_image_channels else source.unet_config,
        latent_channels=channels,
        text_width=source.text_encoder_config.get("hidden_size", 512),
    )
    noise = noise_section(source.scheduler_config)
    tokenizer = source.load_tokenizer()

    with new_folder(out, options.overwrite) as folder:
        write = Writer(folder, DTYPES[options.dtype], manifest.FILES)
        (folder / manifest.FILES["tokenizer"]).write_bytes(tokenizer.model)
        text = export_text_encoder(source, tokenizer, write)
        gc.collect()  # models hold themselves in circles; without this three of them would be in memory
        latent = export_vae(source, write)
        gc.collect()
        levels = export_unet(source, latent["channels"], text, write, options.add_image_channels)

        facts = {
            "format": manifest.FORMAT,
            "family": "instruct-pix2pix",
            "name": options.name or source.name,
            "random_weights": options.random_weights,
            "weights_dtype": options.dtype,
            "files": manifest.file_section(folder),
            "noise": noise,
            "latent": latent,
            "size_multiple": latent["pixels_per_latent"] * 2 ** (levels - 1),
            "text": text,
            "defaults": DEFAULTS | source_defaults(source) | options.defaults,
            "exporter": manifest.exporter_section(),
            "source": {"name": source.name, "licence": options.licence or source.licence or "unknown"},
        }
        manifest.write_manifest(folder, facts)
        manifest.write_readme(folder, facts)
        write_licences(folder, source.licence_files, facts["source"]["licence"], tokenizer.front_end)
    return facts


def source_defaults(source: Source) -> dict:
    """What the source says about the manifest's `defaults`: the sampler that its scheduler is."""
    sampler = default_sampler(source.scheduler_config)
    return {} if sampler is None else {"sampler": sampler}


def export_text_encoder(source: Source, tokenizer, write: Writer) -> dict:
    """Writes the text encoder; returns the manifest's `text`."""
    model = source.load_text_encoder()
    text = text_section(tokenizer, model.config)

    def inputs(batch: int, height: int, width: int) -> tuple[Tensor]:
        return (torch.randint(0, text["vocabulary"], (batch, text["length"]), generator=seeded()),)

    checked = check.cases(lambda tokens: model(tokens).last_hidden_state, inputs)
    write("text_encoder", TextEncoderCall(model, text["length"]).eval(), checked, inputs)
    return text


def export_vae(source: Source, write: Writer) -> dict:
    """Writes the VAE's two calls; returns the manifest's `latent`."""
    model = source.load_vae()
    channels, step = model.config.latent_channels, vae.pixels_per_latent(model)
    unit = 8 * step  # pixels; small sizes, but larger than what the convolutions see around a pixel

    def pixels(batch: int, height: int, width: int) -> tuple[Tensor]:
        return (torch.rand(batch, 3, unit * height, unit * width, generator=seeded()) * 2 - 1,)

    def latents(batch: int, height: int, width: int) -> tuple[Tensor]:
        return (torch.randn(batch, channels, 8 * height, 8 * width, generator=seeded()),)

    encoded = check.cases(lambda x: model.encode(x).latent_dist.mode(), pixels)
    decoded = check.cases(lambda z: model.decode(z).sample, latents)
    encoder, decoder = vae.vae_calls(model)
    write("vae_encoder", encoder, encoded, pixels)
    write("vae_decoder", decoder, decoded, latents)
    return {
        "channels": channels,
        "pixels_per_latent": step,
        "scale": model.config.scaling_factor,
        "shift": model.config.shift_factor or 0.0,
        "image_scale": 1.0,
    }


def export_unet(source: Source, latent_channels: int, text: dict, write: Writer, widen: bool) -> int:
    """Writes the UNet, with channels for the image's latent when `widen`; returns how many levels it has."""
    model = source.load_unet()
    if widen:
        unet.add_image_channels(model)
        say("unet: image channels added, all zero: the bundle ignores pictures until it is trained (ip2p train).")
    levels = len(model.config.block_out_channels)
    unit = 2 ** (levels - 1)

    def inputs(batch: int, height: int, width: int) -> tuple[Tensor, Tensor, Tensor]:
        generator = seeded()
        sample = torch.randn(batch, 2 * latent_channels, unit * height, unit * width, generator=generator)
        timestep = torch.rand(batch, generator=generator) * 999  # fractional ones too
        return sample, timestep, torch.randn(batch, text["length"], text["width"], generator=generator)

    checked = check.cases(lambda *given: model(*given).sample, inputs)
    write("unet", unet.unet_call(model), checked, inputs)
    return levels
