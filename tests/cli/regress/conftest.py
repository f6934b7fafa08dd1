"""A folder with the program, a bundle and two pictures to make suites of."""

import pytest
from suite_shell import SuiteShell


@pytest.fixture
def shell(ip2p, tiny_bundle, tmp_path, photograph):
    return SuiteShell(ip2p, tiny_bundle, tmp_path, photograph)
