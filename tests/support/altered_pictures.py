"""Ways in which a picture comes out differently: each takes an RGB uint8 array and a numpy RandomState."""

import io

import numpy as np
from PIL import Image, ImageFilter


def one_pixel(picture, chance):
    result = picture.copy()
    y, x, channel = (chance.randint(side) for side in picture.shape)
    result[y, x, channel] = (int(result[y, x, channel]) + 1 + chance.randint(254)) % 256
    return result


def shifted(picture, chance):
    return np.roll(picture, 1, axis=chance.randint(2))


def gamma(picture, chance):
    return (255 * (picture / 255) ** chance.uniform(0.6, 1.6) + 0.5).astype(np.uint8)


def noise(picture, chance):
    return np.clip(picture + chance.normal(0, chance.uniform(1, 30), picture.shape), 0, 255).astype(np.uint8)


def jpeg(picture, chance):
    stored = io.BytesIO()
    Image.fromarray(picture).save(stored, "JPEG", quality=int(chance.randint(10, 95)))
    return np.asarray(Image.open(stored))


def channels_swapped(picture, chance):
    return picture[..., [2, 1, 0]]


def blurred(picture, chance):
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(chance.uniform(0.5, 4))))


def inverted(picture, chance):
    return 255 - picture


def flat(picture, chance):
    return np.full_like(picture, chance.randint(256))


def equal(picture, chance):
    return picture.copy()


ALTERATIONS = [one_pixel, shifted, gamma, noise, jpeg, channels_swapped, blurred, inverted, flat, equal]


def part_of(photograph, width, height, chance):
    """A random part of a PIL picture, as an array."""
    left, top = (int(chance.randint(0, side - want + 1)) for side, want in zip(photograph.size, (width, height), strict=True))
    return np.array(photograph.crop((left, top, left + width, top + height)))
