"""Times whole processes of ip2p and diffusers in turn, on the same weights, picture, seed, steps, dtype and threads.

Ratios are of medians, ip2p over diffusers: below 1 ip2p is ahead. The two pictures are compared, so that nobody is timed
doing something else. Figures of memory are the process's peak resident set, from the kernel.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
INSTRUCTION = "make it snow"
SEED = 3
# Of one step (three branches) of Stable Diffusion 1.5's UNet by size, as torch counts.
STEP_TFLOP = {256: 0.54, 512: 2.41}
FIGURES = ["to_first_step", "load", "per_step", "item", "wall", "peak_gib"]
MEANING = {
    "to_first_step": "process start to first step, s",
    "load": "loading, s",
    "per_step": "one step (three branches), s",
    "item": "whole edit without loading, s",
    "wall": "whole process, s",
    "peak_gib": "peak memory, GiB",
}


def parse_arguments(description=__doc__):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, in turn, after one that is not counted")
    parser.add_argument("--size", type=int, default=256, help="pixels a side")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--work", type=Path, default=ROOT / "build/bench", help="where the random model is kept")
    parser.add_argument("--json", type=Path, help="write every figure there")
    return parser.parse_args()


def prepare(work):
    """The random pipeline and its bundle, made once; weights are stored in float16 (2 GB) by both."""
    sys.path.insert(0, str(ROOT / "scripts"))
    from bundle_export.full_size import make_full_size_pipeline

    pipeline, bundle = work / "pipeline", work / "bundle"
    if not pipeline.exists():
        work.mkdir(parents=True, exist_ok=True)
        make_full_size_pipeline(pipeline, seed=0)
    if not bundle.exists():
        subprocess.run(
            [sys.executable, ROOT / "scripts/export_bundle.py", pipeline, bundle, "--dtype", "float16"], check=True
        )
    return pipeline, bundle


def warm_page_cache(folder):
    """Both sides load from memory, not from the disk."""
    for path in folder.rglob("*"):
        if path.is_file():
            with open(path, "rb") as file:
                while file.read(1 << 24):
                    pass


def timed(command, environment):
    """Runs it; returns its JSON with wall seconds and peak memory added."""
    began = os.times().elapsed
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, env=environment)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{command[0]} failed")
    result = json.loads(output.splitlines()[-1])
    seconds = result.get("seconds", result)
    return seconds | {"wall": os.times().elapsed - began, "peak_gib": usage.ru_maxrss / (1 << 20)}


def floor(dtype):
    """TFLOP/s of a large matrix product here, the bound of any step."""
    a = torch.randn(2048, 2048, dtype=dtype)
    times = []
    for _ in range(5):
        began = os.times().elapsed
        for _ in range(4):
            a @ a
        times.append((os.times().elapsed - began) / 4)
    return 2 * 2048**3 / statistics.median(times) / 1e12


def main():
    options = parse_arguments()
    pipeline, bundle = prepare(options.work)
    picture = options.work / "input.png"
    with Image.open(ROOT / "models/photographs/coffee.jpg") as photograph:
        photograph.resize((options.size, options.size), Image.Resampling.LANCZOS).save(picture)
    ours, theirs = options.work / "ip2p.png", options.work / "diffusers.png"
    threads = str(torch.get_num_threads())
    environment = {**os.environ, "OMP_NUM_THREADS": threads, "HF_HUB_OFFLINE": "1"}
    commands = {
        "ip2p": [
            ROOT / "build/ip2p", "edit", picture, INSTRUCTION, "-o", ours, "--overwrite", "--json", "--quiet",
            "--model", bundle, "--device", "cpu", "--dtype", options.dtype, "--steps", options.steps, "--seed", SEED,
            "--sampler", "euler_a", "--cfg-text", 7.5, "--cfg-image", 1.5, "--resolution", options.size,
        ],
        "diffusers": [
            sys.executable, ROOT / "scripts/benchmark/diffusers_edit.py", pipeline, picture, INSTRUCTION, theirs,
            options.steps, options.dtype, SEED,
        ],
    }
    for folder in (pipeline, bundle):
        warm_page_cache(folder)

    runs = {name: [] for name in commands}
    for turn in range(options.rounds + 1):
        for name, command in commands.items():
            figures = timed(command, environment)
            print(f"round {turn} {name}: " + ", ".join(f"{key} {figures[key]:.2f}" for key in FIGURES), file=sys.stderr)
            if turn > 0:
                runs[name].append(figures)

    difference = np.abs(np.asarray(Image.open(ours), int) - np.asarray(Image.open(theirs), int))
    report(options, runs, int(difference.max()), float(difference.mean()), threads)


def report(options, runs, worst, mean, threads):
    medians = {name: {key: statistics.median(run[key] for run in each) for key in FIGURES} for name, each in runs.items()}
    tflops = floor(getattr(torch, options.dtype))
    print(f"\n{options.size}x{options.size}, {options.steps} steps, {options.dtype}, {threads} threads, "
          f"{platform.machine()}, {options.rounds} rounds; torch {torch.__version__}")
    print(f"pictures differ by at most {worst}/255, {mean:.3f} on average; a large product here: {tflops:.3f} TFLOP/s\n")
    print("| | ip2p | diffusers | ratio |\n|---|---|---|---|")
    for key in FIGURES:
        a, b = medians["ip2p"][key], medians["diffusers"][key]
        print(f"| {MEANING[key]} | {a:.2f} | {b:.2f} | {a / b:.2f} |")
    if options.size in STEP_TFLOP:
        least = STEP_TFLOP[options.size] / tflops
        a, b = (each["per_step"] / least for each in medians.values())
        print(f"| one step, over its arithmetic at the speed of that product | {a:.2f} | {b:.2f} | |")
    if options.json:
        options.json.write_text(json.dumps({"options": {k: str(v) for k, v in vars(options).items()}, "runs": runs,
                                            "medians": medians, "worst": worst, "mean": mean, "tflops": tflops}, indent=2))


if __name__ == "__main__":
    main()
