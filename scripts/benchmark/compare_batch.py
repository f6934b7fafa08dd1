"""Times `ip2p batch`, the same loop with diffusers, and `ip2p edit` a file, in turn, as whole processes.

A random model of the demo's size, the same pictures, steps, sampler and threads. Ratios are of medians of pictures a
second, ip2p batch over the other: above 1 it is ahead. Memory is the process's peak resident set, from the kernel.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
INSTRUCTION = "make it snow"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, in turn, after one that is not counted")
    parser.add_argument("--items", type=int, default=60)
    parser.add_argument("--alone", type=int, default=6, help="how many of them are edited by `ip2p edit`")
    parser.add_argument("--size", type=int, default=128, help="pixels a side")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--work", type=Path, default=ROOT / "build/bench-batch", help="where the random model is kept")
    parser.add_argument("--json", type=Path, help="write every figure there")
    return parser.parse_args()


def prepare(options):
    """The random pipeline, its bundle and the pictures, made once."""
    sys.path.insert(0, str(ROOT / "scripts"))
    from bundle_export.full_size import FULL_SIZE, make_full_size_pipeline

    work = options.work
    if not (work / "bundle").exists():
        work.mkdir(parents=True, exist_ok=True)
        levels = {"block_out_channels": (48, 96, 160), "layers_per_block": 1, "norm_num_groups": 16}
        small = replace(
            FULL_SIZE,
            unet={
                "in_channels": 8, "cross_attention_dim": 128, "sample_size": 64, "attention_head_dim": 4, **levels,
                "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
                "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
            },
            vae={
                "block_out_channels": (16, 32, 96), "layers_per_block": 1, "norm_num_groups": 8, "sample_size": 256,
                "down_block_types": ["DownEncoderBlock2D"] * 3, "up_block_types": ["UpDecoderBlock2D"] * 3,
            },
            text={
                "hidden_size": 128, "intermediate_size": 512, "num_hidden_layers": 2, "num_attention_heads": 4,
                "projection_dim": 128,
            },
        )  # fmt: skip
        make_full_size_pipeline(work / "pipeline", 0, small)
        export = [sys.executable, ROOT / "scripts/export_bundle.py", work / "pipeline", work / "bundle"]
        subprocess.run([*export, "--dtype", "float32"], check=True)
    pictures = work / f"in-{options.items}-{options.size}"
    if not pictures.exists():
        pictures.mkdir()
        with Image.open(ROOT / "models/photographs/coffee.jpg") as photograph:
            for number in range(options.items):
                left, top = (number * (side - 256) // options.items for side in photograph.size)
                part = photograph.crop((left, top, left + 256, top + 256)).resize((options.size, options.size))
                part.save(pictures / f"{number:04}.png")
    return pictures


def timed(command, environment):
    """(seconds, peak memory in GiB) of a process."""
    began = os.times().elapsed
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{command[0]} failed")
    return os.times().elapsed - began, usage.ru_maxrss / (1 << 20)


def main():
    options = parse_arguments()
    pictures = prepare(options)
    work, out = options.work, options.work / "out"
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads()), "HF_HUB_OFFLINE": "1"}
    ours = [
        "--model", work / "bundle", "--device", "cpu", "--dtype", "float32", "--steps", options.steps, "--quiet",
        "--sampler", "ddim", "--cfg-text", 7.5, "--cfg-image", 1.5, "--resolution", options.size,
    ]  # fmt: skip
    program = ROOT / "build/ip2p"

    def batch():
        return timed([program, "batch", pictures, "-o", out, "--edit", INSTRUCTION, *ours], environment)

    def diffusers():
        script = ROOT / "scripts/benchmark/diffusers_batch.py"
        command = [sys.executable, script, work / "pipeline", pictures, out, INSTRUCTION, options.steps]
        return timed(command, environment)

    def edit():
        out.mkdir(exist_ok=True)
        found = [
            timed([program, "edit", path, INSTRUCTION, "-o", out / path.name, *ours], environment)
            for path in sorted(pictures.iterdir())[: options.alone]
        ]
        seconds = sum(each for each, _ in found) / options.alone * options.items
        return seconds, max(peak for _, peak in found)

    runs = {"ip2p batch": [], "diffusers, one load": [], "ip2p edit a file": []}
    for turn in range(options.rounds + 1):
        for name, run in zip(runs, (batch, diffusers, edit), strict=True):
            shutil.rmtree(out, ignore_errors=True)
            seconds, peak = run()
            print(f"round {turn} {name}: {options.items / seconds:.2f} pictures a second, {peak:.2f} GiB", file=sys.stderr)
            if turn > 0:
                runs[name].append({"seconds": seconds, "peak_gib": peak})

    medians = {name: statistics.median(run["seconds"] for run in each) for name, each in runs.items()}
    print(f"\n{options.items} pictures of {options.size}x{options.size}, {options.steps} steps of ddim, float32, "
          f"{environment['OMP_NUM_THREADS']} threads, {options.rounds} rounds; torch {torch.__version__}\n")
    print("| | pictures a second | ip2p batch is ahead by | peak memory, GiB |\n|---|---|---|---|")
    for name, seconds in medians.items():
        peak = statistics.median(run["peak_gib"] for run in runs[name])
        print(f"| {name} | {options.items / seconds:.2f} | {seconds / medians['ip2p batch']:.2f} | {peak:.2f} |")
    if options.json:
        options.json.write_text(json.dumps(runs, indent=2))


if __name__ == "__main__":
    main()
