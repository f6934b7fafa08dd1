"""A model as a diffusers folder: model_index.json, and a folder a part."""

import re
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.models.modeling_utils import ModelMixin
from safetensors import SafetensorError
from transformers import CLIPTextModel, PreTrainedModel

from .errors import bad_file, bad_model, say
from .source import Source
from .tokenizer import Tokenizer, first_line, load_tokenizer, read_json

CONFIGS = {
    "unet": "config.json",
    "vae": "config.json",
    "text_encoder": "config.json",
    "scheduler": "scheduler_config.json",
}
WEIGHTS = (".safetensors", ".bin")
HALF = re.compile(r"\.fp16[.-]")  # the variant that is read where there is nothing else
# Parts that change what the model computes, and that a bundle has no place for.
REFUSED = {
    "text_encoder_2": "a second text encoder (Stable Diffusion XL)",
    "text_encoder_3": "a third text encoder (Stable Diffusion 3)",
    "transformer": "a transformer in the UNet's place",
    "image_encoder": "an image encoder",
    "controlnet": "a ControlNet",
    "prior": "a prior",
}


class DiffusersFolder(Source):
    """A folder that diffusers' `save_pretrained` wrote, or a copy of one from the hub."""

    def __init__(self, folder: Path, name: str | None = None, tokenizer: Path | None = None):
        self.folder = folder
        self.name = name or folder.resolve().name
        self.tokenizer = tokenizer or folder / "tokenizer"
        index = read_json(folder / "model_index.json")
        for part, what in REFUSED.items():
            if (index.get(part) or [None])[0] is not None or (folder / part).is_dir():
                raise bad_model(f"{folder}: has {part}, {what}; this kind of model cannot be exported")
        for part, file in CONFIGS.items():
            if not (folder / part / file).is_file():
                raise bad_model(
                    f"{folder}: has no {part}/{file}; expected a diffusers folder of an InstructPix2Pix model"
                )
        if (index.get("safety_checker") or [None])[0] is not None or (folder / "safety_checker").is_dir():
            say("The source's safety checker is left out: a bundle has none, and ip2p does not filter pictures.")

        self.unet_config, self.vae_config, self.text_encoder_config, self.scheduler_config = (
            read_json(folder / part / file) for part, file in CONFIGS.items()
        )
        self.licence_files = sorted(path for path in folder.glob("LICENSE*") if path.is_file())
        self.licence = licence_of_card(folder / "README.md")

    def load_unet(self) -> UNet2DConditionModel:
        return self.load(UNet2DConditionModel, "unet")

    def load_vae(self) -> AutoencoderKL:
        return self.load(AutoencoderKL, "vae")

    def load_text_encoder(self) -> CLIPTextModel:
        return self.load(CLIPTextModel, "text_encoder")

    def load_tokenizer(self) -> Tokenizer:
        return load_tokenizer(self.tokenizer)

    def load(self, kind: type[ModelMixin] | type[PreTrainedModel], part: str) -> ModelMixin | PreTrainedModel:
        return loaded(kind, self.folder / part, part)


def loaded(kind: type[ModelMixin] | type[PreTrainedModel], path: Path, part: str) -> ModelMixin | PreTrainedModel:
    """Loads a model in float32, from safetensors or from .bin (weights only, which both libraries enforce)."""
    options = {"dtype" if issubclass(kind, PreTrainedModel) else "torch_dtype": torch.float32}
    options |= {"local_files_only": True, "output_loading_info": True, "ignore_mismatched_sizes": True}
    weights = [file.name for file in path.glob("*") if file.suffix in WEIGHTS]
    if weights and all(HALF.search(name) for name in weights):
        say(f"{part}: only float16 weights are there (variant fp16); they are used.")
        options["variant"] = "fp16"
    try:
        model, report = kind.from_pretrained(path, **options)
    except (OSError, RuntimeError, ValueError, KeyError, SafetensorError) as error:
        raise bad_file(f"{part}: its weights in {path} cannot be read: {first_line(error)}") from error
    lacking = sorted({*report["missing_keys"], *(entry[0] for entry in report["mismatched_keys"])})
    if lacking:
        raise bad_model(
            f"{part}: the weights lack {lacking[0]} in the shape that config.json asks for"
            f" ({len(lacking)} such); weights and config do not belong together"
        )
    return model.float().eval()


def licence_of_card(card: Path) -> str | None:
    """The `license:` of a model card's front matter."""
    if not card.is_file():
        return None
    found = re.search(r"\A---\n.*?^license:\s*(\S.*?)\s*$.*?^---$", card.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return found[1] if found else None
