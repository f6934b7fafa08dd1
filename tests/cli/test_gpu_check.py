"""scripts/gpu_check, as far as it can be tried without a GPU."""

import argparse
import ctypes
import json
import subprocess
import sys

import pytest
from gpu_checking import command
from linked_libraries import ROOT

OK, FILE, DEVICE = 0, 3, 5


def gpu_check(*arguments, python=(sys.executable,)):
    words = [*python, ROOT / "scripts/gpu_check", *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, timeout=600)


@pytest.mark.parametrize(("content", "words"), [(None, "not in PATH"), ("#!/bin/sh\nexit 9\n", "exit status 9")])
def test_a_driver_without_its_program(content, words, tmp_path, monkeypatch, capsys):
    class Cuda:
        cuInit = staticmethod(lambda flags: 0)

        @staticmethod
        def cuDeviceGetCount(count):
            count._obj.value = 1
            return 0

    if content:
        (tmp_path / "nvidia-smi").write_text(content)
        (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setattr(ctypes, "CDLL", lambda name: Cuda)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["gpu_check"])
    assert command.main() == DEVICE
    stderr = capsys.readouterr().err
    assert "no usable NVIDIA GPU" in stderr and words in stderr and stderr.count("\n") == 1


def test_a_bundle_is_called_by_its_name(tmp_path, monkeypatch):
    bundle = tmp_path / "folder"
    bundle.mkdir()
    (bundle / "bundle.json").write_text('{"name": "mine"}')

    class Place:
        tarball, folder = tmp_path / "ip2p.tar.gz", tmp_path
        refuse_missing_packages = staticmethod(lambda: None)
        python = staticmethod(lambda *_: "2.11.0")

    class Program:
        measured = staticmethod(lambda *_: {})
        largest_difference = staticmethod(lambda *_: 0)

    for name, stand_in in {
        "find_tarball": lambda _: None, "Installation": lambda *_: Place, "Program": lambda *_: Program,
        "make_picture": lambda path: path,
    }.items():
        monkeypatch.setattr(command, name, stand_in)
    options = argparse.Namespace(tarball=None, wheels=None, bundle=bundle, rehearse=False)
    page = command.page(command.check(options, {"name": "GPU", "driver": "1"}, tmp_path))
    assert "model: mine;" in page and str(tmp_path) not in page

    (bundle / "bundle.json").write_text("{}")
    with pytest.raises(command.Stop, match="bundle.json cannot be read") as stop:
        command.check(options, {}, tmp_path)
    assert stop.value.code == FILE


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
