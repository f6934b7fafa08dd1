"""What each edit does to a picture: one function an edit, by classical image operations.

A function takes RGB float32 (H, W, 3) in [0, 1] and returns the same. Lengths are in pixels of a picture edited at
256 pixels; they are multiples of the four pixels that a latent covers where position matters. What is drawn follows
from the picture alone: nothing but the places of snowflakes is chance, and those follow from the picture's bytes.
"""

import zlib
from dataclasses import dataclass
from typing import Callable

import cv2
import numpy as np
from numpy import ndarray

from .pixels import blurred, bytes_of, contrasted, distance_from_middle, grey, kuwahara, outlines, rgb, rising, saturated

COLOURS = {
    "red": (0.90, 0.10, 0.10),
    "orange": (1.00, 0.50, 0.05),
    "yellow": (0.98, 0.88, 0.10),
    "green": (0.10, 0.75, 0.20),
    "turquoise": (0.10, 0.82, 0.80),
    "blue": (0.12, 0.25, 0.95),
    "purple": (0.55, 0.12, 0.85),
    "pink": (1.00, 0.45, 0.72),
}
FRAME_COLOURS = {"white": (0.98, 0.98, 0.98), "black": (0.02, 0.02, 0.02), **COLOURS}
FRAME_PX = 20
BLOCK_PX = 16  # of pixel art; the UNet's coarsest cell, so that blocks begin where its cells do


# -- light ---------------------------------------------------------------------------------------------------------


def brighter(picture: ndarray, amount: float) -> ndarray:
    """Lifts shadows and lights; `amount` 1 is plain to see."""
    return picture ** (1 / (1 + 0.75 * amount)) * (1 + 0.14 * amount)


def darker(picture: ndarray, amount: float) -> ndarray:
    """Takes light away evenly."""
    return picture * 0.56**amount


def night(picture: ndarray) -> ndarray:
    """Dark, with little colour of its own, under blue light."""
    dim = (0.5 * picture + 0.5 * grey(picture)) ** 1.4
    return dim * rgb(0.20, 0.28, 0.58) + rgb(0.005, 0.015, 0.065)


def sunset(picture: ndarray) -> ndarray:
    """Low golden light: glowing above, red and dark below."""
    height = np.linspace(0, 1, len(picture), dtype=np.float32)[:, None, None]
    light = (1 - height) * rgb(1.25, 0.66, 0.16) + height * rgb(0.80, 0.26, 0.30)
    sky = (1 - height) ** 2 * rgb(0.30, 0.14, 0.00)
    return (0.35 * picture + 0.65 * grey(picture)) * light + sky


def winter(picture: ndarray) -> ndarray:
    """Cold pale blue light."""
    return (0.3 * picture + 0.7 * grey(picture)) * rgb(0.62, 0.84, 1.02) + rgb(0.10, 0.16, 0.24)


def vignette(picture: ndarray) -> ndarray:
    """Dark corners, the middle as it was."""
    return picture * np.clip(1.25 - 0.80 * distance_from_middle(picture), 0.02, 1)


# -- colour --------------------------------------------------------------------------------------------------------


def black_and_white(picture: ndarray) -> ndarray:
    """No colour."""
    return grey(picture)


def sepia(picture: ndarray) -> ndarray:
    """Brown as an old print."""
    return grey(picture) * rgb(0.93, 0.80, 0.58) + rgb(0.08, 0.05, 0.01)


def invert(picture: ndarray) -> ndarray:
    """A negative."""
    return 1 - picture


def colourful(picture: ndarray) -> ndarray:
    """Stronger colours, and the contrast that goes with them."""
    return contrasted(saturated(picture, 2.5), 1.3)


def muted(picture: ndarray) -> ndarray:
    """Faint colours, washed out as a print that hung in the sun."""
    return saturated(picture, 0.35) * 0.50 + rgb(0.36, 0.33, 0.28)


def tint(picture: ndarray, colour: str) -> ndarray:
    """Everything in shades of one colour, a little of its own left."""
    shade = rgb(*COLOURS[colour])
    light = grey(picture)
    return 0.20 * picture + 0.80 * (light * (0.28 * light + 0.95 * shade + 0.05) + 0.08 * shade)


