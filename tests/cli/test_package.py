"""The tarball, unpacked somewhere and run with nothing of this checkout in reach."""

import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from linked_libraries import EVERYWHERE, OF_TORCH, ROOT, dynamic_section, listed, loaded, plain

pytestmark = pytest.mark.slow

OK, FILE, DEVICE = 0, 3, 5
MIB = 1 << 20
TORCH_LIB = next((ROOT / ".venv").glob("lib/python3*/site-packages/torch/lib"))


@pytest.fixture(scope="module")
def prefix(tarball, tmp_path_factory):
    """The unpacked folder, which is not where the program was built to be."""
    folder = tmp_path_factory.mktemp("a folder with spaces")
    with tarfile.open(tarball) as archive:
        archive.extractall(folder, filter="data")
    return next(folder.iterdir())


@pytest.fixture
def run(prefix, tmp_path):
    """run(arguments, path=..., VARIABLE=...): the launcher with no other environment than that."""

    def run(*arguments, path="/usr/bin:/bin", program=prefix / "bin/ip2p", **environment):
        command = [program, *map(str, arguments)]
        return subprocess.run(
            command, cwd=tmp_path, env={"PATH": str(path), **environment}, capture_output=True, text=True, timeout=120
        )

    return run


def with_torch(**more):
    return {"IP2P_TORCH_LIB": str(TORCH_LIB), **more}


def fake_python(folder, *options):
    """A folder for PATH whose python3 is the one that runs the tests."""
    folder.mkdir()
    script = folder / "python3"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {" ".join(options)} "$@"\n')
    script.chmod(0o755)
    return folder


def fake_torch(folder, version):
    """A torch package of another version."""
    (folder / "torch/lib").mkdir(parents=True)
    (folder / "torch/__init__.py").touch()
    (folder / "torch/version.py").write_text(f"from typing import Optional\n__version__ = '{version}'\ndebug = False\n")
    (folder / "torch/lib/libtorch_cpu.so").touch()
    return folder


def assert_refused(result, *words):
    """Exit code 5, one sentence, and it says these words."""
    assert result.returncode == DEVICE and result.stdout == ""
    assert result.stderr.startswith("ip2p: error: ") and result.stderr.count("\n") == 1, result.stderr
    for word in words:
        assert word in result.stderr


def test_size(tarball):
    assert tarball.stat().st_size <= 64 * MIB


def test_starts_with_a_given_libtorch(run):
    result = run("--version", **with_torch())
    assert (result.returncode, result.stderr) == (OK, "") and result.stdout.startswith("ip2p ")


def test_every_symbol_is_there(run):
    """Nothing is left to fail when it is first called."""
    assert run("--version", **with_torch(LD_BIND_NOW="1")).returncode == OK


def test_asks_python_for_libtorch(run, tmp_path):
    fake_torch(tmp_path, "9.9")  # in the current folder, which is no place to look
    result = run("--version", path=fake_python(tmp_path / "bin"))
    assert (result.returncode, result.stderr) == (OK, "")


def test_may_be_linked_to(run, prefix, tmp_path):
    (tmp_path / "link").symlink_to(prefix / "bin/ip2p")
    assert run("--version", program=tmp_path / "link", **with_torch()).returncode == OK


def test_keeps_the_library_path(run, tmp_path):
    """A driver may only be found through it."""
    log = tmp_path / "searched"
    more = {"LD_LIBRARY_PATH": "/somewhere/driver", "LD_DEBUG": "libs", "LD_DEBUG_OUTPUT": str(log)}
    assert run("--version", **with_torch(**more)).returncode == OK
    assert any(f"{TORCH_LIB}:/somewhere/driver" in path.read_text() for path in tmp_path.glob("searched.*"))


def test_no_python(run, tmp_path):
    (tmp_path / "empty").mkdir()
    assert_refused(run("--version", path=tmp_path / "empty"), "no python3", "torch 2.11", "IP2P_TORCH_LIB")


def test_python_without_torch(run, tmp_path):
    result = run("--version", path=fake_python(tmp_path / "bin", "-I", "-S"))
    assert_refused(result, str(tmp_path / "bin/python3"), "has no torch", "torch 2.11")


@pytest.mark.parametrize("version", ["2.10.0+cpu", "2.110", "3.0.0"])
def test_torch_of_another_version(run, tmp_path, version):
    packages = fake_torch(tmp_path / "packages", version)
    asked = run("--version", path=fake_python(tmp_path / "bin"), PYTHONPATH=str(packages))
    given = run("--version", IP2P_TORCH_LIB=str(packages / "torch/lib"))
    for result in (asked, given):
        assert_refused(result, f"torch {version} ", str(packages / "torch/lib"), "torch 2.11")


