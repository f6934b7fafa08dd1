"""Which kind of source a name on the command line is."""

from pathlib import Path

from .checkpoint import OriginalCheckpoint
from .errors import bad_file, bad_usage
from .folder import DiffusersFolder
from .hub import HUB_ID, fetch
from .source import Source

CHECKPOINTS = (".safetensors", ".ckpt")


def open_source(name: str, tokenizer: Path | None = None, configs: Path | None = None) -> Source:
    """Opens a diffusers folder, a checkpoint file or a hub id."""
    for option, path in (("--tokenizer", tokenizer), ("--config", configs)):
        if path is not None and not path.exists():
            raise bad_file(f"{option} {path}: there is no such file or folder")
    path = Path(name)
    if path.is_file() and path.suffix in CHECKPOINTS:
        return OriginalCheckpoint(path, tokenizer, configs)
    if configs is not None:
        raise bad_usage(f"--config is for a checkpoint file, and {name} is none")
    if path.is_dir():
        return DiffusersFolder(path, tokenizer=tokenizer)
    if path.exists():
        raise bad_file(f"{name}: is of an unknown kind, expected a folder or a file that ends in .safetensors or .ckpt")
    if HUB_ID.fullmatch(name) and not name.startswith(".") and path.suffix not in CHECKPOINTS:
        return DiffusersFolder(fetch(name), name, tokenizer)
    raise bad_file(f"{name}: there is no such file or folder, and it is no hub id (owner/name)")
