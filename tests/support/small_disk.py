"""A disk of a few hundred KiB, and a program for which permissions count, as root can have them."""

import os
import shutil
import subprocess
from contextlib import contextmanager

import pytest


class SmallDisk:
    """A tmpfs over a folder."""

    def __init__(self, folder):
        self.folder = folder

    def grow(self, size):
        """To `size`, such as "50m"; what is on it stays."""
        subprocess.run(["mount", "-o", f"remount,size={size}", str(self.folder)], check=True)


@contextmanager
def small_disk(folder, size):
    """Mounts a tmpfs of `size` over an empty folder; skips the test where that is not allowed."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("a tmpfs cannot be mounted here")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def without_privileges(command):
    """The command as a user for whom permissions count: root's, without what root may do beyond others."""
    if os.geteuid() != 0:
        return command
    if shutil.which("setpriv") is None:
        pytest.skip("root cannot give up its privileges here")
    return ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
