"""Which photograph is for training, which for choosing between models, which for the report."""

import hashlib
from collections import Counter

from .photographs import Photograph, photographs

SPLITS = ("train", "validation", "test")
SHARES = {"test": 0.14, "validation": 0.08}
DEMONSTRATED = {"cat", "coffee"}  # shown in the documentation: never trained on
CROWD = 3  # photographs of one subject; more would fill a small split with one thing


def splits() -> dict[str, list[Photograph]]:
    """The photographs of each split. All photographs of a subject are in the same one.

    A subject's place follows from its own name alone, so that a new photograph moves no other.
    """
    found = {split: [] for split in SPLITS}
    crowds = Counter(photograph.subject for photograph in photographs())
    for photograph in photographs():
        found[split_of(photograph.subject, crowds[photograph.subject])].append(photograph)
    return found


def split_of(subject: str, count: int) -> str:
    """The split of a subject that has `count` photographs."""
    if subject in DEMONSTRATED:
        return "test"
    if count >= CROWD:
        return "train"
    draw = int.from_bytes(hashlib.sha256(subject.encode()).digest()[:4], "big") / 2**32
    if draw < SHARES["test"]:
        return "test"
    return "validation" if draw < SHARES["test"] + SHARES["validation"] else "train"
