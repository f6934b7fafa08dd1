"""The bundle that ships edits photographs that it never saw as it was taught to, and survives what it was not taught."""

import json
import os
import subprocess

import cv2
import numpy as np
import pytest
from demo_model.colour_distance import distance, lab
from demo_model.evaluate import candidates, label, read
from demo_model.stage import ROOT

DEMO, PHOTOGRAPHS = ROOT / "models/demo", ROOT / "models/photographs"
LARGEST_MIB = 24
# Words, and the edit that they mean.
TAUGHT = {
    "make it night": ("night", ""),
    "turn it into a pencil sketch": ("sketch", ""),
    "make it black and white": ("black and white", ""),
    "make it sepia": ("sepia", ""),
    "make it blue": ("tint", "blue"),
    "show it as a thermal image": ("thermal", ""),
}


@pytest.fixture(scope="module")
def edit(ip2p, tmp_path_factory):
    """edit(input, instruction, warning="", dtype="float32"): the edited picture, uint8 RGB, by the bundle that ships."""
    folder = tmp_path_factory.mktemp("edited")
    environment = {key: value for key, value in os.environ.items() if key != "IP2P_MODEL"}

    def edit(photograph, instruction, warning="", dtype="float32"):
        path = folder / f"{len(list(folder.iterdir()))}.png"
        command = [ip2p, "edit", photograph, instruction, "-o", path, "--quiet", "--dtype", dtype]
        result = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert result.returncode == 0 and warning in result.stderr, result.stderr
        assert result.stderr.count("\n") == (1 if warning else 0), result.stderr
        return read(path)

    return edit


@pytest.fixture(scope="module", params=["cat", "coffee"])
def photograph(request, tmp_path_factory):
    """One that the model never saw, at the size that it works at."""
    picture = cv2.imread(str(PHOTOGRAPHS / f"{request.param}.jpg"))
    scale = 256 / max(picture.shape)
    path = tmp_path_factory.mktemp("input") / f"{request.param}.png"
    cv2.imwrite(str(path), cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    return path


def test_an_edit_is_nearest_to_its_own_target(edit, photograph):
    targets = candidates(read(photograph), [])
    for instruction, wanted in TAUGHT.items():
        made = lab(edit(photograph, instruction))
        distances = {name: distance(made, target) for name, target in targets.items()}
        assert min(distances, key=distances.get) == label([wanted]), instruction


@pytest.mark.parametrize(
    ("words", "warning"),
    [("add a hat", ""), ("\u96ea", ""), ("?", ""), ("make it blue and " * 20, "more than 32 tokens"), ("a" * 2000, "more than 32 tokens")],
    ids=["a thing", "Chinese", "nothing", "many words", "one long word"],
)  # fmt: skip
def test_what_it_was_not_taught_gives_a_picture(edit, photograph, words, warning):
    made = edit(photograph, words, warning)
    assert made.shape == read(photograph).shape and made.std() > 1


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_the_digits_are_enough(edit, photograph, dtype):
    """float16 is what GPUs take by default: nothing on the way may go beyond it."""
    exact = edit(photograph, "make it blue").astype(float)
    assert np.abs(edit(photograph, "make it blue", dtype=dtype) - exact).mean() < 4


def test_it_is_small_and_says_where_it_comes_from():
    manifest = json.loads((DEMO / "bundle.json").read_text())
    assert not manifest["random_weights"] and manifest["source"]["licence"] == "MIT"
    assert sum(path.stat().st_size for path in DEMO.iterdir()) < LARGEST_MIB << 20
    rows = (DEMO / "README.md").read_text().split("| photograph | used for |")[1].splitlines()[2:]
    photographs = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows if row]
    assert len(photographs) > 300 and all(len(row) == 5 and all(row) for row in photographs)
    assert np.all([row[1] in ("train", "validation", "test") for row in photographs])
