"""Two real processes that average and hand on tensors over MPI, and what becomes of them when one fails."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

PROBE = Path(__file__).parents[2] / "build/tests/probe_train/ip2p_train_probe"

pytestmark = pytest.mark.skipif(shutil.which("mpirun") is None, reason="there is no mpirun")


def mpirun(processes, tmp_path, tensors, **request):
    request |= {"tensors": {name: list(tensor.shape) for name, tensor in tensors.items()}, "out": str(tmp_path / "out")}
    (tmp_path / "request.json").write_text(json.dumps(request))
    save_file(tensors, tmp_path / "in.safetensors")
    launcher = ["mpirun", "-n", str(processes), "--oversubscribe", "--bind-to", "none"]
    files = [tmp_path / name for name in ("request.json", "in.safetensors", "last.safetensors")]
    # OpenMPI keeps its sockets in TMPDIR, whose path may be too long for one; root must ask to be allowed.
    environment = os.environ | {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "TMPDIR": "/tmp"}
    return subprocess.run(
        [*launcher, PROBE, "together", *files], env=environment, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize("processes", [2, 3])
def test_processes_average_and_hand_on(tmp_path, processes):
    shapes = {"small": [5], "matrix": [30, 7], "scalar": [], "large": [3, 1 << 20], "last": [2, 2]}
    tensors = {
        name: torch.randn(shape, generator=torch.Generator().manual_seed(seed))
        for seed, (name, shape) in enumerate(shapes.items())
    }
    done = mpirun(processes, tmp_path, tensors)
    assert done.returncode == 0, done.stdout + done.stderr
    results = [load_file(tmp_path / f"out-{rank}.safetensors") for rank in range(processes)]
    for rank, result in enumerate(results):
        with safe_open(tmp_path / f"out-{rank}.safetensors", "pt") as file:
            assert json.loads(file.metadata()["ip2p"]) == {"rank": rank, "world": processes}
        for name, tensor in tensors.items():
            mean = tensor * ((1 + processes) / 2)
            assert torch.allclose(result["mean " + name], mean, rtol=1e-6, atol=0), name
            assert torch.equal(result["mean " + name], results[0]["mean " + name]), name
            assert torch.equal(result["first " + name], tensor), name


def test_one_that_fails_ends_all(tmp_path):
    """The others wait for it in a collective; they must not do so for ever."""
    done = mpirun(2, tmp_path, {"a": torch.ones(3)}, fails=1)
    assert done.returncode not in (0, 124)
    assert "a file is missing here alone" in done.stdout
    assert not list(tmp_path.glob("out-*"))


def test_without_its_library_several_processes_are_refused(tmp_path):
    (tmp_path / "libip2p_mpi.so").write_bytes(b"")
    (tmp_path / "request.json").write_text(json.dumps({"tensors": {}, "out": str(tmp_path / "out")}))
    save_file({}, tmp_path / "in.safetensors")
    several = {"OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "0", "LD_LIBRARY_PATH": str(tmp_path)}
    files = [tmp_path / name for name in ("request.json", "in.safetensors", "last.safetensors")]
    done = subprocess.run([PROBE, "together", *files], env=os.environ | several, capture_output=True, text=True)
    answer = json.loads(done.stdout)
    assert answer["exit"] == done.returncode == 2
    assert "2 processes were started" in answer["error"] and "libip2p_mpi.so" in answer["error"]


def test_one_process_needs_no_mpi(tmp_path):
    """The program itself must not be linked with it."""
    done = mpirun(1, tmp_path, {"a": torch.ones(3)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert torch.equal(load_file(tmp_path / "out-0.safetensors")["mean a"], torch.ones(3))
    linked = subprocess.run(["ldd", PROBE], capture_output=True, text=True, check=True).stdout
    assert "libmpi" not in linked
