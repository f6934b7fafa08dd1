"""Pictures to test with, as ip2p and as Pillow read them."""

import io
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

WIDTH, HEIGHT = 37, 23  # odd, so that rows are padded everywhere


def colors(channels=3, seed=0, width=WIDTH, height=HEIGHT, noise=30):
    """A smooth picture with some noise: (H, W, C) uint8."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    phase = np.arange(channels) * 2.1
    waves = 127 + 100 * np.sin(x[..., None] / 7 + phase) * np.cos(y[..., None] / 5 - phase)
    noisy = waves + random.integers(-noise, noise + 1, waves.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def picture(mode="RGB", **options):
    channels = len(Image.new(mode, (1, 1)).getbands())
    samples = colors(channels, **options)
    return Image.fromarray(samples[..., 0] if channels == 1 else samples, mode)


def opened(path):
    """Pillow's picture of a file, without the file held open."""
    image = Image.open(io.BytesIO(Path(path).read_bytes()))
    image.load()
    return image


def decode(probe, path, **options):
    """(H, W, 3 or 4) uint8 as ip2p reads the file, and the answer of the probe."""
    files = {part: str(path) + "." + part for part in ("rgb", "alpha", "exif")}
    answer = probe.call({"op": "decode", "path": str(path), **files, **options})
    shape = (answer["height"], answer["width"])
    samples = np.fromfile(files["rgb"], np.uint8).reshape(*shape, 3)
    if answer["alpha"]:
        alpha = np.fromfile(files["alpha"], np.uint8).reshape(*shape, 1)
        samples = np.concatenate([samples, alpha], axis=2)
    answer["exif"] = Path(files["exif"]).read_bytes()
    return samples, answer


def pillow(path):
    """The same as Pillow reads it."""
    image = ImageOps.exif_transpose(opened(path))
    has_alpha = image.mode in ("LA", "RGBA", "PA") or "transparency" in image.info
    return np.asarray(image.convert("RGBA" if has_alpha else "RGB"))


def assert_near(ours, theirs, bound):
    assert ours.shape == theirs.shape
    difference = np.abs(ours.astype(int) - theirs.astype(int))
    assert difference.max() <= bound, f"differs by {difference.max()}, {bound} is allowed"
