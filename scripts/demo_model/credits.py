"""The part of the bundle's README that names every photograph, its licence and its author."""

from collections import Counter
from pathlib import Path

from .photographs import Photograph, photographs
from .splits import SPLITS, splits
from .stage import write_atomically

HEADING = "## The photographs"


def credits() -> str:
    """Markdown: how many photographs there are in each split and under each licence, then each of them."""
    found = splits()
    counts = ", ".join(f"{len(found[split])} for {split}" for split in SPLITS)
    licences = Counter(photograph.licence for photograph in photographs())
    lines = [
        HEADING,
        "",
        f"The model learnt from {len(found['train'])} photographs; {len(photographs())} in all: {counts}. They come in"
        " packages of Debian and PyPI, which `scripts/train_demo` fetches; none is in this folder.",
        "",
        "| licence | photographs |",
        "|---|---|",
        *(f"| {licence} | {count} |" for licence, count in licences.most_common()),
        "",
        "| photograph | used for | author | licence | package |",
        "|---|---|---|---|---|",
        *(row(photograph, split) for split in SPLITS for photograph in found[split]),
    ]
    return "\n".join(lines) + "\n"


def row(photograph: Photograph, split: str) -> str:
    """A photograph's line of the table; its name leads to where the package has it from."""
    name = f"[{photograph.name}]({photograph.source})" if photograph.source else photograph.name
    package = photograph.package.replace("debian:", "Debian ").replace("pypi:", "PyPI ").replace("here", "this project")
    cells = (name, split, photograph.author, photograph.licence, package)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def write_credits(readme: Path) -> None:
    """Puts the table at the end of a README, in place of the one that is there."""
    before = readme.read_text("utf-8").split(HEADING)[0].rstrip()
    write_atomically(readme, f"{before}\n\n{credits()}".encode())
