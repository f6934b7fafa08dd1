"""A stage's folder, and how a stage knows that its output is there and whole."""

import hashlib
import json
import os
from pathlib import Path

SOURCES = Path(__file__).parent
ROOT = SOURCES.parent.parent


def fingerprint(files: list[str], *values) -> str:
    """Names what an output depends on: sources beside this one, and any JSON values."""
    digest = hashlib.sha256(json.dumps(values, sort_keys=True, default=str).encode())
    for name in files:
        digest.update((SOURCES / name).read_bytes())
    return digest.hexdigest()


def is_whole(folder: Path, wanted: str) -> bool:
    """True if `seal` was the last thing written there, for the same inputs."""
    path = folder / "whole.json"
    return path.is_file() and json.loads(path.read_text())["fingerprint"] == wanted


def made_from(folder: Path) -> str:
    """The fingerprint of another stage's whole output, for those that build on it."""
    return json.loads((folder / "whole.json").read_text())["fingerprint"]


def seal(folder: Path, wanted: str, **facts) -> None:
    """Says that a folder is whole, and a few facts about it for people."""
    write_atomically(folder / "whole.json", json.dumps({"fingerprint": wanted, **facts}, indent=2).encode())


def unseal(folder: Path) -> None:
    """Makes the folder, not whole until it is sealed."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "whole.json").unlink(missing_ok=True)


def write_atomically(path: Path, content: bytes) -> None:
    """A file exists only when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content)
    os.replace(partial, path)
