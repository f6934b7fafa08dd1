"""The demo model's data: edits, wordings, photographs and their splits."""

import re

import numpy as np
import pytest
from PIL import Image

from demo_model.edits import BLOCK_PX, EDITS
from demo_model.photographs import photographs
from demo_model.splits import SPLITS, splits
from demo_model.stage import ROOT
from demo_model.text_start import disturbed, hidden_words
from demo_model.wordings import JOINED, PAIRS, pair_wordings, training_words, wordings, words

LABELS = [(edit, option) for edit, entry in EDITS.items() for option in entry.options]
FREE = re.compile(r"public domain|CC0-1\.0|CC-BY(-SA)?-\d\.\d|L?GPL-\d(\.\d)?\+?")  # not -NC, not -ND


@pytest.fixture(scope="module")
def picture():
    with Image.open(ROOT / "models/photographs/coffee.jpg") as opened:
        return np.asarray(opened.convert("RGB").resize((256, 256), Image.Resampling.LANCZOS))


def test_there_are_edits_and_pairs_enough():
    assert len(EDITS) >= 24
    assert len(PAIRS) >= 10


@pytest.mark.parametrize("edit, option", LABELS)
def test_an_edit_is_deterministic_and_plain_to_see(edit, option, picture):
    before = picture.copy()
    first, second = (EDITS[edit](picture, option) for _ in range(2))
    assert np.array_equal(first, second)
    assert np.array_equal(picture, before), "the input was changed"
    assert first.shape == picture.shape and first.dtype == np.uint8
    assert np.abs(first.astype(float) - picture).mean() > 5


def test_no_two_edits_look_the_same(picture):
    targets = np.stack([EDITS[edit](picture, option).astype(float)[::2, ::2] for edit, option in LABELS])
    for i, target in enumerate(targets[:-1]):
        nearest = np.abs(targets[i + 1 :] - target).mean((1, 2, 3))
        assert nearest.min() > 5, (LABELS[i], LABELS[i + 1 + nearest.argmin()])


@pytest.mark.parametrize("height, width", [(200, 256), (512, 768), (33, 40)])
def test_edits_keep_the_size(height, width):
    picture = np.random.RandomState(0).randint(0, 256, (height, width, 3), np.uint8)
    for edit, option in LABELS:
        assert EDITS[edit](picture, option).shape == picture.shape


def test_pixel_art_is_of_whole_blocks(picture):
    blocks = EDITS["pixel art"](picture)[: 2 * BLOCK_PX, : 2 * BLOCK_PX].reshape(2, BLOCK_PX, 2, BLOCK_PX, 3)
    assert np.ptp(blocks, axis=(1, 3)).max() == 0


@pytest.mark.parametrize("edit, option", LABELS)
def test_an_edit_has_wordings_enough(edit, option):
    assert len(set(wordings(edit, option, "train"))) >= 10
    for split in ("validation", "test"):
        assert len(set(wordings(edit, option, split))) >= 2


def test_held_out_wordings_hold_words_never_trained_on():
    """And those of the test none that choices between models could have been made by."""
    seen = training_words()
    for split in ("validation", "test"):
        said = [text for edit, option in LABELS for text in wordings(edit, option, split)]
        assert [text for text in said if not words([text]) - seen] == []
        assert [join for join in JOINED[split] if not words([join]) - seen] == []
        seen |= words(said + list(JOINED[split]))


def test_disturbed_wordings_hold_no_held_out_word():
    chance = np.random.RandomState(0)
    said = wordings("vignette", "", "train") + wordings("cartoon", "", "train")
    disturbed_words = words([disturbed(text, ["house"], chance) for text in 4 * said])
    assert {"vignetted", "cartoonish"} <= hidden_words()
    assert not disturbed_words & hidden_words()
    assert disturbed_words - words(said)


def test_wordings_are_of_one_split_and_mean_one_thing():
    meanings = {}
    for split in SPLITS:
        for edit, option in LABELS:
            for said in wordings(edit, option, split):
                assert meanings.setdefault(said.lower(), (split, edit, option)) == (split, edit, option)


def test_pairs_are_said_in_many_ways():
    chance = np.random.RandomState(0)
    for first, second in PAIRS:
        requests = [(edit, EDITS[edit].options[0]) for edit in (first, second)]
        assert len(pair_wordings(*requests, "train", chance, 12)) == 12


def test_every_photograph_has_a_free_licence_and_an_author():
    listed = photographs()
    assert len({photograph.name for photograph in listed}) == len(listed)
    for photograph in listed:
        assert FREE.fullmatch(photograph.licence), photograph
        assert photograph.author and photograph.package and photograph.member


def test_splits_are_disjoint_by_photograph_and_subject():
    found = splits()
    assert sum(map(len, found.values())) == len(photographs())
    for one in SPLITS:
        for other in SPLITS:
            if one != other:
                assert not {p.subject for p in found[one]} & {p.subject for p in found[other]}
    assert {"cat", "coffee"} <= {photograph.name for photograph in found["test"]}
