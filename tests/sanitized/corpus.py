"""Damaged pictures and manifests, from a seed: what a reader must survive.

`python corpus.py FOLDER` writes them all, to look at one by one.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import damaged_manifests
import damaged_pictures


@dataclass(frozen=True)
class Case:
    """A request for the probe, and what must come of it."""

    name: str
    request: dict
    exit: int  # of a refusal
    must_refuse: bool  # else it may also be readable in spite of the damage


# One entry a kind of damage: a function of (random, folder) that yields (name, path, must_refuse) for
# what it wrote, the request to make of each path, and the exit code of a refusal.
GENERATORS = {
    **{name: (make, "encode", 3) for name, make in damaged_pictures.KINDS.items()},
    **{
        name: (make, "clip_manifest" if name.startswith("clip") else "manifest", 4)
        for name, make in damaged_manifests.KINDS.items()
    },
}


def request_of(operation, path, output):
    if operation in ("manifest", "clip_manifest"):
        return {"op": operation, "folder": str(path)}
    return {"op": "encode", "path": str(path), "out": str(output)}


def cases(kind, folder, seed=0):
    """All cases of a kind, written under `folder`; a picture that is read would go to `folder`/out."""
    import numpy as np

    make, operation, exit_code = GENERATORS[kind]
    # Seeded by the kind's own letters, so that a new kind does not change the others.
    random = np.random.default_rng([seed, *kind.encode()])
    files, out = folder / kind, folder / "out"
    files.mkdir(parents=True)
    out.mkdir(exist_ok=True)
    for name, path, must_refuse in make(random, files):
        request = request_of(operation, path, out / f"{kind}_{name}.png")
        yield Case(f"{kind}/{name}", request, exit_code, must_refuse)


if __name__ == "__main__":
    total = [case for kind in GENERATORS for case in cases(kind, Path(sys.argv[1]))]
    print(f"{len(total)} cases in {sys.argv[1]}")
