#!/usr/bin/env python3
"""Makes a small random bundle for tests: make_tiny_bundle.py OUT [--config NAME] [--seed N] [--pipeline DIR]."""

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from bundle_export.packages import refuse_without_packages


def main() -> int:
    refuse_without_packages("make_tiny_bundle")
    from bundle_export.tiny import CONFIGS, save_tiny_pipeline

    parser = argparse.ArgumentParser(description="Makes a small bundle of random weights, for tests.")
    parser.add_argument("out", type=Path, metavar="OUT", help="the bundle's folder")
    parser.add_argument("--config", choices=CONFIGS, default="sd1", help="which kind of model (default: sd1)")
    parser.add_argument("--seed", type=int, default=0, help="of the weights (default: 0)")
    parser.add_argument("--dtype", choices=("float16", "float32"), default="float16",
                        help="of the weights in the files; the numbers are the same (default: float16)")
    parser.add_argument("--pipeline", type=Path, metavar="DIR", help="also write the model as a diffusers folder")
    parser.add_argument("--overwrite", action="store_true", help="replace a bundle that is at OUT")
    arguments = parser.parse_args()

    from bundle_export.bundle import Options, export
    from bundle_export.command import run
    from bundle_export.folder import DiffusersFolder

    def make() -> None:
        with tempfile.TemporaryDirectory() as temporary:
            folder = arguments.pipeline or Path(temporary) / "pipeline"
            save_tiny_pipeline(CONFIGS[arguments.config], arguments.seed, folder)
            options = Options(
                dtype=arguments.dtype,
                licence="CC0-1.0: random numbers",
                name=f"random-{arguments.config}",
                random_weights=True,
                defaults={"steps": 20, "resolution": 256},  # nobody waits for noise
                overwrite=arguments.overwrite,
            )
            export(DiffusersFolder(folder, options.name), arguments.out, options)
        print(arguments.out)

    return run("make_tiny_bundle", make)


if __name__ == "__main__":
    sys.exit(main())