def thermal(picture: ndarray) -> ndarray:
    """A heat camera's colours: dark is blue, bright is red."""
    levels = bytes_of(blurred(grey(picture), 1.0))[..., 0]
    return cv2.applyColorMap(levels, cv2.COLORMAP_JET)[..., ::-1].astype(np.float32) / 255


def poster(picture: ndarray) -> ndarray:
    """A printed poster's four colours, by lightness."""
    light = blurred(grey(picture), 1.5)[..., :1]
    result = np.broadcast_to(rgb(0.05, 0.17, 0.32), picture.shape)
    for threshold, ink in ((0.27, (0.84, 0.12, 0.13)), (0.48, (0.44, 0.60, 0.65)), (0.68, (0.98, 0.90, 0.67))):
        share = rising(light, threshold - 0.035, threshold + 0.035)
        result = result * (1 - share) + rgb(*ink) * share
    return result


# -- weather -------------------------------------------------------------------------------------------------------


def snow(picture: ndarray) -> ndarray:
    """Falling snow, and snow on what is bright."""
    light = grey(picture)
    cold = 0.25 * picture + 0.75 * light
    lying = rising(blurred(light, 1.0), 0.42, 0.75)
    scene = 0.78 * (cold * (1 - lying) + (0.80 + 0.20 * light) * lying) + rgb(0.08, 0.11, 0.16)
    chance = np.random.RandomState(zlib.crc32(bytes_of(picture).tobytes()))
    height, width = picture.shape[:2]
    flakes = np.zeros((height, width, 1), np.float32)
    count = height * width // 500
    flakes[chance.randint(0, height, count), chance.randint(0, width, count)] = 1
    flakes = np.clip(22 * blurred(np.repeat(flakes, 3, axis=2), 1.9), 0, 1)
    return scene * (1 - flakes) + flakes


def fog(picture: ndarray, amount: float) -> ndarray:
    """Grey mist before everything."""
    clear = 0.36**amount
    return blurred(picture, 1.2) * clear + rgb(0.74, 0.76, 0.79) * (1 - clear)


# -- drawing -------------------------------------------------------------------------------------------------------


def blur(picture: ndarray) -> ndarray:
    """Out of focus."""
    return blurred(picture, 7.0)


def pixel_art(picture: ndarray) -> ndarray:
    """Square blocks of strong colour."""
    height, width = picture.shape[:2]
    blocks = (max(1, round(width / BLOCK_PX)), max(1, round(height / BLOCK_PX)))
    small = cv2.resize(picture, blocks, interpolation=cv2.INTER_AREA)
    return cv2.resize(contrasted(saturated(small, 1.3), 1.2), (width, height), interpolation=cv2.INTER_NEAREST)


def sketch(picture: ndarray) -> ndarray:
    """Grey pencil lines on white paper."""
    light = blurred(grey(picture), 0.8)
    dodged = (light + 0.04) / (blurred(light, 6.0) + 0.04)
    return np.clip((dodged - 0.30) / 0.68, 0, 1) * 0.86 + 0.12


def cartoon(picture: ndarray) -> ndarray:
    """Flat bright colours inside black outlines."""
    flat = bytes_of(picture)
    for _ in range(3):
        flat = cv2.bilateralFilter(flat, 7, 50, 5)
    flat = flat.astype(np.float32) / 255
    light = flat.max(axis=2, keepdims=True)
    level = light * 4
    steps = np.floor(level) + rising(level - np.floor(level), 0.3, 0.7)
    flat = saturated(flat * (steps / 4 / (light + 1e-3)), 1.7) * 0.92 + 0.10
    return flat * (1 - rising(outlines(picture, 1.4), 0.30, 0.60))


def oil_painting(picture: ndarray) -> ndarray:
    """Broad strokes of rich, warm colour."""
    strokes = kuwahara(kuwahara(picture, 9), 7)
    return contrasted(saturated(strokes, 1.3), 1.2) * rgb(1.05, 0.97, 0.72)


