"""Sizes against edit_cli.py's formulas and the stated pad rule; pixels against Pillow's."""

import math
import random

import numpy as np
import pytest
from PIL import Image, ImageOps
from probe import Probe

LANCZOS = Image.Resampling.LANCZOS


@pytest.fixture(scope="module")
def probe():
    with Probe() as probe:
        yield probe


def random_sizes(count, seed=3):
    """Photographs, banners, thumbnails, single rows: sides from 1 to 8000 pixels."""
    generator = random.Random(seed)
    sizes = {(1, 1), (64, 64), (512, 512), (513, 512), (1, 900), (900, 1), (63, 65), (4000, 3000), (511, 3)}
    while len(sizes) < count:
        sizes.add(tuple(round(math.exp(generator.uniform(0, math.log(8000)))) for _ in range(2)))
    return sorted(sizes)


def original_size(width, height, resolution):
    """edit_cli.py of timothybrooks/instruct-pix2pix, which crop mode repeats."""
    factor = resolution / max(width, height)
    factor = math.ceil(min(width, height) * factor / 64) * 64 / min(width, height)
    return int((width * factor) // 64) * 64, int((height * factor) // 64) * 64


def reduced_size(width, height, resolution):
    """The pad rule, in whole numbers: the longer side is `resolution`, the other rounded, half up."""
    longer = max(width, height)
    if longer <= resolution:
        return width, height
    return tuple(max((2 * side * resolution + longer) // (2 * longer), 1) for side in (width, height))


def picture(width, height, seed=0, channels=3):
    """Noise beside flat black and white, so that the filter overshoots both ends."""
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)
    pixels[: height // 3] = np.where(pixels[: height // 3] > 127, 255, 0)
    return pixels if channels > 1 else pixels[..., 0]


def write(folder, name, pixels, alpha=None):
    """The pixels as the probe takes them."""
    (folder / f"{name}.rgb").write_bytes(pixels.tobytes())
    request = {"size": [pixels.shape[1], pixels.shape[0]], "rgb": str(folder / f"{name}.rgb")}
    if alpha is not None:
        (folder / f"{name}.alpha").write_bytes(alpha.tobytes())
        request["alpha"] = str(folder / f"{name}.alpha")
    return request


def read(answer, plane="rgb"):
    width, height = answer["size"]
    with open(answer[plane], "rb") as file:
        pixels = np.frombuffer(file.read(), np.uint8)
    return pixels.reshape((height, width, 3) if plane == "rgb" else (height, width))


def fitted(probe, folder, pixels, alpha=None, **rule):
    rule = {"mode": "pad", "resolution": 512, "size_multiple": 64, "output_size": "fit"} | rule
    source = write(folder, "in", pixels, alpha)
    return probe.call({"op": "fit", "picture": source, "out": str(folder / "out"), **rule})


@pytest.mark.parametrize("resolution", [512, 256, 300, 768])
def test_crop_sizes_are_the_originals(probe, resolution):
    sizes = random_sizes(500)
    answer = probe.call({"op": "crop_sizes", "sizes": sizes, "resolution": resolution})
    assert [tuple(size) for size in answer["sizes"]] == [original_size(*size, resolution) for size in sizes]


@pytest.mark.parametrize("output_size", ["fit", "input"])
@pytest.mark.parametrize(("resolution", "multiple"), [(512, 64), (512, 8), (500, 32), (7, 64)])
def test_pad_sizes_are_the_stated_rule(probe, resolution, multiple, output_size):
    sizes = random_sizes(500)
    rule = {"mode": "pad", "resolution": resolution, "size_multiple": multiple, "output_size": output_size}
    answer = probe.call({"op": "fit_sizes", "sizes": sizes, **rule})
    content = [reduced_size(*size, resolution) for size in sizes]
    model = [tuple(-(-side // multiple) * multiple for side in size) for size in content]
    assert [tuple(size) for size in answer["content"]] == content
    assert [tuple(size) for size in answer["model"]] == model
    assert [tuple(size) for size in answer["output"]] == (content if output_size == "fit" else sizes)


@pytest.mark.parametrize("output_size", ["fit", "input"])
def test_pad_mode_gives_back_the_picture(probe, tmp_path, output_size):
    """The 500 sizes go through fit and back with an edit that changes nothing."""
    resolution = 64  # the rule is the same at any; this one keeps the pictures small
    for number, (width, height) in enumerate(random_sizes(500)):
        width, height = -(-width // 16), -(-height // 16)
        pixels = picture(width, height, number)
        result = read(fitted(probe, tmp_path, pixels, resolution=resolution, output_size=output_size)["result"])
        expected = Image.fromarray(pixels)
        if max(width, height) > resolution:
            expected = expected.resize(reduced_size(width, height, resolution), LANCZOS)
            if output_size == "input":
                expected = expected.resize((width, height), LANCZOS)
        np.testing.assert_array_equal(result, np.asarray(expected), f"{width}x{height}")


@pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 70), (65, 1), (2, 3), (63, 64), (100, 37), (64, 128)])
def test_padding_is_a_reflection(probe, tmp_path, width, height):
    """Right and below, the edge itself not repeated; numpy's `reflect` is the same rule."""
    pixels = picture(width, height)
    model = read(fitted(probe, tmp_path, pixels)["model"])
    pad = [(0, -height % 64), (0, -width % 64), (0, 0)]
    np.testing.assert_array_equal(model, np.pad(pixels, pad, mode="reflect"))


RESIZES = [
    ((640, 480), (512, 384)), ((1000, 700), (64, 45)), ((64, 45), (1000, 700)), ((1, 1), (7, 5)), ((2, 300), (64, 64)),
    ((300, 2), (1, 1)), ((333, 500), (333, 77)), ((500, 333), (77, 333)), ((120, 120), (120, 120)), ((3000, 40), (50, 1)),
    ((97, 89), (101, 83)), ((5, 4), (640, 512)),
]  # fmt: skip


@pytest.mark.parametrize(("source", "target"), RESIZES)
def test_resize_is_pillows(probe, tmp_path, source, target):
    pixels, alpha = picture(*source), picture(*source, channels=1)
    request = {"op": "resize", "picture": write(tmp_path, "in", pixels, alpha), "to": target}
    answer = probe.call({**request, "out": str(tmp_path / "out")})["picture"]
    np.testing.assert_array_equal(read(answer), np.asarray(Image.fromarray(pixels).resize(target, LANCZOS)))
    np.testing.assert_array_equal(read(answer, "alpha"), np.asarray(Image.fromarray(alpha).resize(target, LANCZOS)))


def crop_cases():
    """Sizes that crop mode meets, and targets that it would never choose."""
    for source, target in RESIZES:
        yield source, target
    for width, height in random_sizes(500)[::7]:
        source = (-(-width // 8), -(-height // 8))
        if 0 not in original_size(*source, 128) and max(original_size(*source, 128)) < 2000:
            yield source, original_size(*source, 128)


def test_crop_is_pillows_fit(probe, tmp_path):
    """Bit for bit, which is more than the 1/255 that was asked."""
    cases = list(crop_cases())
    assert len(cases) > 50
    for number, (source, target) in enumerate(cases):
        pixels = picture(*source, seed=number)
        request = {"op": "resize", "picture": write(tmp_path, "in", pixels), "to": target, "crop": True}
        answer = probe.call({**request, "out": str(tmp_path / "out")})["picture"]
        expected = ImageOps.fit(Image.fromarray(pixels), target, LANCZOS)
        np.testing.assert_array_equal(read(answer), np.asarray(expected), f"{source} to {target}")


@pytest.mark.parametrize("size", [(700, 500), (200, 333), (64, 64)])
def test_crop_mode_is_the_originals_preparation(probe, tmp_path, size):
    pixels, alpha = picture(*size), picture(*size, channels=1)
    answer = fitted(probe, tmp_path, pixels, alpha, mode="crop")
    target = original_size(*size, 512)
    expected = np.asarray(ImageOps.fit(Image.fromarray(pixels), target, method=LANCZOS))
    np.testing.assert_array_equal(read(answer["model"]), expected)
    np.testing.assert_array_equal(read(answer["result"]), expected)
    expected_alpha = np.asarray(ImageOps.fit(Image.fromarray(alpha), target, method=LANCZOS))
    np.testing.assert_array_equal(read(answer["result"], "alpha"), expected_alpha)


@pytest.mark.parametrize(
    ("size", "output_size", "expected"), [((50, 30), "fit", (50, 30)), ((700, 350), "fit", (512, 256)), ((700, 350), "input", (700, 350))]
)
def test_alpha_comes_back_at_the_outputs_size(probe, tmp_path, size, output_size, expected):
    pixels, alpha = picture(*size), picture(*size, channels=1)
    result = fitted(probe, tmp_path, pixels, alpha, output_size=output_size)["result"]
    plane = read(result, "alpha")
    assert plane.shape == expected[::-1]
    reference = alpha if expected == size else np.asarray(Image.fromarray(alpha).resize(expected, LANCZOS))
    np.testing.assert_array_equal(plane, reference)
