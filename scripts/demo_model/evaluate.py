"""Measures the demo model on the test split: python -m demo_model.evaluate, by way of scripts/eval_demo.

Every photograph of the split gets every edit in words that training never had, by the program, with the bundle's
defaults. An edit is right when its picture is nearer to its own target than to that of any other edit, colour or
degree, and than to the unedited picture. `--write` puts the tables and pictures into docs/demo-model.md.
"""

import argparse
import json
import math
import statistics
import subprocess
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from os import sched_getaffinity
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy import ndarray

from .colour_distance import distance, lab
from .edits import EDITS
from .pairs import apply
from .stage import ROOT, write_atomically
from .vae import to_tensor

SCALES = {"cfg_text": (1.0, 1.5, 2.0, 3.0, 5.0), "cfg_image": (1.0, 1.2, 1.5, 2.0, 3.0)}
SCALE_PHOTOGRAPHS = 2  # of the split, each with every edit, for each value of a scale


@dataclass
class Example:
    """A held-out pair: files, words, and which edits the words mean."""

    photograph: str
    edits: list
    words: str
    input: Path
    target: Path
    result: Path = Path()


@dataclass
class Score:
    """What became of the examples of one edit."""

    nearest: list[bool] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    taken_for: list[str] = field(default_factory=list)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/eval_demo", description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, default=ROOT / ".cache/demo-model", help="what scripts/train_demo made")
    parser.add_argument("--bundle", type=Path, default=ROOT / "models/demo")
    parser.add_argument("--split", choices=["validation", "test"], default="test")
    parser.add_argument("--photographs", type=int, help="the first so many of the split only")
    parser.add_argument("--edit-flags", default="", metavar="FLAGS", help='for ip2p batch, such as "--steps 30"')
    parser.add_argument("--no-scales", action="store_true", help="leave out how the two guidance scales act")
    parser.add_argument("--write", action="store_true", help="put what was found into docs/demo-model.md")
    return parser.parse_args()


def examples(work: Path, split: str, photographs: int | None) -> list[Example]:
    """The split's examples, in order."""
    folder = work / "pairs" / split
    metadata, labels = ((folder / name).read_text().splitlines() for name in ("metadata.jsonl", "labels.jsonl"))
    found = []
    for pair, label in zip(map(json.loads, metadata), map(json.loads, labels), strict=True):
        files = folder / pair["input_image"], folder / pair["edited_image"]
        found.append(Example(label["photograph"], label["edits"], pair["edit_prompt"], *files))
    names = list(dict.fromkeys(example.photograph for example in found))[:photographs]
    return [example for example in found if example.photograph in names]


def edit_all(wanted: list[Example], bundle: Path, folder: Path, flags: list[str]) -> None:
    """Edits every example into `folder`, with `ip2p edit`'s own seed; what an earlier run made with them is kept."""
    folder.mkdir(parents=True, exist_ok=True)
    jobs = folder / "jobs.jsonl"
    with jobs.open("w") as file:
        for number, example in enumerate(wanted):
            example.result = folder / f"{number:04}.png"
            job = {"input": str(example.input), "instruction": example.words, "output": example.result.name, "seed": 0}
            file.write(json.dumps(job) + "\n")
    command = [ROOT / "build/ip2p", "batch", "--manifest", jobs, "-o", folder, "--model", bundle,
               "--workers", len(sched_getaffinity(0)), "--overwrite", *flags]  # fmt: skip
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)


def read(path: Path) -> ndarray:
    """uint8 RGB."""
    return np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])


def name(edits: list) -> str:
    """What a row of the table is called: the edit without its option, or both of two."""
    return " + ".join(edit for edit, _ in edits)


def label(edits: list) -> str:
    """What exactly was asked for: "tint red", "fog slightly + frame white"."""
    return " + ".join(f"{edit} {option}".rstrip() for edit, option in edits)


def candidates(picture: ndarray, pairs: list[list]) -> dict[str, ndarray]:
    """What a result may be taken for: every edit with every option, these pairs, and the input; `lab` of each."""
    requests = [[(edit, option)] for edit, entry in EDITS.items() for option in entry.options] + pairs
    return {"the input": lab(picture), **{label(request): lab(apply(request, picture)) for request in requests}}


def score(wanted: list[Example]) -> dict[str, Score]:
    """Edit -> how its examples came out; two edits in one sentence are one row, "two in one sentence"."""
    scores = defaultdict(Score)
    by_input = defaultdict(list)
    for example in wanted:
        by_input[example.input].append(example)
    for path, group in by_input.items():
        targets = candidates(read(path), [example.edits for example in group if len(example.edits) > 1])
        for example in group:
            result = lab(read(example.result))
            distances = {other: distance(result, target) for other, target in targets.items()}
            own, nearest = label(example.edits), min(distances, key=distances.get)
            row = scores[name(example.edits) if len(example.edits) == 1 else "two in one sentence"]
            row.nearest.append(nearest == own)
            row.errors.append(distances[own])
            if nearest != own:
                row.taken_for.append(nearest)
    return scores


@torch.no_grad()
def vae_psnr(wanted: list[Example], bundle: Path) -> tuple[float, float]:
    """Mean PSNR in dB after the bundle's VAE alone: of the photographs, and of all edited ones."""
    encoder, decoder = (torch.jit.load(bundle / f"vae_{half}.pt").float() for half in ("encoder", "decoder"))

    def mean(paths: list[Path]) -> float:
        found = []
        for path in paths:
            pixels = to_tensor(read(path)[None])
            error = (decoder(encoder(pixels)).clamp(-1, 1) - pixels).square().mean().item()
            found.append(10 * math.log10(4 / error))
        return statistics.mean(found)

    return mean(list(dict.fromkeys(each.input for each in wanted))), mean([each.target for each in wanted])


