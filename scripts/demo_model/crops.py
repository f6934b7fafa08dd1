"""Square crops of photographs, at several scales."""

import cv2
import numpy as np
from numpy import ndarray


def square(photograph: ndarray, side_px: int) -> ndarray:
    """The largest square from the middle, at `side_px`."""
    height, width = photograph.shape[:2]
    side = min(height, width)
    return resized(photograph[(height - side) // 2 :, (width - side) // 2 :][:side, :side], side_px)


def random_square(photograph: ndarray, side_px: int, chance: np.random.RandomState, smallest: float = 0.5) -> ndarray:
    """A square from anywhere, `smallest` to 1 of the shorter side, half of them mirrored, at `side_px`."""
    height, width = photograph.shape[:2]
    side = round(min(height, width) * chance.uniform(max(smallest, min(1, 160 / min(height, width))), 1))
    top, left = chance.randint(0, height - side + 1), chance.randint(0, width - side + 1)
    crop = photograph[top : top + side, left : left + side]
    if chance.rand() < 0.5:
        crop = crop[:, ::-1]
    return resized(np.ascontiguousarray(crop), side_px)


def resized(picture: ndarray, side_px: int) -> ndarray:
    """A square picture at another size, filtered."""
    smaller = side_px < len(picture)
    return cv2.resize(picture, (side_px, side_px), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
