#!/usr/bin/env python3
"""Writes an ip2p bundle as a diffusers folder: bundle_to_diffusers.py BUNDLE OUT --config FOLDER."""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from bundle_export.packages import refuse_without_packages


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Writes an ip2p bundle as a diffusers folder.")
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="the bundle's folder")
    parser.add_argument("out", type=Path, metavar="OUT", help="the diffusers folder, which must not exist")
    parser.add_argument("--config", type=Path, metavar="FOLDER", required=True,
                        help="the diffusers folder that the bundle, or the one that it was trained from, was made of:"
                        " a bundle does not keep its configs")
    return parser.parse_args()


def main() -> int:
    arguments = parse()
    refuse_without_packages("bundle_to_diffusers")

    # After the command line is read: these imports take seconds.
    from bundle_export.command import run
    from bundle_export.errors import bad_file
    from bundle_export.new_folder import new_folder
    from bundle_export.to_diffusers import to_diffusers

    def make() -> None:
        if arguments.out.exists():
            raise bad_file(f"{arguments.out}: exists; give another folder")
        with new_folder(arguments.out, overwrite=False) as folder:
            to_diffusers(arguments.bundle, arguments.config, folder)
        print(arguments.out)

    return run("bundle_to_diffusers", make)


if __name__ == "__main__":
    sys.exit(main())
