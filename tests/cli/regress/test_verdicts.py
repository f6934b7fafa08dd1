"""`ip2p regress run` must accept and refuse what independent implementations of the metrics say it must.

Three hundred approved pictures are altered, each in one of a dozen ways, and numpy, scikit-image and NVIDIA's FLIP say how
far each is from what the run makes. A run with every limit just above that must pass them; then, one metric after the
other, a run with that limit just below must fail them, by that limit alone.
"""

import json
import shutil
from collections import Counter

import flip_evaluator
import numpy as np
import pytest
from altered_pictures import (
    blurred,
    channels_swapped,
    gamma,
    inverted,
    jpeg,
    noise,
    one_pixel,
    part_of,
    shifted,
)
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from suite_shell import NO, OK, SuiteShell

OPTIONS = ["--steps", "1", "--resolution", "64"]
EACH = 25  # alterations of a kind
# Around the true value: where the program's floats and the others' part, with some room; docs/regress.md promises 1e-4.
NEAR = {"mean_abs": 1e-9, "psnr_db": 1e-9, "ssim": 1e-5, "flip": 1e-5}
METRICS = ["max_abs", "pixels_over", *NEAR]


def colours_only(alter):
    """An alteration of RGB for pictures that may have alpha, which stays."""

    def altered(picture, chance):
        return np.dstack([alter(picture[..., :3], chance), picture[..., 3:]])

    altered.__name__ = alter.__name__
    return altered


def alpha_changed(picture, chance):
    result = picture.copy()
    height, width = picture.shape[:2]
    top, left = chance.randint(height - 8), chance.randint(width - 8)
    result[top : top + 8, left : left + 8, 3] = 255 - result[top : top + 8, left : left + 8, 3]
    return result


def cut(picture, chance):
    return picture[: -1 - chance.randint(8)] if chance.randint(2) else picture[:, : -1 - chance.randint(8)]


def alpha_lost_or_gained(picture, chance):
    if picture.shape[2] == 4:
        return picture[..., :3]
    return np.dstack([picture, np.full(picture.shape[:2], 255, np.uint8)])


KINDS = {
    alter.__name__: alter
    for alter in [
        *map(colours_only, [one_pixel, shifted, gamma, noise, jpeg, channels_swapped, blurred, inverted]),
        alpha_changed, cut, alpha_lost_or_gained,
    ]
} | {"of_another_seed": None}  # fmt: skip


def differences(reference, made):
    """(H, W, C) of ints; alpha is among them."""
    return np.abs(reference.astype(int) - made.astype(int))


def true_values(reference, made, value):
    """What there is to be measured of two pictures; `value` is that of pixels_over."""
    apart = differences(reference, made)
    one, other = reference[..., :3], made[..., :3]
    is_equal = (one == other).all()
    _, error, _ = flip_evaluator.evaluate(
        *(each.astype(np.float32) / 255 for each in (one, other)), "LDR", applyMagma=False
    )
    # Of equal colours the exact values are known, and those themselves must hold as limits.
    similarity = 1.0 if is_equal else structural_similarity(
        one, other, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255, channel_axis=2
    )  # fmt: skip
    return {
        "max_abs": int(apart.max()),
        "pixels_over": {"value": value, "share": int((apart.max(axis=2) > value).sum()) / apart[..., 0].size},
        "mean_abs": float(apart.mean()),
        "psnr_db": np.inf if is_equal else peak_signal_noise_ratio(one, other, data_range=255),
        "ssim": similarity,
        "flip": 0.0 if is_equal else float(error),
    }


def just_holds(metric, true):
    """The strictest limit that must accept."""
    if metric in ("max_abs", "pixels_over") or (metric, true) in (("ssim", 1), ("flip", 0)):
        return true
    if metric == "psnr_db" and np.isinf(true):
        return 1000
    return max(true - NEAR[metric], -1) if metric in ("psnr_db", "ssim") else min(true + NEAR[metric], 255)


def just_fails(metric, true):
    """The loosest limit that must refuse; None where nothing is closer than the picture is."""
    if metric == "max_abs":
        return true - 1 if true > 0 else None
    if metric == "pixels_over":
        return true | {"share": true["share"] - 1e-9} if true["share"] > 0 else None
    if metric in ("psnr_db", "ssim"):
        return true + NEAR[metric] if true + NEAR[metric] < (1 if metric == "ssim" else 1000) else None
    return true - NEAR[metric] if true > NEAR[metric] else None


