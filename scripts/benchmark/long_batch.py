"""Runs `ip2p batch` over thousands of small pictures: what the engine takes an item, and whether memory stays flat.

Resident memory is the kernel's figure for the process, when it has named so many outputs. The engine's own cost is
that of a model that does nothing over pictures of 8x8, reading, hashing, logging and writing included.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=10000)
    parser.add_argument("--from", dest="first", type=int, default=500, help="the item that the last is compared with")
    parser.add_argument("--json", type=Path, help="write every figure there")
    return parser.parse_args()


def make_pictures(folder, count):
    """Parts of a photograph, 32x32 and 24x32."""
    folder.mkdir()
    with Image.open(ROOT / "models/photographs/coffee.jpg") as photograph:
        for number in range(count):
            left, top = (number * 7919 % (side - 32) for side in photograph.size)
            size = (32, 32) if number % 2 else (24, 32)
            photograph.crop((left, top, left + size[0], top + size[1])).save(folder / f"{number:05}.png")


def resident_mib(process):
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def memory(options, folder):
    """{items done: MiB} of a run."""
    bundle = folder / "bundle"
    maker = [sys.executable, ROOT / "scripts/make_tiny_bundle.py", bundle]
    subprocess.run([str(word) for word in maker], check=True, stdout=subprocess.DEVNULL)
    make_pictures(folder / "in", options.items)
    command = [ROOT / "build/ip2p", "batch", folder / "in", "-o", folder / "out", "--edit", "make it snow", "--model",
               bundle, "--device", "cpu", "--steps", 1, "--quiet"]  # fmt: skip
    found = {}
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True) as process:
        for done, _ in enumerate(process.stdout, 1):
            if done in (options.first, options.items) or done % 1000 == 0:
                found[done] = resident_mib(process)
    if process.returncode != 0 or options.items not in found:
        raise SystemExit("the batch failed")
    return found


def main():
    options = parse_arguments()
    cost = json.loads(subprocess.check_output([ROOT / "build/tests/unit/batch/ip2p_engine_cost", str(options.items)]))
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        found = memory(options, Path(folder))
    print(f"engine: {cost['ms_an_item']:.3f} ms an item in all, of them {cost['codecs_ms']:.3f} ms in codecs, "
          f"{cost['items']} items, {len(os.sched_getaffinity(0))} cores\n")  # fmt: skip
    print("| items done | resident memory, MiB |\n|---|---|")
    for done, mib in found.items():
        print(f"| {done} | {mib:.1f} |")
    print(f"\nfrom item {options.first} to the end: {found[options.items] - found[options.first]:+.1f} MiB")
    if options.json:
        options.json.write_text(json.dumps({"engine": cost, "resident_mib": found}, indent=2))


if __name__ == "__main__":
    main()
