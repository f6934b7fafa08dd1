"""What edits are made of: colours, blur, outlines and brush strokes, on RGB float32 (H, W, 3) in [0, 1]."""

import cv2
import numpy as np
from numpy import ndarray

cv2.setNumThreads(1)


def rgb(red: float, green: float, blue: float) -> ndarray:
    """A colour (3,)."""
    return np.array([red, green, blue], np.float32)


def bytes_of(picture: ndarray) -> ndarray:
    """The picture as uint8 (H, W, 3)."""
    return np.clip(picture * 255 + 0.5, 0, 255).astype(np.uint8)


def grey(picture: ndarray) -> ndarray:
    """Lightness as people see it, in all three channels."""
    return np.repeat((picture @ rgb(0.299, 0.587, 0.114))[..., None], 3, axis=2)


def saturated(picture: ndarray, factor: float) -> ndarray:
    """Colours moved away from grey, or to it."""
    light = grey(picture)
    return np.clip(light + (picture - light) * factor, 0, 1)


def contrasted(picture: ndarray, factor: float) -> ndarray:
    """Values moved away from the middle."""
    return np.clip((picture - 0.5) * factor + 0.5, 0, 1)


def blurred(picture: ndarray, sigma_px: float) -> ndarray:
    """Gaussian blur; the picture goes on as its mirror image outside."""
    return cv2.GaussianBlur(picture, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT)


def rising(value: ndarray, start: float, end: float) -> ndarray:
    """0 below `start`, 1 above `end`, smooth between."""
    x = np.clip((value - start) / (end - start), 0, 1)
    return x * x * (3 - 2 * x)


def outlines(picture: ndarray, sigma_px: float) -> ndarray:
    """How steeply lightness changes (H, W, 3); 1 is a hard edge of full contrast."""
    light = blurred(grey(picture), sigma_px)[..., 0]
    x = cv2.Sobel(light, cv2.CV_32F, 1, 0, borderType=cv2.BORDER_REFLECT)
    y = cv2.Sobel(light, cv2.CV_32F, 0, 1, borderType=cv2.BORDER_REFLECT)
    return np.repeat(np.hypot(x, y)[..., None], 3, axis=2)


def kuwahara(picture: ndarray, size_px: int) -> ndarray:
    """Each pixel takes the mean of the calmest of the four squares that it is a corner of: strokes with edges."""
    light = grey(picture)[..., 0]
    half = size_px // 2

    def mean(values: ndarray) -> ndarray:
        return cv2.blur(values, (size_px, size_px), borderType=cv2.BORDER_REFLECT)

    spread = mean(light * light) - mean(light) ** 2
    means = np.pad(mean(picture), ((half, half), (half, half), (0, 0)), mode="edge")
    spreads = np.pad(spread, half, mode="edge")
    height, width = light.shape
    corners = [(slice(y, y + height), slice(x, x + width)) for y in (0, 2 * half) for x in (0, 2 * half)]
    calmest = np.argmin([spreads[corner] for corner in corners], axis=0)
    return np.choose(calmest[..., None], [means[corner] for corner in corners]).astype(np.float32)


def distance_from_middle(picture: ndarray) -> ndarray:
    """The square of the distance (H, W, 1); 1 at the middle of each side, 2 in the corners."""
    height, width = picture.shape[:2]
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None, None]
    x = np.linspace(-1, 1, width, dtype=np.float32)[None, :, None]
    return x * x + y * y