class Suite:
    """Cases whose references are altered, and what is true of each."""

    def __init__(self, shell, photograph):
        self.shell, self.folder = shell, shell.folder / "suite"
        chance = np.random.RandomState(7)
        shutil.rmtree(shell.folder / "in")
        (shell.folder / "in").mkdir()
        for name, alpha in ("plain", False), ("see-through", True):
            pixels = part_of(photograph, 64, 48, chance)
            if alpha:
                pixels = np.dstack([pixels, chance.randint(0, 256, (48, 64), np.uint8)])
            Image.fromarray(pixels).save(shell.folder / f"in/{name}.png")
        shell.regress("init", "suite", "in", "--edit", "make it snow", *OPTIONS, "--max-abs", 0)
        self.copy_cases()
        self.run(NO)
        self.made = {name: self.picture(name) for name in self.names}
        self.kinds, self.truth = {}, {}
        for number, name in enumerate(self.names):
            self.alter(name, list(KINDS)[number % len(KINDS)], chance)

    def copy_cases(self):
        """A case a number, of both inputs and with seeds of their own."""
        models = sorted((self.folder / "cases").iterdir())
        self.names = [f"case-{number:03}" for number in range(EACH * len(KINDS))]
        for number, name in enumerate(self.names):
            turn = number // len(KINDS) + number % len(KINDS)
            shutil.copytree(models[self.input_of(number, turn)], self.folder / "cases" / name)
            self.shell.change(f"cases/{name}/case.json", seed=number)
        for model in models:
            shutil.rmtree(model)

    @staticmethod
    def input_of(number, turn):
        """Alpha can only change where there is some."""
        return 1 if list(KINDS)[number % len(KINDS)] == "alpha_changed" else turn % 2

    def picture(self, name):
        """(pixels, PNG texts) of what the last run made."""
        with Image.open(self.folder / f"runs/last/{name}.png") as picture:
            return np.array(picture), dict(picture.text)

    def alter(self, name, kind, chance):
        """Puts an altered picture where the approved one would be, with the record of the one that was made."""
        pixels, words = self.made[name]
        if kind == "of_another_seed":
            others = [other for other in self.names if other != name and self.made[other][0].shape == pixels.shape]
            altered = self.made[others[chance.randint(len(others))]][0]
        else:
            altered = KINDS[kind](pixels, chance)
        record = PngInfo()
        for key, value in words.items():
            record.add_itxt(key, value)
        path = self.folder / f"cases/{name}/ref/cpu-float32.png"
        path.parent.mkdir()
        Image.fromarray(altered).save(path, pnginfo=record)
        self.kinds[name] = kind
        if altered.shape == pixels.shape:
            worst = int(differences(altered, pixels).max())
            self.truth[name] = true_values(altered, pixels, int(chance.randint(worst)) if worst > 0 else 0)

    def judged(self, limits, code):
        """{case: its result} of a run with these limits: {case: {metric: limit}}."""
        for name, each in limits.items():
            self.shell.change(f"cases/{name}/case.json", limits=each)
        self.run(code)
        record = json.loads((self.folder / "runs/last/run.json").read_text())
        assert [result["case"] for result in record["results"]] == self.names
        return {result["case"]: result for result in record["results"]}

    def run(self, code):
        self.shell.regress("run", "suite", "--quiet", code=code)


@pytest.fixture(scope="module")
def suite(ip2p, tiny_bundle, photograph, tmp_path_factory):
    return Suite(SuiteShell(ip2p, tiny_bundle, tmp_path_factory.mktemp("suite"), photograph), photograph)


def loose_limits(suite):
    """Of pictures that cannot be compared, the loosest that there are."""
    loosest = {"max_abs": 255, "pixels_over": {"value": 255, "share": 1}, "mean_abs": 255, "psnr_db": 0, "ssim": -1, "flip": 1}
    return {
        name: {metric: just_holds(metric, value) for metric, value in suite.truth[name].items()}
        if name in suite.truth
        else loosest
        for name in suite.names
    }


def broken(result):
    return [each["metric"] for each in result["parts"][0]["limits"] if not each["holds"]]


def test_three_hundred_alterations_are_made(suite):
    assert len(suite.names) == 300 and set(Counter(suite.kinds.values()).values()) == {EACH}
    assert len(suite.truth) == 300 - 2 * EACH
    shapes = {pixels.shape for pixels, _ in suite.made.values()}
    assert shapes == {(48, 64, 3), (48, 64, 4)}


def test_what_must_be_accepted_is_and_no_limit_accepts_another_size_or_alpha(suite):
    results = suite.judged(loose_limits(suite), NO)
    wrong = [
        (suite.kinds[name], result)
        for name, result in results.items()
        if result["verdict"] != ("pass" if name in suite.truth else "fail")
    ]
    assert not wrong, wrong[:3]
    for name in set(suite.names) - set(suite.truth):
        assert "parts" not in results[name], "nothing of it can be measured"
        needle = "the picture is 64x48, not" if suite.kinds[name] == "cut" else "alpha"
        assert needle in results[name]["reason"]


@pytest.mark.parametrize("metric", METRICS)
def test_what_must_be_refused_is_and_by_its_limit_alone(suite, metric):
    limits = loose_limits(suite)
    tight = {name: just_fails(metric, truth[metric]) for name, truth in suite.truth.items()}
    tight = {name: limit for name, limit in tight.items() if limit is not None}
    for name, limit in tight.items():
        limits[name] = limits[name] | {metric: limit}
    results = suite.judged(limits, NO)
    wrong = []
    for name in suite.truth:
        wanted = ("fail", [metric]) if name in tight else ("pass", [])
        if (results[name]["verdict"], broken(results[name])) != wanted:
            wrong.append((suite.kinds[name], results[name]))
    assert not wrong, (len(wrong), wrong[:3])
    # Nothing is nearer than equal colours, and hardly anything than one pixel.
    without = {suite.kinds[name] for name in set(suite.truth) - set(tight)}
    assert without <= {"alpha_changed", "one_pixel"} and len(tight) >= 220


def test_a_limit_of_the_case_is_asked_and_not_the_suites(suite):
    """The suite's max_abs is 0: without the case's own it would refuse all."""
    name = next(name for name, truth in suite.truth.items() if truth["max_abs"] > 0)
    suite.shell.change(f"cases/{name}/case.json", limits={"max_abs": 255})
    suite.shell.regress("run", "suite", "--filter", name, code=OK)
    suite.shell.change(f"cases/{name}/case.json", limits={"mean_abs": 255})
    suite.shell.regress("run", "suite", "--filter", name, code=NO)
