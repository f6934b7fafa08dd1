"""A CLIP model to export: a transformers folder in the hub's layout, or one on the hub."""

import re
from dataclasses import dataclass
from pathlib import Path

from transformers import CLIPConfig, CLIPModel
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

from . import clip_calls
from .errors import bad_file, bad_model
from .folder import licence_of_card, loaded
from .hub import HUB_ID, fetch, with_best_weights
from .tokenizer import Tokenizer, first_line, load_tokenizer, read_json

WANTED = re.compile(
    r"(config|preprocessor_config|processor_config|tokenizer|tokenizer_config|special_tokens_map|vocab)\.json"
    r"|merges\.txt|README\.md|LICENSE[^/]*|(model|pytorch_model)[^/]*\.(safetensors|bin|json)"
)
PREPROCESSING = ("preprocessor_config.json", "processor_config.json")  # the second since transformers 5
BICUBIC = 3  # as Pillow numbers its filters
# What ip2p does to every picture; another value is another picture.
STEPS = {"do_resize": True, "do_center_crop": True, "do_rescale": True, "do_normalize": True, "resample": BICUBIC}


@dataclass
class Preprocessing:
    """The picture that the model sees: the middle square, normalised."""

    size: int  # pixels a side
    mean: list[float]  # of red, green and blue, in 0 to 1
    std: list[float]


class ClipFolder:
    """A folder that transformers' `save_pretrained` wrote for a CLIPModel and its processor."""

    def __init__(self, folder: Path, name: str | None = None):
        self.folder = folder
        self.name = name or folder.resolve().name
        if not (folder / "config.json").is_file():
            raise bad_model(f"{folder}: has no config.json; expected a transformers folder of a CLIPModel")
        clip_calls.refuse_unsupported(read_json(folder / "config.json"))
        try:
            self.config = CLIPConfig.from_pretrained(folder, local_files_only=True)
        except Exception as error:  # whatever the library's checks of a config throw
            raise bad_model(f"{folder / 'config.json'}: is no CLIP config: {first_line(error)}") from error
        self.licence_files = sorted(path for path in folder.glob("LICENSE*") if path.is_file())
        self.licence = licence_of_card(folder / "README.md")

    def load_model(self) -> CLIPModel:
        return loaded(CLIPModel, self.folder, "clip")

    def load_tokenizer(self) -> Tokenizer:
        return load_tokenizer(self.folder)

    def preprocessing(self) -> Preprocessing:
        """What transformers' processor does; refuses what ip2p does not do."""
        where, given = preprocessor_config(self.folder)
        kind = given.get("image_processor_type") or given.get("feature_extractor_type") or "CLIPImageProcessor"
        if not re.fullmatch(r"CLIP(ImageProcessor(Fast|Pil)?|FeatureExtractor)", kind):
            raise bad_model(f"{where}: is a {kind}, expected a CLIPImageProcessor; it cannot be exported")
        try:
            processor = CLIPImageProcessorPil.from_pretrained(self.folder, local_files_only=True)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise bad_file(f"{where}: cannot be read: {first_line(error)}") from error
        for key, expected in STEPS.items():
            if getattr(processor, key) != expected:
                raise bad_model(f"{where}: {key} is {getattr(processor, key)!r}, expected {expected!r}")
        if abs(processor.rescale_factor * 255 - 1) > 1e-6:
            raise bad_model(f"{where}: rescale_factor is {processor.rescale_factor}, expected 1/255")
        side = self.config.vision_config.image_size
        for key, expected in (("size", {"shortest_edge": side}), ("crop_size", {"height": side, "width": side})):
            found = {name: value for name, value in dict(getattr(processor, key)).items() if value is not None}
            if found != expected:
                raise bad_model(f"{where}: {key} is {found}, expected {expected}, the model's own image_size")
        mean, std = list(processor.image_mean), list(processor.image_std)
        if len(mean) != 3 or len(std) != 3 or min(std) <= 0:
            raise bad_model(f"{where}: image_mean {mean} and image_std {std} are not three numbers each, std above 0")
        return Preprocessing(side, mean, std)


def preprocessor_config(folder: Path) -> tuple[Path, dict]:
    """The file that says how pictures are prepared, and what it says of that."""
    for name in PREPROCESSING:
        content = read_json(folder / name)
        content = content.get("image_processor", {}) if name == "processor_config.json" else content
        if content:
            return folder / name, content
    raise bad_model(f"{folder}: has no {' or '.join(PREPROCESSING)} that says how pictures are prepared")


def open_clip(name: str) -> ClipFolder:
    """Opens a folder or a hub id."""
    path = Path(name)
    if path.is_dir():
        return ClipFolder(path)
    if path.exists():
        raise bad_file(f"{name}: is a file, expected a transformers folder of a CLIPModel")
    if HUB_ID.fullmatch(name) and not name.startswith("."):
        return ClipFolder(fetch(name, chosen), name)
    raise bad_file(f"{name}: there is no such folder, and it is no hub id (owner/name)")


def chosen(files: list[str]) -> list[str]:
    """Of a CLIP model's files those to download."""
    return with_best_weights([name for name in files if WANTED.fullmatch(name)])
