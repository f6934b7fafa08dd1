"""How far two pictures are from each other to the eye."""

import cv2
import numpy as np
from numpy import ndarray

BLUR_PX = 1.0  # takes away what the eye does not weigh: the exact place of an edge


def lab(picture: ndarray) -> ndarray:
    """uint8 RGB (H, W, 3) -> slightly blurred CIE LAB, L from 0 to 100."""
    values = cv2.cvtColor(picture.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return cv2.GaussianBlur(values, (0, 0), BLUR_PX)


def distance(one: ndarray, other: ndarray) -> float:
    """The mean over all pixels of the distance in LAB (CIE76), of two results of `lab`."""
    return float(np.sqrt(((one - other) ** 2).sum(axis=2)).mean())
