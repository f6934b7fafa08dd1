#!/usr/bin/env python3
"""Checks that the code keeps to its structure: includes point down, each library stays in its place, line 1 says
what a file owns. Exits 1 and names every line that does not.

usage: check_layers.py [ROOT]
"""

import re
import sys
from pathlib import Path

# A layer may include itself and layers of lower rank. Layers of one rank are strangers.
RANK = {
    "base": 0,
    "image": 1,
    "text": 1,
    "diffusion": 1,
    "kernels": 1,
    "model": 2,
    "edit": 3,
    "compare": 3,
    "batch": 4,
    "train": 4,
    "regress": 5,
    "cli": 6,
}

# header -> where it may be included (path prefixes below the root)
HOMES = {
    r"spdlog/": ("src/base/log.cpp",),
    r"openssl/": ("src/base/",),
    r"opencv2/": ("src/image/", "src/compare/"),
    r"(jpeglib|png|tiffio|webp/.*|lcms2|libexif/.*)\.h": ("src/image/",),
    r"unicode/": ("src/text/",),
    r"sentencepiece": ("src/text/tokenizer.cpp",),
    r"torch/script": ("src/model/",),
    r"torch/csrc": ("src/model/", "src/train/nccl_module.cpp"),
    r"mpi\.h": ("src/train/mpi_module.cpp",),
    r"CLI/": ("src/cli/",),
}

INCLUDE = re.compile(r'^\s*#include [<"]([^">]+)[">]')


def layer_of(path: Path) -> str:
    """The layer of src/LAYER/... or include/ip2p/LAYER/...; empty for version.h."""
    parts = path.parts
    rest = parts[1:] if parts[0] == "src" else parts[2:]
    return rest[0] if len(rest) > 1 else ""


def faults(root: Path, path: Path):
    """Every sentence there is to say about one file."""
    relative = path.relative_to(root)
    lines = path.read_text().splitlines()
    owns = rf"^// {re.escape(path.name)} - "
    if not lines or not re.match(owns, lines[0]):
        yield f'{relative}:1: line 1 does not say what the file owns ("// {path.name} - ...")'
    layer = layer_of(relative)
    for number, line in enumerate(lines, 1):
        include = INCLUDE.match(line)
        if not include:
            continue
        header = include.group(1)
        target = re.match(r"ip2p/(\w+)/", header)
        if target and target.group(1) != layer and RANK[target.group(1)] >= RANK[layer]:
            yield f"{relative}:{number}: {layer} may not include {target.group(1)}"
        if layer == "cli" and re.match(r"(torch|ATen|c10|caffe2)/", header):
            yield f"{relative}:{number}: commands may not see libtorch ({header})"
        for pattern, homes in HOMES.items():
            if re.match(pattern, header) and not str(relative).startswith(homes):
                yield f"{relative}:{number}: {header} belongs in {' '.join(homes)} alone"


def main() -> int:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent).resolve()
    files = sorted([*root.glob("src/**/*.h"), *root.glob("src/**/*.cpp"), *root.glob("include/**/*.h")])
    found = [fault for path in files for fault in faults(root, path)]
    print("\n".join(found) or f"{len(files)} files keep to the layers")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
