"""scripts/gpu_check, as far as it can be tried without a GPU."""

import ctypes
import json
import subprocess
import sys

import pytest
from linked_libraries import ROOT

OK, FILE, DEVICE = 0, 3, 5


def gpu_check(*arguments, python=(sys.executable,)):
    command = [*python, ROOT / "scripts/gpu_check", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=600)


def test_no_gpu():
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        result = gpu_check()
        assert (result.returncode, result.stdout) == (DEVICE, "")
        assert "no usable NVIDIA GPU" in result.stderr and result.stderr.count("\n") == 1
    else:
        pytest.skip("this machine has a driver")


def test_no_tarball(tmp_path):
    result = gpu_check(tmp_path / "none.tar.gz", "--rehearse")
    assert result.returncode == FILE and "scripts/package" in result.stderr


@pytest.mark.slow
def test_rehearsal(tarball, tmp_path):
    """Everything but the GPU: unpacking, exporting with the tarball's scripts, three dtypes, comparing, the page."""
    result = gpu_check(tarball, "--rehearse", "--markdown", tmp_path / "gpu.md")
    assert result.returncode == OK, result.stderr
    report = json.loads(result.stdout)
    assert report["rehearsal"] and set(report["runs"]) == {"float32", "float16", "bfloat16"}
    assert all(run["step_s"] > 0 and run["load_s"] > 0 for run in report["runs"].values())
    assert len(report["checks"]) == 4 and all(report["checks"].values())
    page = (tmp_path / "gpu.md").read_text()
    assert "A rehearsal on the CPU" in page and page.count("\n| float") == 2 and "- holds: bfloat16 runs" in page


@pytest.mark.slow
def test_missing_packages_are_named(tarball):
    """A Python without the virtual environment's packages, which is what wheels are given for."""
    bare = sys._base_executable
    if subprocess.run([bare, "-c", "import torch"], capture_output=True).returncode == OK:
        pytest.skip("this machine's own Python has torch")
    result = gpu_check(tarball, "--rehearse", python=[bare])
    assert result.returncode == FILE
    assert "lacks torch, " in result.stderr and "--wheels" in result.stderr
