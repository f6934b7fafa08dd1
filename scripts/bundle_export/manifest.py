"""bundle.json and the bundle's README: what the model is, and the hashes of its files."""

import hashlib
import json
import re
from pathlib import Path

import diffusers
import torch
import transformers

FORMAT = 1
FILES = {
    "unet": "unet.pt",
    "vae_encoder": "vae_encoder.pt",
    "vae_decoder": "vae_decoder.pt",
    "text_encoder": "text_encoder.pt",
    "tokenizer": "tokenizer.model",
}
VERSION_HEADER = Path(__file__).parents[2] / "include/ip2p/version.h"


def file_section(folder: Path, files: dict[str, str] = FILES) -> dict:
    """The manifest's `files`: path, size and sha256 of each."""
    section = {}
    for key, name in files.items():
        with open(folder / name, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        section[key] = {"path": name, "bytes": (folder / name).stat().st_size, "sha256": digest}
    return section


def exporter_section(script: str = "export_bundle.py") -> dict:
    """Which program and which versions made a bundle."""
    return {
        "script": script,
        "ip2p": re.search(r'IP2P_VERSION "(.*?)"', VERSION_HEADER.read_text("utf-8"))[1],
        "torch": torch.__version__.split("+")[0],
        "diffusers": diffusers.__version__,
        "transformers": transformers.__version__,
    }


def write_manifest(folder: Path, manifest: dict, name: str = "bundle.json") -> None:
    """Writes the manifest, one number of a long list a line being too many."""
    text = json.dumps(manifest, indent=2, ensure_ascii=False, allow_nan=False)
    numbers = re.compile(r"\[[-+.e\d\s,]+\]")
    text = numbers.sub(lambda found: " ".join(found[0].split()), text)
    (folder / name).write_text(text + "\n", "utf-8")


def write_readme(folder: Path, manifest: dict) -> None:
    """Writes README.md: what the bundle is and where it comes from, for a person who finds the folder."""
    latent, text, source = manifest["latent"], manifest["text"], manifest["source"]
    kind = "Random weights, for tests: it edits nothing." if manifest["random_weights"] else "An InstructPix2Pix model."
    (folder / "README.md").write_text(
        f"""# {manifest["name"]}

{kind} A bundle for ip2p (`ip2p edit --model FOLDER`), made by ip2p's exporter.

- Source: {source["name"]}
- Licence of the weights: {source["licence"]} (see LICENSE)
- Latent: {latent["channels"]} channels, {latent["pixels_per_latent"]} pixels a side
- Text: {text["length"]} tokens, {text["width"]} wide
- Prediction: {manifest["noise"]["prediction"]}; weights stored in {manifest["weights_dtype"]}
""",
        "utf-8",
    )
