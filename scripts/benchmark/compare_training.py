"""Times steps of `ip2p train` and of the same step written with diffusers and torch, in turn, in processes of their own.

Same model (random, a quarter of Stable Diffusion 1.5), pictures, batch, optimizer, average of weights and threads. The
ratio is of medians over all steps but each process's first, ip2p over Python: below 1 ip2p is ahead. Memory is the
process's peak resident set, from the kernel.
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
from PIL import Image, ImageOps

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = 12


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3, help="processes of each, in turn, after one that is not counted")
    parser.add_argument("--resolution", type=int, default=256)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--steps", type=int, default=5, help="of each process; the first is not counted")
    parser.add_argument("--work", type=Path, default=ROOT / "build/bench-train", help="where the random model is kept")
    parser.add_argument("--json", type=Path, help="write every figure there")
    return parser.parse_args()


def prepare(work):
    """The random pipeline, its bundle in float32 and a few edits, made once."""
    sys.path.insert(0, str(ROOT / "scripts"))
    from bundle_export.full_size import FULL_SIZE, make_full_size_pipeline

    if not (work / "bundle").exists():
        work.mkdir(parents=True, exist_ok=True)
        config = replace(FULL_SIZE, unet={**FULL_SIZE.unet, "block_out_channels": (160, 320, 640, 640)})
        make_full_size_pipeline(work / "pipeline", 0, config)
        export = [sys.executable, ROOT / "scripts/export_bundle.py", work / "pipeline", work / "bundle"]
        subprocess.run([*export, "--dtype", "float32"], check=True)
    data = work / "data"
    if not (data / "metadata.jsonl").exists():
        data.mkdir(exist_ok=True)
        lines = []
        with Image.open(ROOT / "models/photographs/coffee.jpg") as photograph:
            side = min(photograph.size) // 2
            for number in range(EXAMPLES):
                left, top = (number * (length - side) // EXAMPLES for length in photograph.size)
                part = photograph.crop((left, top, left + side, top + side)).resize((512, 512))
                part.save(data / f"{number}-before.png")
                ImageOps.invert(part).save(data / f"{number}-after.png")
                line = {"input_image": f"{number}-before.png", "edited_image": f"{number}-after.png"}
                lines.append(json.dumps(line | {"edit_prompt": "make it a negative"}))
        (data / "metadata.jsonl").write_text("\n".join(lines) + "\n")


def measured(command, environment):
    """Runs it; (its stdout, peak memory in GiB)."""
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, env=environment)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        raise SystemExit(f"{command[0]} failed")
    return output, usage.ru_maxrss / (1 << 20)


def run_ip2p(options, environment):
    run = options.work / "run"
    (options.work / "config.json").write_text(json.dumps({
        "bundle": "bundle", "data": "data", "output": "run", "device": "cpu", "steps": options.steps, "flip": False,
        "resolution": options.resolution, "batch": options.batch, "learning_rate": 1e-5, "log_every": 1,
        "checkpoint_every": 1000, "reader_threads": 1,
    }))  # fmt: skip
    shutil.rmtree(run / "checkpoints", ignore_errors=True)
    (run / "metrics.jsonl").unlink(missing_ok=True)
    _, peak = measured([ROOT / "build/ip2p", "train", options.work / "config.json", "--quiet"], environment)
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return {"steps": [line["seconds"] for line in lines], "losses": [line["loss"] for line in lines], "peak_gib": peak}


def run_python(options, environment):
    script = ROOT / "scripts/benchmark/diffusers_train.py"
    sizes = options.resolution, options.batch, options.steps
    command = [sys.executable, script, options.work / "pipeline", options.work / "data", *sizes]
    output, peak = measured(command, environment)
    return json.loads(output.splitlines()[-1]) | {"peak_gib": peak}


def main():
    options = parse_arguments()
    prepare(options.work)
    threads = str(torch.get_num_threads())
    environment = {**os.environ, "OMP_NUM_THREADS": threads, "HF_HUB_OFFLINE": "1"}
    runs = {"ip2p": [], "diffusers": []}
    for turn in range(options.rounds + 1):
        for name, run in (("ip2p", run_ip2p), ("diffusers", run_python)):
            found = run(options, environment)
            step = statistics.median(found["steps"][1:])
            print(f"round {turn} {name}: step {step:.2f} s, peak {found['peak_gib']:.2f} GiB", file=sys.stderr)
            if turn > 0:
                runs[name].append(found)

    def median(name, figure):
        return statistics.median(figure(run) for run in runs[name])

    rows = {
        "one optimizer step, s": lambda run: statistics.median(run["steps"][1:]),
        "peak memory, GiB": lambda run: run["peak_gib"],
    }
    print(f"\n{options.resolution}x{options.resolution}, batch {options.batch}, float32, {threads} threads, "
          f"{options.rounds} rounds of {options.steps - 1} steps; torch {torch.__version__}\n")
    print("| | ip2p | diffusers and torch | ratio |\n|---|---|---|---|")
    for meaning, figure in rows.items():
        ours, theirs = median("ip2p", figure), median("diffusers", figure)
        print(f"| {meaning} | {ours:.2f} | {theirs:.2f} | {ours / theirs:.2f} |")
    if options.json:
        options.json.write_text(json.dumps(runs, indent=2))


if __name__ == "__main__":
    main()
