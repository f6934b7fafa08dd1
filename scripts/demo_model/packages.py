"""Files inside packages: Debian's and PyPI's, fetched once, without installing them."""

import struct
import subprocess
import sys
import zipfile
import zlib
from functools import lru_cache
from pathlib import Path

from .stage import ROOT


class Packages:
    """Packages in a cache folder. A package is `debian:NAME`, `pypi:NAME==VERSION` or `here`, this project."""

    def __init__(self, folder: Path):
        self.folder = folder

    def read(self, package: str, member: str) -> bytes:
        """A file's content; `archive.rcc!/path` is a file inside a Qt resource archive."""
        outer, _, inner = member.partition("!")
        content = (self.opened(package) / outer).read_bytes() if package != "here" else (ROOT / outer).read_bytes()
        return resource(content, inner) if inner else content

    @lru_cache(maxsize=None)
    def opened(self, package: str) -> Path:
        """The folder in which a package lies unpacked."""
        kind, name = package.split(":", 1)
        target = self.folder / name.replace("==", "-")
        if not (target / "complete").exists():
            print(f"fetching {package}", file=sys.stderr, flush=True)
            target.mkdir(parents=True, exist_ok=True)
            {"debian": unpack_debian, "pypi": unpack_wheel}[kind](name, target)
            (target / "complete").touch()
        return target


def unpack_debian(name: str, target: Path) -> None:
    """Fetches a Debian package as the user who runs this, and unpacks its files."""
    run(["apt-get", "-qq", "download", name], target)
    run(["dpkg-deb", "-x", next(target.glob("*.deb")).name, "."], target)


def unpack_wheel(name: str, target: Path) -> None:
    """Fetches a wheel and unpacks it; nothing of it is run."""
    run([sys.executable, "-m", "pip", "download", "-q", "--disable-pip-version-check", "--no-deps",
         "--only-binary", ":all:", name], target)  # fmt: skip
    with zipfile.ZipFile(next(target.glob("*.whl"))) as wheel:
        wheel.extractall(target)


def run(command: list[str], folder: Path) -> None:
    """Runs a command in a folder; its own messages are shown if it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr.strip()}")


@lru_cache(maxsize=4)
def resources(archive: bytes) -> dict[str, tuple[int, int]]:
    """The files of a Qt resource archive (rcc): path -> (offset of the content, flags).

    A header of big-endian words (version, and where the tree, the contents and the names begin), then a tree
    of entries: offset of the name, flags, and for a folder the count and the index of its first child.
    """
    version, tree, data, names = struct.unpack(">4I", archive[4:20])
    size = 22 if version >= 2 else 14  # version 2 added a time to each entry
    found = {}

    def visit(index: int, folder: str) -> None:
        at = tree + index * size
        name_at, flags = struct.unpack(">IH", archive[at : at + 6])
        path = ""
        if index:
            length = struct.unpack(">H", archive[names + name_at : names + name_at + 2])[0]
            start = names + name_at + 6
            path = folder + "/" + archive[start : start + 2 * length].decode("utf-16-be")
        if flags & 2:
            count, first = struct.unpack(">2I", archive[at + 6 : at + 14])
            for child in range(first, first + count):
                visit(child, path)
        else:
            found[path] = (data + struct.unpack(">I", archive[at + 10 : at + 14])[0], flags)

    visit(0, "")
    return found


def resource(archive: bytes, path: str) -> bytes:
    """One file of a Qt resource archive."""
    at, flags = resources(archive)[path]
    length = struct.unpack(">I", archive[at : at + 4])[0]
    content = archive[at + 4 : at + 4 + length]
    return zlib.decompress(content[4:]) if flags & 1 else content
