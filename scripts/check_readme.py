#!/usr/bin/env python3
"""Checks that README.md's tables of flags and samplers are what the program says of itself; --write puts them in.

usage: check_readme.py [--write]
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


def with_section(text, name, rows):
    """`text` with what stands between the marks of that name replaced."""
    begin, end = f"<!-- {name}: made by scripts/check_readme.py --write -->\n", f"<!-- end of {name} -->\n"
    before, rest = text.split(begin)
    after = rest.split(end)[1]
    return before + begin + "\n".join(rows) + "\n" + end + after


def main() -> int:
    info = json.loads(subprocess.run([ROOT / "build/ip2p", "info", "--json"], check=True, capture_output=True).stdout)
    readme = ROOT / "README.md"
    now = readme.read_text()
    wanted = with_section(now, "flags", flag_rows(info["commands"]["edit"]))
    wanted = with_section(wanted, "samplers", sampler_rows(info["samplers"]))
    if "--write" in sys.argv[1:]:
        readme.write_text(wanted)
    elif wanted != now:
        print("README.md's tables are not what the program says; run scripts/check_readme.py --write")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
