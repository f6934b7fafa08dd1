"""What ip2p's metrics stand beside: pixels, ssim, flip of all pairs of two folders (or of two files), by numpy,
scikit-image and NVIDIA's FLIP, in as many processes as there are cores.

picture_metrics.py A B METRIC...: prints one JSON object: the values of each pair, and the seconds without imports.
"""

import json
import multiprocessing
import os
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image


def read(path):
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


def pixels(one, other):
    from skimage.metrics import peak_signal_noise_ratio

    difference = np.abs(one.astype(np.int16) - other)
    return {
        "max_abs": int(difference.max()),
        "mean_abs": float(difference.mean()),
        "differing_share": float((difference.max(axis=2) > 0).mean()),
        "psnr_db": float(peak_signal_noise_ratio(one, other, data_range=255)),
    }


def ssim(one, other):
    from skimage.metrics import structural_similarity

    value = structural_similarity(
        one, other, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255, channel_axis=2
    )
    return {"ssim": float(value)}


def flip(one, other):
    import flip_evaluator

    floats = [each.astype(np.float32) / 255 for each in (one, other)]
    return {"flip": float(flip_evaluator.evaluate(*floats, "LDR", applyMagma=False)[1])}


METRICS = {"pixels": pixels, "ssim": ssim, "flip": flip}


def measured(metrics, pair):
    one, other = map(read, pair)
    values = {}
    for metric in metrics:
        values |= METRICS[metric](one, other)
    return values


def import_all(metrics):
    """Now, so that it is not timed; processes that are forked have it."""
    if "pixels" in metrics or "ssim" in metrics:
        import skimage.metrics  # noqa: F401
    if "flip" in metrics:
        import flip_evaluator  # noqa: F401


def main():
    one, other = map(Path, sys.argv[1:3])
    metrics = sys.argv[3:]
    import_all(metrics)
    pairs = [(path, other / path.name) for path in sorted(one.iterdir())] if one.is_dir() else [(one, other)]
    processes = min(len(os.sched_getaffinity(0)), len(pairs))
    began = time.perf_counter()
    if processes == 1:
        values = [measured(metrics, pair) for pair in pairs]
    else:
        with multiprocessing.get_context("fork").Pool(processes) as pool:
            values = pool.map(partial(measured, metrics), pairs, chunksize=1)
    print(json.dumps({"seconds": time.perf_counter() - began, "values": values}))


if __name__ == "__main__":
    main()
