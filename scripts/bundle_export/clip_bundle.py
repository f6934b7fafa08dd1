"""The recipe of a CLIP bundle: a CLIPModel becomes two archives, a tokenizer and clip.json."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from . import check, manifest
from .clip_calls import ImageCall, TextCall, originals, refuse_other_parts
from .clip_source import ClipFolder
from .licences import write_licences
from .new_folder import new_folder, refuse_existing
from .tokenizer import text_section
from .writer import DTYPES, Writer, seeded

FORMAT = 1
MANIFEST = "clip.json"
FILES = {"image": "clip_image.pt", "text": "clip_text.pt", "tokenizer": "tokenizer.model"}


@dataclass
class Options:
    """What the command line says."""

    dtype: str = "float32"  # of the weights in the archives
    name: str | None = None
    licence: str | None = None
    random_weights: bool = False
    overwrite: bool = False


def export(source: ClipFolder, out: Path, options: Options) -> dict:
    """Writes the CLIP bundle of `source` to the folder `out` and returns its manifest."""
    refuse_existing(out, options.overwrite, MANIFEST)
    tokenizer = source.load_tokenizer()
    refuse_other_parts(source.config, tokenizer.end)
    text = text_section(tokenizer, source.config.text_config)
    del text["width"]  # of the states, which stay inside
    pictures = source.preprocessing()

    with new_folder(out, options.overwrite, MANIFEST) as folder:
        (folder / FILES["tokenizer"]).write_bytes(tokenizer.model)
        write_calls(source, text, pictures.size, Writer(folder, DTYPES[options.dtype], FILES))
        facts = {
            "format": FORMAT,
            "family": "clip",
            "name": options.name or source.name,
            "random_weights": options.random_weights,
            "weights_dtype": options.dtype,
            "files": manifest.file_section(folder, FILES),
            "embedding_width": source.config.projection_dim,
            "image": {"size": pictures.size, "mean": pictures.mean, "std": pictures.std},
            "text": text,
            "exporter": manifest.exporter_section("export_clip.py"),
            "source": {"name": source.name, "licence": options.licence or source.licence or "unknown"},
        }
        manifest.write_manifest(folder, facts, MANIFEST)
        write_readme(folder, facts)
        write_licences(folder, source.licence_files, facts["source"]["licence"], tokenizer.front_end)
    return facts


def write_calls(source: ClipFolder, text: dict, side: int, write: Writer) -> None:
    """Writes the two archives."""
    model = source.load_model()

    def pixels(batch: int, height: int, width: int) -> tuple[Tensor]:
        return (torch.randn(batch, 3, side, side, generator=seeded()),)

    def tokens(batch: int, height: int, width: int) -> tuple[Tensor]:
        """Texts of any length: an end somewhere, and padding behind it."""
        ids = torch.randint(0, text["vocabulary"], (batch, text["length"]), generator=seeded())
        for row in range(batch):
            last = 1 + (5 * row + 3) % (text["length"] - 1)
            ids[row, last], ids[row, last + 1 :] = text["end"], text["pad"]
        return (ids,)

    of_picture, of_text = originals(model)
    seen, read = check.cases(of_picture, pixels), check.cases(of_text, tokens)
    image_call, text_call = ImageCall(model).eval(), TextCall(model, text["length"]).eval()
    write("image", image_call, seen, pixels)
    write("text", text_call, read, tokens)


def write_readme(folder: Path, facts: dict) -> None:
    """Writes README.md: what the folder is and where it comes from, for a person who finds it."""
    kind = "Random weights, for tests: it measures nothing." if facts["random_weights"] else "A CLIP model."
    (folder / "README.md").write_text(
        f"""# {facts["name"]}

{kind} For ip2p (`ip2p regress run SUITE --clip FOLDER`), made by ip2p's exporter.

- Source: {facts["source"]["name"]}
- Licence of the weights: {facts["source"]["licence"]} (see LICENSE)
- Pictures: {facts["image"]["size"]} pixels a side; embeddings: {facts["embedding_width"]} wide
- Weights stored in {facts["weights_dtype"]}
""",
        "utf-8",
    )
