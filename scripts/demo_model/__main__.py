"""The stages in their order: python -m demo_model [--work DIR] [--only STAGE]."""

import argparse
from pathlib import Path

from .stage import ROOT


def photographs(work: Path) -> None:
    from .photographs import make_photographs

    make_photographs(work)


def pairs(work: Path) -> None:
    from .pairs import make_pairs

    make_pairs(work)


def vae(work: Path) -> None:
    from .start import make_vae

    make_vae(work)


def text(work: Path) -> None:
    from .text_start import make_text_start

    make_text_start(work)


def start(work: Path) -> None:
    from .start import make_start

    make_start(work)


def unet(work: Path) -> None:
    from .unet import train_unet

    train_unet(work)


def bundle(work: Path) -> None:
    from .ship import ship

    ship(work / "unet/bundle", ROOT / "models/demo")


STAGES = {stage.__name__: stage for stage in (photographs, pairs, vae, text, start, unet, bundle)}


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripts/train_demo", description="Makes the model that ships in models/demo.")
    parser.add_argument("--work", type=Path, default=ROOT / ".cache/demo-model", help="where everything is made")
    parser.add_argument("--only", choices=STAGES, help="one stage, its inputs being there")
    arguments = parser.parse_args()
    work = arguments.work.resolve()
    for name in [arguments.only] if arguments.only else STAGES:
        print(f"train_demo: {name}", flush=True)
        STAGES[name](work)


if __name__ == "__main__":
    main()
