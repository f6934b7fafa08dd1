"""The Python packages that the exporter cannot do without: looked for before anything imports them."""

import sys
from importlib.util import find_spec
from pathlib import Path

from .errors import Exit, say

NEEDED = ("torch", "diffusers", "transformers", "sentencepiece", "safetensors", "huggingface_hub")
ENVIRONMENT = Path(__file__).resolve().parents[2] / ".venv/bin/python"  # what scripts/setup makes


def refuse_without_packages(program: str) -> None:
    """Ends the process with one sentence when this Python lacks one of them."""
    missing = [name for name in NEEDED if find_spec(name) is None]
    if not missing:
        return
    advice = f"use {ENVIRONMENT}" if ENVIRONMENT.exists() else "use .venv/bin/python, which scripts/setup makes"
    if not (ENVIRONMENT.parents[2] / "scripts/setup").exists():
        advice = f"install them with `{sys.executable} -m pip install`"  # the tarball has no setup
    say(f"{program}: {sys.executable} has no {', '.join(missing)}; {advice}")
    sys.exit(int(Exit.FILE))
