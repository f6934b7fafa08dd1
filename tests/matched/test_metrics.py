"""`ip2p regress compare`'s metrics against independent implementations: NVIDIA's FLIP, scikit-image, numpy."""

import json
import math
import subprocess

import flip_evaluator
import numpy as np
import pytest
from altered_pictures import ALTERATIONS, part_of
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

PAIRS = 200
WITHIN = 1e-4


@pytest.fixture(scope="module")
def compared(ip2p, photograph, tmp_path_factory):
    """[(reference, altered, what the program says of them)]: one run over two folders."""
    folder = tmp_path_factory.mktemp("pairs")
    chance = np.random.RandomState(0)
    pairs = {}
    for where in ("a", "b"):
        (folder / where).mkdir()
    for number in range(PAIRS):
        width, height = (int(chance.randint(11, 160)) for _ in range(2))
        reference = part_of(photograph, width, height, chance)
        altered = ALTERATIONS[number % len(ALTERATIONS)](reference, chance)
        name = f"{number:03}.png"
        pairs[name] = reference, altered
        Image.fromarray(reference).save(folder / "a" / name)
        Image.fromarray(altered).save(folder / "b" / name)
    command = [ip2p, "regress", "compare", folder / "a", folder / "b", "--metric", "ssim", "--metric", "flip", "--json"]
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    assert result.returncode == 1, result.stderr
    said = {line["name"]: line for line in map(json.loads, result.stdout.splitlines())}
    assert list(said) == sorted(pairs)
    return [(*pairs[name], said[name]) for name in pairs]


def test_pixel_differences(compared):
    for reference, altered, said in compared:
        difference = np.abs(reference.astype(int) - altered.astype(int))
        assert said["max_abs"] == difference.max()
        assert said["mean_abs"] == pytest.approx(difference.mean(), abs=WITHIN)
        assert said["differing_share"] == pytest.approx((difference.max(axis=2) > 0).mean(), abs=WITHIN)
        assert said["outcome"] == ("same" if difference.max() == 0 else "differs")
        if difference.max() > 0:
            worst = said["worst"]
            assert difference[worst["y"], worst["x"], "RGB".index(worst["channel"])] == difference.max()


def test_psnr(compared):
    for reference, altered, said in compared:
        if (reference == altered).all():
            assert said["psnr_db"] is None
        else:
            wanted = peak_signal_noise_ratio(reference, altered, data_range=255)
            assert math.isclose(said["psnr_db"], wanted, abs_tol=WITHIN)


def test_ssim(compared):
    for reference, altered, said in compared:
        wanted = structural_similarity(
            reference, altered, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255,
            channel_axis=2,
        )  # fmt: skip
        assert said["ssim"] == pytest.approx(wanted, abs=WITHIN)


def test_flip(compared):
    for reference, altered, said in compared:
        one, other = (each.astype(np.float32) / 255 for each in (reference, altered))
        _, wanted, _ = flip_evaluator.evaluate(one, other, "LDR", applyMagma=False)
        assert said["flip"] == pytest.approx(wanted, abs=WITHIN)
