"""Writes what the UNet is trained on: pictures, edited pictures and the sentences between them.

One folder a split, <work>/pairs/{train,validation,test}, in the layout of Hugging Face's image folders:
metadata.jsonl names for each example the input, the edited picture, the wordings (training draws one each time) and
whether the picture may be cropped. labels.jsonl says line by line which edits those are, for reports.
"""

import json
from pathlib import Path

import cv2
import numpy as np
from numpy import ndarray

from .crops import random_square, square
from .edits import EDITS
from .splits import splits
from .stage import fingerprint, is_whole, made_from, seal, unseal, write_atomically
from .text_start import Request, disturbed, filler_words, with_options
from .wordings import PAIRS, pair_wordings, wordings

SIDE_PX = 256
CROPS = {"train": 6, "validation": 1, "test": 1}  # of a photograph; the first is its middle
EDITS_A_CROP = 7  # of one edit each, in training; held-out crops get every edit
PAIRS_A_CROP = {"train": 1, "validation": 3, "test": 3}
WEIGHTS = {"tint": 3, "frame": 3, "brighter": 2, "darker": 2, "fog": 2}  # of edits with options; others 1
PLAIN_WORDINGS, DISTURBED_WORDINGS = 12, 4  # of a training example
JPEG = [cv2.IMWRITE_JPEG_QUALITY, 96, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]


def make_pairs(work: Path, seed: int = 0) -> Path:
    """Writes the three splits."""
    for split in splits():
        make_split(work, split, seed)
    return work / "pairs"


def pairs_fingerprint(work: Path, split: str, seed: int = 0) -> str:
    """What a split's pairs are made from."""
    sources = ["pairs.py", "edits.py", "pixels.py", "crops.py", "wordings.py", "wordings.txt", "splits.py",
               "text_start.py", "packages.py"]  # fmt: skip
    return fingerprint(sources, made_from(work / "photographs"), split, seed)


def make_split(work: Path, split: str, seed: int) -> None:
    """Writes one split's pictures and its metadata.jsonl."""
    folder = work / "pairs" / split
    wanted = pairs_fingerprint(work, split, seed)
    if is_whole(folder, wanted):
        return
    unseal(folder)
    (folder / "inputs").mkdir(exist_ok=True)
    (folder / "edited").mkdir(exist_ok=True)

    chance = np.random.RandomState(seed + len(split))
    deal, fillers = Deal(chance), filler_words(work / "packages")
    examples, labels = [], []
    for photograph in splits()[split]:
        picture = np.ascontiguousarray(cv2.imread(str(work / "photographs" / f"{photograph.name}.png"))[..., ::-1])
        for number in range(CROPS[split]):
            crop = square(picture, SIDE_PX) if number == 0 else random_square(picture, SIDE_PX, chance)
            name = f"{photograph.name}-{number}"
            write_jpeg(folder / "inputs" / f"{name}.jpg", crop)
            for request in requests(split, deal, chance):
                edited = f"edited/{name}-{slug(request)}.jpg"
                write_jpeg(folder / edited, apply(request, crop))
                examples.append(
                    {
                        "input_image": f"inputs/{name}.jpg",
                        "edited_image": edited,
                        "edit_prompt": prompts(request, split, fillers, chance),
                        **({"whole": True} if any(EDITS[edit].whole for edit, _ in request) else {}),
                    }
                )
                labels.append({"photograph": photograph.name, "edits": request})
    write_atomically(folder / "labels.jsonl", lines(labels))
    write_atomically(folder / "metadata.jsonl", lines(examples))
    seal(folder, wanted, examples=len(examples), photographs=len(splits()[split]))
    print(f"pairs: {len(examples)} examples for {split}", flush=True)


class Deal:
    """Deals edits as from a shuffled pack, so that each comes about equally often; options take turns."""

    def __init__(self, chance: np.random.RandomState):
        self.chance, self.pack, self.turns = chance, [], dict.fromkeys(EDITS, 0)

    def edits(self, count: int) -> list[tuple[str, str]]:
        """`count` different (edit, option)."""
        found: list[tuple[str, str]] = []
        while len(found) < count:
            taken = {edit for edit, _ in found}
            at = next((i for i, edit in enumerate(self.pack) if edit not in taken), None)
            if at is None:
                fresh = [edit for edit in EDITS for _ in range(WEIGHTS.get(edit, 1))]
                self.chance.shuffle(fresh)
                self.pack += fresh
            else:
                edit = self.pack.pop(at)
                found.append((edit, self.option(edit)))
        return found

    def option(self, edit: str) -> str:
        """The edit's next option."""
        options = EDITS[edit].options
        self.turns[edit] += 1
        return options[self.turns[edit] % len(options)]


def requests(split: str, deal: Deal, chance: np.random.RandomState) -> list[Request]:
    """What is done to one crop: single edits, then pairs."""
    singles = deal.edits(EDITS_A_CROP) if split == "train" else [(edit, deal.option(edit)) for edit in EDITS]
    pairs = [PAIRS[i] for i in chance.choice(len(PAIRS), PAIRS_A_CROP[split], replace=False)]
    return [(single,) for single in singles] + [with_options(pair, chance) for pair in pairs]


def apply(request: Request, picture: ndarray) -> ndarray:
    """One edit after the other, on uint8 RGB (H, W, 3)."""
    for edit, option in request:
        picture = EDITS[edit](picture, option)
    return picture


def prompts(request: Request, split: str, fillers: list[str], chance: np.random.RandomState) -> list[str] | str:
    """The wordings of a training example, some with words that mean nothing; of a held-out one, one."""
    if split != "train":
        said = wordings(*request[0], split) if len(request) == 1 else pair_wordings(*request, split, chance, 1)
        return said[chance.randint(len(said))]
    if len(request) == 1:
        known = wordings(*request[0], "train")
        said = [known[i] for i in chance.choice(len(known), PLAIN_WORDINGS, replace=False)]
    else:
        said = pair_wordings(*request, "train", chance, PLAIN_WORDINGS)
    return said + [disturbed(said[i], fillers, chance) for i in range(DISTURBED_WORDINGS)]


def slug(request: Request) -> str:
    """A request as part of a file's name."""
    return "-".join(word for label in request for word in label if word).replace(" ", "-")


def write_jpeg(path: Path, picture: ndarray) -> None:
    """Writes RGB uint8 (H, W, 3) as a JPEG in which no fault can be seen."""
    if not cv2.imwrite(str(path), picture[..., ::-1], JPEG):
        raise OSError(f"cannot write {path}")


def lines(items: list[dict]) -> bytes:
    """JSON, one object a line."""
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items).encode()