def distances_by_scale(wanted: list[Example], bundle: Path, folder: Path, flags: list[str]) -> dict[str, list[float]]:
    """Scale -> the mean distance of the edits from their inputs, for each of its values."""
    found = {}
    for scale, values in SCALES.items():
        found[scale] = []
        for value in values:
            edit_all(wanted, bundle, folder / f"{scale}-{value}", [*flags, f"--{scale.replace('_', '-')}", str(value)])
            found[scale].append(
                statistics.mean(distance(lab(read(each.result)), lab(read(each.input))) for each in wanted)
            )
    return found


def tables(scores: dict[str, Score], scales: dict[str, list[float]], psnr: tuple[float, float]) -> str:
    """The findings in Markdown."""
    right = [each for score in scores.values() for each in score.nearest]
    errors = [each for score in scores.values() for each in score.errors]
    single = [each for score in singles(scores) for each in score.nearest]
    single_errors = [each for score in singles(scores) for each in score.errors]
    lines = [
        "| | found | wanted |",
        "|---|---|---|",
        f"| one edit: nearest to its own target | {share(single)} of {len(single)} | 93 % |",
        f"| ... of the edit that does worst | {min(map(share_of, singles(scores))):.1f} % | 70 % |",
        f"| ... mean LAB distance to the own target | {statistics.mean(single_errors):.2f} | at most 5 |",
        f"| with two edits in one sentence: nearest | {share(right)} of {len(right)} | |",
        f"| ... mean LAB distance to the own target | {statistics.mean(errors):.2f} | |",
        f"| the VAE alone, photographs | {psnr[0]:.2f} dB | 31.5 dB |",
        f"| the VAE alone, edited photographs | {psnr[1]:.2f} dB | |",
        "",
        "| edit | nearest to its own target | mean LAB distance to it | taken for |",
        "|---|---|---|---|",
        *(row(name, score) for name, score in sorted(scores.items(), key=lambda item: share_of(item[1]))),
    ]
    for scale, found in scales.items():
        lines += [
            "",
            f"| {'s_T' if scale == 'cfg_text' else 's_I'} | {' | '.join(map(str, SCALES[scale]))} |",
            f"|---|{'---|' * len(found)}",
            f"| mean LAB distance from the input | {' | '.join(f'{each:.2f}' for each in found)} |",
        ]
    return "\n".join(lines) + "\n"


def singles(scores: dict[str, Score]) -> list[Score]:
    return [score for name, score in scores.items() if name in EDITS]


def share_of(score: Score) -> float:
    """Percent."""
    return 100 * statistics.mean(score.nearest)


def share(found: list[bool]) -> str:
    return f"{100 * statistics.mean(found):.1f} %"


def row(name: str, score: Score) -> str:
    others = ", ".join(f"{other} {count}" for other, count in Counter(score.taken_for).most_common(3))
    return f"| {name} | {share(score.nearest)} of {len(score.nearest)} | {statistics.mean(score.errors):.2f} | {others} |"


def sheet(wanted: list[Example], edits: list[str]) -> ndarray:
    """Photographs down, edits across: what the model made above what was wanted, uint8 RGB."""
    photographs = list(dict.fromkeys(example.photograph for example in wanted))[:4]
    rows = []
    for photograph in photographs:
        by_name = {name(example.edits): example for example in wanted if example.photograph == photograph}
        chosen = [by_name[edit] for edit in edits]
        made, targets = ([read(getattr(each, which)) for each in chosen] for which in ("result", "target"))
        picture = read(chosen[0].input)
        rows += [np.hstack([picture, *made]), np.hstack([np.full_like(picture, 255), *targets])]
    return cv2.resize(np.vstack(rows), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)


def main() -> None:
    arguments = parse()
    wanted = examples(arguments.work, arguments.split, arguments.photographs)
    folder, flags = arguments.work / "evaluation" / arguments.split, arguments.edit_flags.split()
    edit_all(wanted, arguments.bundle, folder, flags)
    scores = score(wanted)
    edits = list(EDITS)
    pictures = {f"demo-model-{i + 1}.jpg": sheet(wanted, edits[i * 13 : (i + 1) * 13]) for i in range(2)}
    for file, picture in pictures.items():
        cv2.imwrite(str(folder / file), picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88])
    scales = {}
    if not arguments.no_scales:
        names = list(dict.fromkeys(example.photograph for example in wanted))[:SCALE_PHOTOGRAPHS]
        some = [each for each in wanted if each.photograph in names and len(each.edits) == 1]
        scales = distances_by_scale(some, arguments.bundle, folder / "scales", flags)
    found = tables(scores, scales, vae_psnr(wanted, arguments.bundle))
    print(found)
    if arguments.write:
        put_into_docs(found, folder, pictures)


def put_into_docs(found: str, folder: Path, pictures: dict) -> None:
    """The tables between their marks in docs/demo-model.md, and the sheets beside it."""
    page = ROOT / "docs/demo-model.md"
    begin, end = "<!-- found: made by scripts/eval_demo --write -->\n", "<!-- end of found -->\n"
    before, rest = page.read_text("utf-8").split(begin)
    write_atomically(page, (before + begin + found + end + rest.split(end)[1]).encode())
    for file in pictures:
        write_atomically(ROOT / "docs/pictures" / file, (folder / file).read_bytes())


if __name__ == "__main__":
    main()
