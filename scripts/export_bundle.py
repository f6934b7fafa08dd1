#!/usr/bin/env python3
"""Makes an ip2p bundle of an InstructPix2Pix model: export_bundle.py SOURCE OUT (see models/README.md)."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from bundle_export.packages import refuse_without_packages


def parse() -> argparse.Namespace:
    from bundle_export.defaults import DEFAULTS

    parser = argparse.ArgumentParser(description="Makes an ip2p bundle of an InstructPix2Pix model.")
    parser.add_argument(
        "source", metavar="SOURCE",
        help="a diffusers folder, a hub id (timbrooks/instruct-pix2pix), or a .safetensors or .ckpt file in the"
        " original layout",
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="the bundle's folder, which must not exist")
    parser.add_argument("--dtype", choices=("float32", "float16"), default="float32",
                        help="how the weights are stored; float16 halves the bundle and rounds them (default: float32)")
    parser.add_argument("--name", help="what the bundle is called (default: as the source)")
    parser.add_argument("--licence", "--license", help="the weights' licence, where the source does not say it")
    parser.add_argument("--tokenizer", type=Path, metavar="PATH",
                        help="a tokenizer folder (vocab.json and merges.txt) or bpe_simple_vocab_16e6.txt.gz;"
                        " a checkpoint file has none of its own")
    parser.add_argument("--config", type=Path, metavar="DIR",
                        help="for a checkpoint file: a folder with diffusers' configs, where it is not like"
                        " Stable Diffusion 1.x")
    parser.add_argument("--default", action="append", default=[], metavar="KEY=VALUE",
                        help=f"a default of the bundle, any of {', '.join(DEFAULTS)}; can be given again")
    parser.add_argument("--add-image-channels", action="store_true",
                        help="make a text-to-image model one that takes a picture too, which it ignores until it is"
                        " trained (ip2p train)")
    parser.add_argument("--random-weights", action="store_true", help="say in the bundle that its weights are noise")
    parser.add_argument("--overwrite", action="store_true", help="replace a bundle that is at OUT")
    return parser.parse_args()


def main() -> int:
    arguments = parse()
    refuse_without_packages("export_bundle")

    # After the command line is read: these imports take seconds.
    from bundle_export.bundle import Options, export, refuse_existing
    from bundle_export.command import run
    from bundle_export.defaults import parsed_defaults
    from bundle_export.open_source import open_source

    def make() -> None:
        options = Options(
            dtype=arguments.dtype,
            name=arguments.name,
            licence=arguments.licence,
            defaults=parsed_defaults(arguments.default),
            random_weights=arguments.random_weights,
            add_image_channels=arguments.add_image_channels,
            overwrite=arguments.overwrite,
        )
        refuse_existing(arguments.out, options.overwrite)
        export(open_source(arguments.source, arguments.tokenizer, arguments.config), arguments.out, options)
        print(arguments.out)

    return run("export_bundle", make)


if __name__ == "__main__":
    sys.exit(main())
