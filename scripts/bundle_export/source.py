"""A model to export, in whatever form it came: its configs first, its weights one part at a time."""

from abc import ABC, abstractmethod
from pathlib import Path

from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModel

from .tokenizer import Tokenizer


class Source(ABC):
    """What the exporter reads. Weights come in float32, in evaluation mode, and are not kept."""

    name: str  # what to call the model
    licence: str | None  # what the source says its licence is
    licence_files: list[Path]
    scheduler_config: dict  # as in scheduler_config.json: only what the source says
    unet_config: dict
    vae_config: dict
    text_encoder_config: dict

    @abstractmethod
    def load_unet(self) -> UNet2DConditionModel: ...

    @abstractmethod
    def load_vae(self) -> AutoencoderKL: ...

    @abstractmethod
    def load_text_encoder(self) -> CLIPTextModel: ...

    @abstractmethod
    def load_tokenizer(self) -> Tokenizer: ...
