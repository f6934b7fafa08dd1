"""Times `ip2p regress compare`, OpenImageIO's idiff and a script with scikit-image and flip-evaluator in turn.

A hundred pairs of 512x512, and one of 12 megapixels; photographs, the second of each pair with the traces of a JPEG file and
some noise. Whole processes on the same PNG files, a metric at a time: ip2p takes all pairs in one process, idiff one a process,
as many at once as there are cores, the script two folders in that many processes. Ratios are of medians, ip2p over the
other's: below 1 ip2p is ahead. The script's seconds without its imports are told apart. Values are compared, so that nobody is
timed doing something else; idiff's perceptual test is of another kind, and timed once, only to be seen.

Exit code 1, and a sentence for each, when a bound does not hold: all metrics of the hundred pairs in 15 s and of the large one
in 2 s (of the usual numbers and sizes alone), and no metric slower than idiff's or the script's whole process.
"""

import argparse
import io
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build/ip2p"
WITHIN = 1e-4
PAIRS, SIZE, LARGE = 100, 512, (4000, 3000)
EVERYTHING = "all of them"
MOST_SECONDS = {"pairs": 15, "large": 2}
# What is asked of ip2p and of the script, and what idiff has beside it.
METRICS = {
    "pixels, PSNR": ([], ["pixels"], []),
    "SSIM": (["--metric", "ssim"], ["ssim"], None),
    "FLIP": (["--metric", "flip"], ["flip"], None),
    EVERYTHING: (["--metric", "ssim", "--metric", "flip"], ["pixels", "ssim", "flip"], None),
    "(idiff -p)": (None, None, ["-p"]),
}


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="runs of each, in turn, after one that is not counted")
    parser.add_argument("--pairs", type=int, default=PAIRS)
    parser.add_argument("--size", type=int, default=SIZE, help="pixels a side")
    parser.add_argument("--large", type=int, nargs=2, default=LARGE, metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--only", choices=["pairs", "large"], help="one of the two")
    parser.add_argument("--work", type=Path, default=ROOT / "build/bench-compare", help="where the pictures are kept")
    parser.add_argument("--json", type=Path, help="write every figure there")
    return parser.parse_args()


def canvas(width, height):
    """Photographs beside their mirror images until the size is filled: as much detail everywhere as they have."""
    rows = []
    for name in ("coffee", "cat"):
        with Image.open(ROOT / f"models/photographs/{name}.jpg") as photograph:
            pixels = np.asarray(photograph.convert("RGB").resize((600, 400), Image.Resampling.LANCZOS))
        rows.append(np.hstack([pixels, pixels[:, ::-1]]))
    tile = np.vstack(rows)
    times = -(-height // tile.shape[0]), -(-width // tile.shape[1]), 1
    return np.tile(tile, times)[:height, :width]


def made_again(pixels, chance):
    """As another machine or version might make it: close everywhere, equal hardly anywhere."""
    stored = io.BytesIO()
    Image.fromarray(pixels).save(stored, "JPEG", quality=90)
    noisy = np.asarray(Image.open(stored)) + chance.normal(0, 2, pixels.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def made_once(folder, make):
    """The folder, whole: one that was being made when the benchmark was ended is not there."""
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
            new = Path(temporary) / "new"
            new.mkdir()
            make(new, np.random.RandomState(0))
            new.rename(folder)
    return folder


def prepare(options):
    """(two folders of pairs, two large files), made once."""

    def save_pairs(folder, chance):
        wide = canvas(2400 + options.size, 1600 + options.size)
        for where in ("a", "b"):
            (folder / where).mkdir()
        for number in range(options.pairs):
            left, top = (int(chance.randint(side)) for side in (2400, 1600))
            save_pair(folder, wide[top : top + options.size, left : left + options.size], chance, f"/{number:04}")

    def save_pair(folder, pixels, chance, name=""):
        pixels = np.ascontiguousarray(pixels)
        Image.fromarray(pixels).save(f"{folder}/a{name}.png")
        Image.fromarray(made_again(pixels, chance)).save(f"{folder}/b{name}.png")

    pairs = made_once(options.work / f"{options.pairs}-{options.size}", save_pairs)
    large = made_once(
        options.work / "x".join(map(str, options.large)),
        lambda folder, chance: save_pair(folder, canvas(*options.large), chance),
    )
    return (pairs / "a", pairs / "b"), (large / "a.png", large / "b.png")


def timed(command, may_differ=True):
    """(seconds, stdout) of a process; of what compares, 1 says that something differs."""
    began = os.times().elapsed
    result = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, env=os.environ, check=False)
    seconds = os.times().elapsed - began
    if result.returncode not in ((0, 1) if may_differ else (0,)):
        raise SystemExit(f"{command[0]} failed")
    return seconds, result.stdout


def by_ip2p(pair, flags):
    seconds, out = timed([PROGRAM, "regress", "compare", *pair, "--json", "--quiet", *flags])
    return {"seconds": seconds, "values": [json.loads(line) for line in out.splitlines()]}


def by_script(pair, metrics):
    script = ROOT / "scripts/benchmark/picture_metrics.py"
    seconds, out = timed([sys.executable, script, *pair, *metrics], may_differ=False)
    said = json.loads(out)
    return {"seconds": seconds, "without_imports": said["seconds"], "values": said["values"]}


def by_idiff(pair, flags):
    """A process a pair, from xargs, as a script for CI would do it; that some differ is 123 there."""
    one, other = pair
    names = sorted(path.name for path in one.iterdir()) if one.is_dir() else [""]
    cores = len(os.sched_getaffinity(0))
    pairs = "\0".join(str(side / name) if name else str(side) for name in names for side in pair)
    began = os.times().elapsed
    result = subprocess.run(
        ["xargs", "-0", "-n", "2", "-P", str(cores), "idiff", "-q", *flags],
        input=pairs.encode(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    if result.returncode not in (0, 123):
        raise SystemExit("idiff failed")
    return {"seconds": os.times().elapsed - began}


def check_values(ours, theirs):
    for mine, other in zip(ours, theirs, strict=True):
        for metric, value in other.items():
            if abs(mine[metric] - value) > WITHIN:
                raise SystemExit(f"{metric} of {mine['name']} is {mine[metric]} by ip2p and {value} by the script")


def measure(pair, rounds):
    """{metric: {who: [figures of a round]}}."""
    runs = {}
    for turn in range(rounds + 1):
        for metric, (flags, names, idiff_flags) in METRICS.items():
            if flags is None and turn < rounds:
                continue  # slow, and nothing to be compared with: once is enough
            found = {}
            if flags is not None:
                found = {"ip2p": by_ip2p(pair, flags), "script": by_script(pair, names)}
                check_values(*(found[who].pop("values") for who in ("ip2p", "script")))
            if idiff_flags is not None:
                found["idiff"] = by_idiff(pair, idiff_flags)
            said = ", ".join(f"{who} {figures['seconds']:.2f} s" for who, figures in found.items())
            print(f"round {turn} {metric}: {said}", file=sys.stderr)
            if turn > 0:
                for who, figures in found.items():
                    runs.setdefault(metric, {}).setdefault(who, []).append(figures)
    return runs


def median(runs, figure="seconds"):
    return statistics.median(run[figure] for run in runs)


def report(title, runs):
    print(f"\n{title}:\n\n| | ip2p, s | idiff, s | ratio | script, s | ratio | script without imports, s | ratio |")
    print("|---|---|---|---|---|---|---|---|")
    for metric, by in runs.items():
        ours = median(by["ip2p"]) if "ip2p" in by else None
        cells = [f"{ours:.2f}" if ours else ""]
        for who, figure in (("idiff", "seconds"), ("script", "seconds"), ("script", "without_imports")):
            theirs = median(by[who], figure) if who in by else None
            cells += [f"{theirs:.2f}" if theirs else "", f"{ours / theirs:.2f}" if ours and theirs else ""]
        print(f"| {metric} | " + " | ".join(cells) + " |")


def broken_bounds(title, runs, most_seconds):
    """A sentence for each; `most_seconds`: of everything, None where there is no bound."""
    for metric, by in runs.items():
        if "ip2p" not in by:
            continue
        ours = median(by["ip2p"])
        for who in ("idiff", "script"):
            if who in by and ours > median(by[who]):
                yield f"{title}: {metric} takes ip2p {ours:.2f} s and {'idiff' if who == 'idiff' else 'the script'} {median(by[who]):.2f} s"
        if metric == EVERYTHING and most_seconds is not None and ours > most_seconds:
            yield f"{title}: everything takes {ours:.2f} s, more than {most_seconds} s"


def main():
    options = parse_arguments()
    if shutil.which("idiff") is None:
        raise SystemExit("idiff is missing: apt-get install openimageio-tools")
    many, large = prepare(options)
    width, height = options.large
    wanted = {
        "pairs": (f"{options.pairs} pairs of {options.size}x{options.size}", many),
        "large": (f"one pair of {width}x{height}", large),
    }
    is_usual = {"pairs": (options.pairs, options.size) == (PAIRS, SIZE), "large": (width, height) == LARGE}
    runs = {name: measure(pair, options.rounds) for name, (_, pair) in wanted.items() if options.only in (None, name)}
    print(f"\n{len(os.sched_getaffinity(0))} cores, {platform.machine()}, {options.rounds} rounds")
    for name, found in runs.items():
        report(wanted[name][0], found)
    if options.json:
        options.json.write_text(json.dumps(runs, indent=2))
    broken = [
        sentence
        for name, found in runs.items()
        for sentence in broken_bounds(wanted[name][0], found, MOST_SECONDS[name] if is_usual[name] else None)
    ]
    for sentence in broken:
        print(f"too slow: {sentence}", file=sys.stderr)
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
