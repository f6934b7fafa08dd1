"""Times `ip2p edit` with each of its rewrites alone, with all and with none, in turn, on a random model of Stable
Diffusion 1.5's size: what each gives. Ratios are of medians, over none.
"""

import os
import statistics
import sys

import numpy as np
import torch
from compare import FIGURES, INSTRUCTION, MEANING, ROOT, SEED, parse_arguments, prepare, timed, warm_page_cache
from PIL import Image

VARIANTS = ["none", "convolutions", "linears", "all"]


def main():
    options = parse_arguments(__doc__)
    _, bundle = prepare(options.work)
    picture = options.work / "input.png"
    with Image.open(ROOT / "models/photographs/coffee.jpg") as photograph:
        photograph.resize((options.size, options.size), Image.Resampling.LANCZOS).save(picture)
    warm_page_cache(bundle)
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    runs = {variant: [] for variant in VARIANTS}
    outputs = {variant: options.work / f"{variant}.png" for variant in VARIANTS}
    for turn in range(options.rounds + 1):
        for variant in VARIANTS:
            figures = timed([
                ROOT / "build/ip2p", "edit", picture, INSTRUCTION, "-o", outputs[variant], "--overwrite", "--json", "--quiet",
                "--model", bundle, "--device", "cpu", "--dtype", options.dtype, "--steps", options.steps, "--seed", SEED,
                "--sampler", "euler_a", "--cfg-text", 7.5, "--cfg-image", 1.5, "--resolution", options.size,
                "--rewrites", variant,
            ], environment)  # fmt: skip
            print(f"round {turn} {variant}: {figures['per_step']:.2f} s a step", file=sys.stderr)
            if turn > 0:
                runs[variant].append(figures)

    medians = {name: {key: statistics.median(run[key] for run in each) for key in FIGURES} for name, each in runs.items()}
    plain = np.asarray(Image.open(outputs["none"]), int)
    print(f"\n{options.size}x{options.size}, {options.steps} steps, {options.dtype}, {options.rounds} rounds\n")
    print("| | " + " | ".join(VARIANTS) + " |\n|---|" + "---|" * len(VARIANTS))
    for key in FIGURES:
        cells = [f"{each[key]:.2f} ({each[key] / medians['none'][key]:.2f})" for each in medians.values()]
        print(f"| {MEANING[key]} | " + " | ".join(cells) + " |")
    worst = [np.abs(np.asarray(Image.open(path), int) - plain).max() for path in outputs.values()]
    print("| the picture differs by, of 255 | " + " | ".join(map(str, worst)) + " |")


if __name__ == "__main__":
    main()
