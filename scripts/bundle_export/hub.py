"""A model on the Hugging Face hub: fetches the files that a bundle needs into the hub's cache."""

import re
from collections.abc import Callable
from pathlib import Path

from huggingface_hub import HfApi, errors, snapshot_download
from huggingface_hub.errors import HTTPError

from .errors import bad_file, say
from .folder import HALF, WEIGHTS
from .tokenizer import first_line

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
WANTED = re.compile(
    r"(model_index\.json|README\.md|LICENSE[^/]*"
    r"|(unet|vae|text_encoder|scheduler|tokenizer)/[^/]+\.(json|txt|model|safetensors|bin)"
    r"|(text_encoder_[23]|transformer|image_encoder|controlnet|prior)/config\.json)"
)
OTHER = re.compile(r"\.(bf16|non_ema|ema)[.-]|onnx|openvino|flax")  # nothing that folder.py reads
ADDRESS = re.compile(r"(for url: |url )?'?https?://[^\s']*[^\s':]'?")
NETWORK = (HTTPError, OSError, errors.HfHubHTTPError, errors.OfflineModeIsEnabled)


def fetch(hub_id: str, choose: Callable[[list[str]], list[str]] | None = None) -> Path:
    """The folder of a hub model in the local cache, downloaded if need be: those of its files that `choose` takes, or
    those of a diffusers model."""
    try:
        files = (choose or chosen)(HfApi().list_repo_files(hub_id))
        say(f"fetching {hub_id} ({len(files)} files)")
        return Path(snapshot_download(hub_id, allow_patterns=files))
    except (errors.RepositoryNotFoundError, errors.HFValidationError) as error:
        raise bad_file(
            f"{hub_id}: is neither a file or folder here nor a model on the Hugging Face hub; check the name,"
            " and for a private one log in with `hf auth login`"
        ) from error
    except NETWORK as error:
        return cached(hub_id, error)


def cached(hub_id: str, error: Exception) -> Path:
    """What is in the cache already, for when the hub cannot be reached."""
    try:
        folder = Path(snapshot_download(hub_id, local_files_only=True))
    except (errors.LocalEntryNotFoundError, OSError):
        raise bad_file(
            f"{hub_id}: is no file or folder here, and the Hugging Face hub cannot be reached"
            f" ({reason(error)}); check the name or the network, or give a folder or a checkpoint file"
        ) from error
    say(f"the hub cannot be reached; using {hub_id} from the cache")
    return folder


def reason(error: Exception) -> str:
    """Why the hub cannot be reached, in words of ours: the libraries' have long addresses in them."""
    if isinstance(error, errors.OfflineModeIsEnabled):
        return "HF_HUB_OFFLINE is set"
    response = getattr(error, "response", None)
    if response is not None:
        return f"it answers {response.status_code}"
    return ADDRESS.sub("the hub", first_line(error))


def chosen(files: list[str]) -> list[str]:
    """Of a diffusers model's files those to download."""
    return with_best_weights([name for name in files if WANTED.fullmatch(name) and not OTHER.search(name)])


def with_best_weights(wanted: list[str]) -> list[str]:
    """`wanted` with one form of each part's weights: the plain ones, else the fp16 variant, and no .bin where there is a
    .safetensors."""
    plain = {part(name) for name in wanted if name.endswith(WEIGHTS) and not HALF.search(name)}
    wanted = [name for name in wanted if not (HALF.search(name) and part(name) in plain)]
    safe = {part(name) for name in wanted if name.endswith(".safetensors")}
    return [name for name in wanted if not (name.endswith(".bin") and part(name) in safe)]


def part(name: str) -> str:
    """The folder that a model's file is in."""
    return name.rpartition("/")[0]
