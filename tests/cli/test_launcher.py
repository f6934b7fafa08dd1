"""What the tarball's launcher makes of a libtorch's version; test_package.py runs it with a real one."""

import subprocess

import pytest
from linked_libraries import ROOT

DEVICE = 5


@pytest.fixture
def launch(tmp_path):
    """launch(files): runs the launcher, with a program that prints its arguments, on a libtorch with these files."""
    for name, text in (
        ("bin/ip2p", (ROOT / "cmake/package/launcher.sh.in").read_text().replace("@IP2P_TORCH_VERSION@", "2.11")),
        ("libexec/ip2p/ip2p", '#!/bin/sh\necho "$@"\n'),
    ):
        path = tmp_path / "prefix" / name
        path.parent.mkdir(parents=True)
        path.write_text(text)
        path.chmod(0o755)

    def run(files):
        folder = tmp_path / "libtorch/lib"
        folder.mkdir(parents=True)
        (folder / "libtorch_cpu.so").touch()
        for name, text in files.items():
            (folder.parent / name).write_text(text)
        environment = {"PATH": "/usr/bin:/bin", "IP2P_TORCH_LIB": str(folder)}
        command = [tmp_path / "prefix/bin/ip2p", "info"]
        return folder, subprocess.run(command, env=environment, capture_output=True, text=True)

    return run


@pytest.mark.parametrize(
    "files",
    [
        {"version.py": "__version__ = '2.11.0+cpu'\n"},
        {"build-version": "2.11.0+cpu\n"},  # of an official archive
        {"build-version": "2.11.0"},
        {"version.py": "debug = False\n", "build-version": "2.11.0\n"},
    ],
)
def test_a_version_that_is_wanted(files, launch):
    _, result = launch(files)
    assert (result.returncode, result.stdout, result.stderr) == (0, "info\n", "")


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "cannot tell the version of libtorch in "),
        ({"version.py": "debug = False\n"}, "cannot tell the version of libtorch in "),
        ({"build-version": "\n"}, "cannot tell the version of libtorch in "),
        ({"build-version": "2.10.0+cpu\n"}, "torch 2.10.0+cpu is in "),
    ],
)
def test_a_version_that_is_not(files, words, launch):
    folder, result = launch(files)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (DEVICE, "", 1)
    assert result.stderr.startswith(f"ip2p: error: {words}{folder}") and "torch 2.11" in result.stderr
