#!/usr/bin/env python3
"""Makes a CLIP bundle, which measures what pictures show: export_clip.py SOURCE OUT (see models/README.md)."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from bundle_export.packages import refuse_without_packages


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Makes a CLIP bundle, with which ip2p measures what pictures show.")
    parser.add_argument("source", metavar="SOURCE",
                        help="a transformers folder of a CLIPModel, or a hub id (openai/clip-vit-large-patch14)")
    parser.add_argument("out", type=Path, metavar="OUT", help="the bundle's folder, which must not exist")
    parser.add_argument("--dtype", choices=("float32", "float16"), default="float32",
                        help="how the weights are stored; float16 halves the bundle and rounds them (default: float32)")
    parser.add_argument("--name", help="what the bundle is called (default: as the source)")
    parser.add_argument("--licence", "--license", help="the weights' licence, where the source does not say it")
    parser.add_argument("--random-weights", action="store_true", help="say in the bundle that its weights are noise")
    parser.add_argument("--overwrite", action="store_true", help="replace a CLIP bundle that is at OUT")
    return parser.parse_args()


def main() -> int:
    arguments = parse()
    refuse_without_packages("export_clip")

    # After the command line is read: these imports take seconds.
    from bundle_export.clip_bundle import MANIFEST, Options, export
    from bundle_export.clip_source import open_clip
    from bundle_export.command import run
    from bundle_export.new_folder import refuse_existing

    def make() -> None:
        options = Options(
            dtype=arguments.dtype,
            name=arguments.name,
            licence=arguments.licence,
            random_weights=arguments.random_weights,
            overwrite=arguments.overwrite,
        )
        refuse_existing(arguments.out, options.overwrite, MANIFEST)
        export(open_clip(arguments.source), arguments.out, options)
        print(arguments.out)

    return run("export_clip", make)


if __name__ == "__main__":
    sys.exit(main())
