"""The tarball, made once for the tests that unpack it."""

import subprocess
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def tarball(ip2p, tmp_path_factory):
    """What cpack makes of the built program."""
    config, out = Path(ip2p).parent / "CPackConfig.cmake", tmp_path_factory.mktemp("dist")
    subprocess.run(["cpack", "--config", config, "-B", out], check=True, capture_output=True)
    (made,) = out.glob("ip2p-*.tar.gz")
    return made