def test_a_folder_without_libtorch(run, tmp_path):
    assert_refused(run("--version", IP2P_TORCH_LIB=str(tmp_path)), str(tmp_path), "libtorch_cpu.so")


def test_a_folder_that_the_linker_cannot_take(run, tmp_path):
    (tmp_path / "a:b").symlink_to(TORCH_LIB)
    assert_refused(run("--version", IP2P_TORCH_LIB=str(tmp_path / "a:b")), "colon")


def test_edits_as_the_built_program_does(run, ip2p, tiny_bundle, photograph, tmp_path):
    photograph.resize((90, 60)).save(tmp_path / "in.png")
    command = ["edit", "in.png", "make it snow", "--model", tiny_bundle("sd1"), "--steps", "2", "--device", "cpu", "-o"]
    packed = run(*command, "packed.png", "--json", **with_torch())
    assert packed.returncode == OK, packed.stderr
    assert json.loads(packed.stdout)["output"] == "packed.png"
    assert run(*command, "built.png", program=ip2p).returncode == OK
    assert (tmp_path / "packed.png").read_bytes() == (tmp_path / "built.png").read_bytes()


def test_the_bundle_that_ships_is_the_default(run, prefix, tiny_bundle):
    demo = prefix / "share/ip2p/models/demo"
    if not (ROOT / "models/demo/bundle.json").is_file():
        shutil.copytree(tiny_bundle("sd1"), demo)
    info = json.loads(run("info", "--json", **with_torch()).stdout)
    assert Path(info["bundle"]["folder"]) == demo


def test_libraries_come_from_the_tarball(prefix):
    """What is neither in it nor of libtorch is in every Linux."""
    others = []
    for name, path in loaded(prefix / "libexec/ip2p/ip2p", TORCH_LIB).items():
        if Path(path).resolve().parent == (prefix / "lib/ip2p").resolve() or re.match(EVERYWHERE, name):
            continue
        if not (re.match(OF_TORCH, name) and "site-packages" in path):
            others.append(path)
    assert others == []
    assert not list((prefix / "lib/ip2p").glob("libtorch*")) and not list((prefix / "lib/ip2p").glob("libc[.]*"))


def test_nothing_of_the_build_is_left(prefix):
    program = prefix / "libexec/ip2p/ip2p"
    assert re.findall(r"\((?:RPATH|RUNPATH)\).*\[(.*)\]", dynamic_section(program)) == ["$ORIGIN/../../lib/ip2p"]
    sections = subprocess.run(["readelf", "-SW", program], capture_output=True, text=True, check=True).stdout
    assert ".symtab" not in sections and ".debug_info" not in sections
    # SentencePiece's build compiles in where it would be installed.
    content = program.read_bytes().replace(os.fsencode(ROOT / ".venv/native/sentencepiece"), b"")
    assert os.fsencode(ROOT) + b"/" not in content


def test_licences(prefix):
    libraries = {plain(path.name) for path in (prefix / "lib/ip2p").iterdir()}
    assert libraries - listed() == set()
    documents = prefix / "share/doc/ip2p"
    assert {"LICENSE", "THIRD_PARTY.md", "README.md", "licences"} <= {path.name for path in documents.iterdir()}
    packages = [line.split()[0] for line in (documents / "licences/packages.txt").read_text().splitlines()]
    assert len(packages) > 20
    for name in [*packages, "sentencepiece", "protobuf-lite", "darts_clone", "esaxx", "Apache-2.0", "LGPL-2.1"]:
        assert (documents / f"licences/{name}.txt").stat().st_size > 500, name
    assert "libjbig0" not in packages, "JBIG-KIT is under the GPL"


def test_a_jbig_picture_is_an_error(run, tiny_bundle, tmp_path):
    """The stand-in for JBIG-KIT says no, and nothing crashes."""
    tags = [(256, 3, 64), (257, 3, 64), (258, 3, 1), (259, 3, 34661), (262, 3, 0), (273, 4, 8), (277, 3, 1), (278, 3, 64)]
    tags.append((279, 4, 40))
    data = bytes([0, 0, 1, 0, 0, 0, 0, 64, 0, 0, 0, 64, 0, 0, 0, 64, 8, 0, 3, 0]).ljust(40, b"\xff")
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    (tmp_path / "fax.tif").write_bytes(b"II*\0" + struct.pack("<I", 48) + data + directory + bytes(4))
    command = ["edit", "fax.tif", "make it snow", "-o", "out.png", "--model", tiny_bundle("sd1"), "--dry-run"]
    result = run(*command, **with_torch())
    assert result.returncode == FILE, result.stderr
    assert result.stderr.startswith("ip2p: error: ") and "fax.tif" in result.stderr
