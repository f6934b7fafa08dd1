"""The command: everything, in the order in which a person would do it by hand."""

import argparse
import datetime
import json
import sys
import tempfile
from pathlib import Path

from .gpu import gpu
from .installation import Installation, Program
from .report import page, table
from .stop import FILE, NO, OK, Stop, say

ROOT = Path(__file__).resolve().parents[2]
MEANING = """Checks ip2p on this machine's GPU, from the tarball, with a random model of Stable Diffusion 1.5's size that it makes
and exports itself; measures time and memory. Needs no network: only python3 with torch and transformers, and diffusers
and open_clip_torch as wheels (--wheels) if python3 does not have them.

The table goes to stderr, one JSON object to stdout. Exit code 0: all checks hold; 1: one does not; 5: there is no GPU.
"""

DTYPES = ("float32", "float16", "bfloat16")
MADE = {False: "Stable Diffusion 1.5's size, random", True: "tiny, random"}  # by whether it is a rehearsal
LARGEST_DIFFERENCE = 2  # of 255, float32 on the GPU against float32 on the CPU


def parse_arguments():
    parser = argparse.ArgumentParser(description=MEANING, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tarball", nargs="?", type=Path, help="what scripts/package made (default: the newest in dist/)")
    parser.add_argument("--wheels", type=Path, metavar="DIR", help="wheels of the Python packages that python3 lacks")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the figures there, as docs/gpu.md")
    parser.add_argument("--work", type=Path, metavar="DIR", help="where to work; 6 GB (default: a temporary folder)")
    parser.add_argument("--bundle", type=Path, metavar="DIR", help="measure with this bundle instead of making one")
    parser.add_argument(
        "--rehearse",
        action="store_true",
        help="go through all of it on the CPU with a tiny model: tries the script, and says nothing about any GPU",
    )
    return parser.parse_args()


def main():
    options = parse_arguments()
    try:
        device = {"name": "REHEARSAL ON THE CPU", "driver": "none"} if options.rehearse else gpu()
        with tempfile.TemporaryDirectory(dir=options.work, prefix="gpu-check-") as folder:
            report = check(options, device, Path(folder))
    except Stop as stop:
        say(f"error: {stop}")
        return stop.code
    print(table(report), file=sys.stderr)
    print(json.dumps(report))
    if options.markdown:
        options.markdown.write_text(page(report), "utf-8")
    return OK if all(report["checks"].values()) else NO


def check(options, device, folder):
    """Everything, in the order in which a person would do it by hand."""
    place = Installation(find_tarball(options.tarball), folder, options.wheels)
    place.refuse_missing_packages()
    torch_version = place.python("-c", "import torch; print(torch.__version__)")
    name = bundle_name(options.bundle) if options.bundle else MADE[options.rehearse]
    bundle = options.bundle or place.make_bundle(tiny=options.rehearse)
    picture = make_picture(folder / "input.png")

    program = Program(place, bundle, picture, "cpu" if options.rehearse else "cuda")
    side, small, steps = (128, 64, 6) if options.rehearse else (512, 256, 20)
    runs = {dtype: program.measured(dtype, side, steps) for dtype in DTYPES}
    say("float32 on both devices")
    difference = program.largest_difference(small, 4)

    return {
        "rehearsal": options.rehearse,
        "date": datetime.date.today().isoformat(),
        "device": device["name"],
        "driver": device["driver"],
        "torch": torch_version,
        "ip2p": place.tarball.name,
        "model": name,
        "side_px": side,
        "steps": steps,
        "runs": runs,
        "agreement": {"side_px": small, "steps": 4, "largest_of_255": difference},
        "checks": {
            **{f"{dtype} runs": "error" not in run for dtype, run in runs.items()},
            f"float32 agrees with the CPU within {LARGEST_DIFFERENCE}/255": difference is not None
            and difference <= LARGEST_DIFFERENCE,
        },
    }


def find_tarball(given):
    found = [given] if given else sorted((ROOT / "dist").glob("ip2p-*.tar.gz"), key=lambda path: path.stat().st_mtime)
    if not found or not found[-1].is_file():
        raise Stop(FILE, f"{given or 'dist/'}: no tarball is there; make it with scripts/package")
    return found[-1].resolve()


def bundle_name(bundle):
    """What the bundle calls itself; its path is this machine's business."""
    try:
        return json.loads((bundle / "bundle.json").read_text("utf-8"))["name"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Stop(FILE, f"{bundle}: its bundle.json cannot be read ({error!r}); give a bundle's folder") from error


def make_picture(path):
    """A picture with edges, gradients and colours."""
    from PIL import Image

    planes = [Image.effect_mandelbrot((512, 512), (-2.0 + shift, -1.2, 0.6, 1.2), 40) for shift in (0.0, 0.05, 0.1)]
    Image.merge("RGB", planes).save(path)
    return path
