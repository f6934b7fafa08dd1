"""A model as one file in the original CompVis layout (.safetensors or .ckpt), EMA weights where it has them."""

import pickle
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.loaders.single_file_utils import (
    convert_ldm_clip_checkpoint,
    convert_ldm_unet_checkpoint,
    convert_ldm_vae_checkpoint,
)
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel

from .checkpoint_config import TEXT, UNET, VAE, scheduler_config, text_encoder_config, unet_config, vae_config
from .errors import bad_file, bad_model, bad_usage, say
from .folder import CONFIGS
from .source import Source
from .tokenizer import Tokenizer, first_line, load_tokenizer, read_json

EMA = "model_ema."
# What marks a file of another kind: (start of a key, what it is).
OTHERS = (
    ("conditioner.embedders.1.", "has a second text encoder (Stable Diffusion XL)"),
    ("model.diffusion_model.label_emb.", "has class embeddings"),
    ("model.diffusion_model.joint_blocks.", "is a transformer (Stable Diffusion 3)"),
    ("cond_stage_model.model.", "has OpenCLIP's text encoder (Stable Diffusion 2), whose prediction type the file"
     " does not say; convert it to a diffusers folder first"),
)


class OriginalCheckpoint(Source):
    """A checkpoint of the original InstructPix2Pix or of a model trained from it.

    Such a file holds weights only. What shapes do not say is as in Stable Diffusion 1.x, unless `configs`,
    a folder laid out like diffusers', says otherwise.
    """

    def __init__(self, path: Path, tokenizer: Path | None, configs: Path | None):
        self.path = path
        self.name = path.stem
        self.licence = None
        self.licence_files = sorted(file for file in path.parent.glob("LICENSE*") if file.is_file())
        if tokenizer is None and configs is not None and (configs / "tokenizer").is_dir():
            tokenizer = configs / "tokenizer"
        if tokenizer is None:
            raise bad_usage(
                f"{path}: a checkpoint file has no tokenizer; give CLIP's with --tokenizer, a folder with vocab.json"
                " and merges.txt or the file bpe_simple_vocab_16e6.txt.gz"
            )
        self.tokenizer = tokenizer
        self.weights = read_weights(path)
        refuse_others(path, self.weights)

        def config(part: str, derive) -> dict:
            given = configs / part / CONFIGS[part] if configs is not None else None
            return read_json(given) if given is not None and given.is_file() else derive(self.weights)

        self.unet_config = config("unet", unet_config)
        self.vae_config = config("vae", vae_config)
        self.text_encoder_config = config("text_encoder", text_encoder_config)
        self.scheduler_config = config("scheduler", scheduler_config)

    def load_unet(self) -> UNet2DConditionModel:
        weights = with_ema(self.path, self.weights)
        with torch.device("meta"):
            model = UNet2DConditionModel.from_config(self.unet_config)
        return filled(model, convert_ldm_unet_checkpoint(weights, model.config), "unet")

    def load_vae(self) -> AutoencoderKL:
        with torch.device("meta"):
            model = AutoencoderKL.from_config(self.vae_config)
        return filled(model, convert_ldm_vae_checkpoint(starting(self.weights, VAE), model.config), "vae")

    def load_text_encoder(self) -> CLIPTextModel:
        model = CLIPTextModel(CLIPTextConfig.from_dict(self.text_encoder_config))
        weights = convert_ldm_clip_checkpoint(starting(self.weights, TEXT))
        # Files differ in whether they keep this level of names and the positions' numbers.
        weights = {key.removeprefix("text_model."): value for key, value in weights.items()}
        weights.pop("embeddings.position_ids", None)
        return filled(model, weights, "text_encoder")

    def load_tokenizer(self) -> Tokenizer:
        return load_tokenizer(self.tokenizer)


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint, mapped from the file rather than read. No code in it is run."""
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = load_pickled(path)
    except (OSError, RuntimeError, pickle.UnpicklingError, EOFError, SafetensorError) as error:
        raise bad_file(f"{path}: cannot be read as a checkpoint: {first_line(error)}") from error
    weights = content.get("state_dict", content) if isinstance(content, dict) else {}
    return {key: value for key, value in weights.items() if isinstance(value, Tensor)}


def load_pickled(path: Path):
    """torch.load, weights only; objects of other classes (of a training framework, say) become empty ones."""
    named = torch.serialization.get_unsafe_globals_in_checkpoint(path) if zipped(path) else []
    stand_ins = [(type("Ignored", (), {"__init__": lambda self, *_, **__: None}), name) for name in named]
    with torch.serialization.safe_globals(stand_ins):
        return torch.load(path, map_location="cpu", weights_only=True, mmap=zipped(path))


def zipped(path: Path) -> bool:
    """Whether a .ckpt is of the zip kind, which torch writes since 1.6 and which can be mapped."""
    with open(path, "rb") as file:
        return file.read(2) == b"PK"


def refuse_others(path: Path, weights: dict[str, Tensor]) -> None:
    """Refuses a file that is no Stable Diffusion 1.x-like model in the original layout."""
    for start, what in OTHERS:
        if any(key.startswith(start) for key in weights):
            raise bad_model(f"{path}: {what}; this file cannot be exported")
    for start, what in ((UNET, "UNet"), (VAE, "VAE"), (TEXT, "text encoder")):
        if not any(key.startswith(start) for key in weights):
            raise bad_model(
                f"{path}: has no {what} (no key starts with {start}); expected a whole model in the original layout"
            )


def with_ema(path: Path, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The UNet's weights; the averaged ones where the file has them, under names without dots."""
    own = starting(weights, UNET)
    if not any(key.startswith(EMA) for key in weights):
        return own
    averaged = {key: EMA + key.removeprefix("model.").replace(".", "") for key in own}
    lacking = [name for name in averaged.values() if name not in weights]
    if lacking:
        raise bad_model(f"{path}: its EMA weights lack {lacking[0]} ({len(lacking)} such); the file is damaged")
    say("unet: the file has EMA weights; they are used.")
    return {key: weights[name] for key, name in averaged.items()}


def starting(weights: dict[str, Tensor], start: str) -> dict[str, Tensor]:
    """The weights whose key starts with `start`."""
    return {key: value for key, value in weights.items() if key.startswith(start)}


def filled(model: nn.Module, weights: dict[str, Tensor], part: str) -> nn.Module:
    """`model` with `weights` in the place of its own, in float32; refuses weights that do not fit it."""
    expected = model.state_dict()
    for key in [*expected, *weights]:
        found, wanted = (list(of[key].shape) if key in of else None for of in (weights, expected))
        if found != wanted:
            raise bad_model(f"{part}: weight {key} has shape {found}, expected {wanted}; the file is of another model")
    model.load_state_dict(weights, assign=True)  # no copy: they stay mapped from the file
    return model.float().eval()
