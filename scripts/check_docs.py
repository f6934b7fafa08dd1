#!/usr/bin/env python3
"""Checks that the tables of flags, samplers and keys in README.md and docs are what the program says of itself.

--write puts them in.

usage: check_docs.py [--write]
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def flag_rows(flags):
    yield "| flag | what it does | values | default |"
    yield "|---|---|---|---|"
    for flag in flags:
        names = ", ".join(f"`{name}`" for name in flag["flag"].split(","))
        kinds = {"TEXT": "", "INT": "whole number", "UINT": "whole number", "FLOAT": "number"}
        values = kinds.get(flag["values"].split(":")[0], flag["values"])
        yield f"| {names} | {flag['help']} | {values} | {flag['default'].strip(chr(34))} |"


def sampler_rows(samplers):
    yield "| sampler | what it is |"
    yield "|---|---|"
    for sampler in samplers:
        yield f"| `{sampler['name']}` | {sampler['description']} |"


def key_rows(keys):
    yield "| key | what it does | values | default |"
    yield "|---|---|---|---|"
    for key in keys:
        default = f"`{key['default']}`" if key["default"] else ""
        yield f"| `{key['key']}` | {key['help']} | {key['values']} | {default} |"


def with_section(text, name, rows):
    """`text` with what stands between the marks of that name replaced."""
    begin, end = f"<!-- {name}: made by scripts/check_docs.py --write -->\n", f"<!-- end of {name} -->\n"
    before, rest = text.split(begin)
    after = rest.split(end)[1]
    return before + begin + "\n".join(rows) + "\n" + end + after


def main() -> int:
    info = json.loads(subprocess.run([ROOT / "build/ip2p", "info", "--json"], check=True, capture_output=True).stdout)
    tables = {
        "README.md": {"flags": flag_rows(info["commands"]["edit"]), "samplers": sampler_rows(info["samplers"])},
        "docs/batch.md": {"flags": flag_rows(info["commands"]["batch"])},
        "docs/regress.md": {
            part: flag_rows(info["commands"][f"regress {part}"]) for part in ("compare", "run", "approve", "calibrate", "init")
        },
        "docs/training.md": {"keys": key_rows(info["train_config"])},
    }
    stale = False
    for name, sections in tables.items():
        page = ROOT / name
        now = wanted = page.read_text()
        for section, rows in sections.items():
            wanted = with_section(wanted, section, rows)
        if "--write" in sys.argv[1:]:
            page.write_text(wanted)
        elif wanted != now:
            print(f"{name}: its tables are not what the program says; run scripts/check_docs.py --write")
            stale = True
    return int(stale)


if __name__ == "__main__":
    sys.exit(main())
