"""The way back: a bundle's weights in a diffusers folder, with the configs of the model that it was made from."""

import hashlib
import json
import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel

from .errors import bad_file, bad_model, bad_usage
from .folder import CONFIGS
from .noise import noise_section
from .tokenizer import load_tokenizer, read_json

MODULES = ("unet", "vae_encoder", "vae_decoder", "text_encoder")
PIPELINE = "StableDiffusionInstructPix2PixPipeline"


def to_diffusers(bundle: Path, config: Path, out: Path) -> None:
    """Fills the folder `out` with the bundle's weights and the configs, scheduler and tokenizer of `config`."""
    manifest = read_json(bundle / "bundle.json")
    verify(bundle, manifest)
    for file in ("model_index.json", *(f"{part}/{name}" for part, name in CONFIGS.items())):
        if not (config / file).is_file():
            raise bad_usage(f"--config {config}: has no {file}; name the diffusers folder of the original model")
    refuse_another_model(bundle, manifest, config)
    weights = {part: archive_weights(bundle, manifest, part) for part in MODULES}

    unet_config = read_json(config / "unet/config.json")
    unet_config["in_channels"] = weights["unet"]["conv_in.weight"].shape[1]  # more, where image channels were added
    unet = UNet2DConditionModel.from_config(unet_config)
    filled(unet, weights["unet"], "unet").save_pretrained(out / "unet")
    vae = AutoencoderKL.from_config(read_json(config / "vae/config.json"))
    filled(vae, weights["vae_encoder"] | weights["vae_decoder"], "vae").save_pretrained(out / "vae")
    text = CLIPTextModel(CLIPTextConfig.from_dict(read_json(config / "text_encoder/config.json")))
    filled(text, text_weights(text, weights["text_encoder"]), "text_encoder").save_pretrained(out / "text_encoder")

    for part in "scheduler", "tokenizer":
        shutil.copytree(config / part, out / part)
    for licence in bundle.glob("LICENSE*"):
        shutil.copy(licence, out)
    (out / "model_index.json").write_text(json.dumps(index(config), indent=2) + "\n", "utf-8")


def verify(bundle: Path, manifest: dict) -> None:
    """Refuses a bundle whose files are not those that its manifest describes."""
    if manifest.get("family") != "instruct-pix2pix" or "files" not in manifest:
        raise bad_file(f"{bundle}: its bundle.json is not one of ip2p's; name a bundle's folder")
    for part, file in manifest["files"].items():
        try:
            with open(bundle / file["path"], "rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
        except OSError as error:
            raise bad_file(f"{bundle / file['path']}: cannot be read: {error.strerror}") from error
        if digest != file["sha256"]:
            raise bad_model(f"{bundle / file['path']}: is not the {part} that bundle.json describes; get it again")


def refuse_another_model(bundle: Path, manifest: dict, config: Path) -> None:
    """Refuses configs whose noise schedule or tokenizer are not the bundle's: the pictures would be others."""
    if noise_section(read_json(config / "scheduler/scheduler_config.json")) != manifest["noise"]:
        raise bad_usage(f"--config {config}: its scheduler is not the bundle's; name the model it was made from")
    tokenizer = (bundle / manifest["files"]["tokenizer"]["path"]).read_bytes()
    if load_tokenizer(config / "tokenizer").model != tokenizer:
        raise bad_usage(f"--config {config}: its tokenizer is not the bundle's; name the model it was made from")


def archive_weights(bundle: Path, manifest: dict, part: str) -> dict[str, Tensor]:
    """The parameters of one archive, as they are stored."""
    module = torch.jit.load(bundle / manifest["files"][part]["path"], map_location="cpu")
    return {name: parameter.detach() for name, parameter in module.named_parameters()}


def text_weights(model: CLIPTextModel, weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """A bundle's names for the text encoder's layers -> those of the installed transformers."""
    start = "text_model." if any(name.startswith("text_model.") for name in model.state_dict()) else ""
    return {start + ("encoder." if name.startswith("layers.") else "") + name: t for name, t in weights.items()}


def filled(model: nn.Module, weights: dict[str, Tensor], part: str) -> nn.Module:
    """`model` with `weights` in place of its own, in their dtype; refuses names or shapes that differ."""
    wanted = {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}
    given = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    other = sorted(name for name in wanted.keys() | given.keys() if wanted.get(name) != given.get(name))
    if other:
        raise bad_usage(
            f"{part}: {other[0]} is {given.get(other[0], 'missing')} in the bundle, expected"
            f" {wanted.get(other[0], 'nothing')} by the config ({len(other)} such); name the model it was made from"
        )
    model.to(next(iter(weights.values())).dtype)
    model.load_state_dict(weights, strict=False)  # strict would ask for buffers, which are no weights
    return model.eval()


def index(config: Path) -> dict:
    """model_index.json: the original's parts but for the safety checker, as the pipeline that edits."""
    nothing = {part: [None, None] for part in ("feature_extractor", "safety_checker")}
    return read_json(config / "model_index.json") | nothing | {"_class_name": PIPELINE, "requires_safety_checker": False}