def neon(picture: ndarray) -> ndarray:
    """Glowing coloured outlines on black."""
    lines = rising(outlines(picture, 1.6), 0.08, 0.50)
    glow = np.clip(lines + 0.6 * blurred(lines, 4.0), 0, 1)
    hue = saturated(blurred(picture, 4.0), 4.0)
    hue = np.clip(hue, 0.05, 1)
    return glow * (0.25 + 0.75 * hue / hue.max(axis=2, keepdims=True))


def blueprint(picture: ndarray) -> ndarray:
    """White lines on a builder's blue."""
    lines = rising(outlines(picture, 1.4), 0.08, 0.60)
    return rgb(0.06, 0.22, 0.58) * (1 - lines) + rgb(0.92, 0.96, 1.00) * lines


def relief(picture: ndarray) -> ndarray:
    """Carved in grey stone, lit from above on the left."""
    light = blurred(grey(picture), 1.2)[..., 0]
    kernel = np.float32([[-1, -1, 0], [-1, 0, 1], [0, 1, 1]])
    slope = cv2.filter2D(light, -1, kernel, borderType=cv2.BORDER_REFLECT)
    return np.repeat((0.52 - 0.9 * slope)[..., None], 3, axis=2)


# -- frame ---------------------------------------------------------------------------------------------------------


def frame(picture: ndarray, colour: str) -> ndarray:
    """A plain border inside the picture's edges."""
    result = np.empty_like(picture)
    result[:] = rgb(*FRAME_COLOURS[colour])
    inside = slice(FRAME_PX, -FRAME_PX)
    result[inside, inside] = picture[inside, inside]
    return result


def old_film(picture: ndarray) -> ndarray:
    """A faded strip of film, with its holes at both sides."""
    faded = (grey(picture) * 0.66 + 0.16) * rgb(1.0, 0.98, 0.80)
    faded = faded * np.clip(1.15 - 0.45 * distance_from_middle(picture), 0.1, 1)
    for side in (slice(0, 28), slice(-28, None)):
        faded[:, side] = 0.03
    for top in range(8, len(picture), 32):
        for side in (slice(8, 20), slice(-20, -8)):
            faded[top : top + 16, side] = 0.88
    return faded


# -- the table -----------------------------------------------------------------------------------------------------

DEGREES = {"slightly": 0.45, "": 1.0, "strongly": 2.0}


@dataclass(frozen=True)
class Edit:
    """An edit: its function, what can be said with it, and whether it depends on the picture's edges."""

    function: Callable[..., ndarray]
    options: tuple[str, ...] = ("",)  # colours or degrees
    whole: bool = False

    def __call__(self, picture: ndarray, option: str = "") -> ndarray:
        """The edited picture: uint8 RGB (H, W, 3) in and out."""
        values = picture.astype(np.float32) / 255
        if self.options == ("",):
            return bytes_of(self.function(values))
        return bytes_of(self.function(values, DEGREES.get(option, option)))


BY_DEGREE = tuple(DEGREES)
EDITS = {
    "brighter": Edit(brighter, BY_DEGREE),
    "darker": Edit(darker, BY_DEGREE),
    "night": Edit(night),
    "sunset": Edit(sunset, whole=True),
    "winter": Edit(winter),
    "vignette": Edit(vignette, whole=True),
    "black and white": Edit(black_and_white),
    "sepia": Edit(sepia),
    "invert": Edit(invert),
    "colourful": Edit(colourful),
    "muted": Edit(muted),
    "tint": Edit(tint, tuple(COLOURS)),
    "thermal": Edit(thermal),
    "poster": Edit(poster),
    "snow": Edit(snow),
    "fog": Edit(fog, BY_DEGREE),
    "blur": Edit(blur),
    "pixel art": Edit(pixel_art, whole=True),
    "sketch": Edit(sketch),
    "cartoon": Edit(cartoon),
    "oil painting": Edit(oil_painting),
    "neon": Edit(neon),
    "blueprint": Edit(blueprint),
    "relief": Edit(relief),
    "frame": Edit(frame, tuple(FRAME_COLOURS), whole=True),
    "old film": Edit(old_film, whole=True),
}
