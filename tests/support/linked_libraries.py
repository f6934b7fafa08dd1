"""What the linker does with a program, and what THIRD_PARTY.md says of it."""

import os
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
# In every Linux that has a Python with torch.
EVERYWHERE = r"(linux-vdso|ld-linux-x86-64|lib(c|m|dl|rt|util|pthread|stdc\+\+|gcc_s))\.so"
# libtorch, and what its wheel brings.
OF_TORCH = r"lib(torch|c10|gomp|cudart|cupti)"


def listed():
    """The libraries with a row in THIRD_PARTY.md, without version: {"libpng16", ...}."""
    rows = [line for line in (ROOT / "THIRD_PARTY.md").read_text().splitlines() if line.startswith("| `")]
    return {name for row in rows for name in re.findall(r"`(lib\w+)`", row.split("|")[1])}


def plain(name):
    """libopencv_core.so.406 -> libopencv_core; libspdlog.so.1.10 -> libspdlog."""
    return name.split(".so")[0]


def loaded(program, library_path=None):
    """{name: path} of all libraries that the linker loads for a program."""
    environment = {**os.environ, "LD_TRACE_LOADED_OBJECTS": "1"}
    environment |= {"LD_LIBRARY_PATH": str(library_path)} if library_path else {}
    output = subprocess.run([program], env=environment, capture_output=True, text=True, check=True).stdout
    assert "not found" not in output, output
    return dict(re.findall(r"^\s*(\S+) => (.+) \(0x", output, re.MULTILINE))


def needed(program):
    """The names of the libraries that a program itself asks for."""
    return re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic_section(program))


def dynamic_section(program):
    return subprocess.run(["readelf", "-d", program], capture_output=True, text=True, check=True).stdout
