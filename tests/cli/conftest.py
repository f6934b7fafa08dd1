"""The tarball, made once for the tests that unpack it, and a folder to edit in."""

import subprocess
from pathlib import Path

import pytest
from edit_shell import Shell


@pytest.fixture(scope="session")
def tarball(ip2p, tmp_path_factory):
    """What cpack makes of the built program."""
    config, out = Path(ip2p).parent / "CPackConfig.cmake", tmp_path_factory.mktemp("dist")
    subprocess.run(["cpack", "--config", config, "-B", out], check=True, capture_output=True)
    (made,) = out.glob("ip2p-*.tar.gz")
    return made


@pytest.fixture
def shell(ip2p, tiny_bundle, tmp_path, photograph):
    """The program in an empty folder, with a picture `in.png` of 90x60 pixels and a tiny bundle."""
    return Shell(ip2p, tiny_bundle("sd1"), tmp_path, photograph)
