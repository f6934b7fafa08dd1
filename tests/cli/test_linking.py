"""What the program is linked with. Each of these cost real time once."""

import os
import re
import subprocess

from linked_libraries import EVERYWHERE, OF_TORCH, listed, loaded, needed, plain


def test_blas_is_libtorchs(ip2p, tmp_path):
    """OpenCV brings Debian's reference BLAS, which has names that libtorch has too, and is far slower."""
    log = tmp_path / "bindings"
    debug = {"LD_BIND_NOW": "1", "LD_DEBUG": "bindings", "LD_DEBUG_OUTPUT": str(log)}
    subprocess.run([ip2p, "--version"], env={**os.environ, **debug}, check=True, capture_output=True)
    (written,) = tmp_path.glob("bindings.*")
    bindings = re.findall(r"binding file .*?([^/]+) \[0\] to .*?([^/]+) \[0\]: normal symbol `(\w+)'", written.read_text())

    assert ("libtorch_cpu.so", "libtorch_cpu.so", "sgemm_") in bindings
    assert {giver for _, giver, symbol in bindings if symbol in ("sgemm_", "dgemm_", "sgemv_")} == {"libtorch_cpu.so"}
    from_torch = {giver for asker, giver, _ in bindings if asker == "libtorch_cpu.so"}
    assert not {giver for giver in from_torch if re.match("lib(blas|lapack|openblas|gfortran)", giver)}


def test_the_program_asks_for_libtorch_first(ip2p):
    assert needed(ip2p)[:2] == ["libtorch_cpu.so", "libc10.so"]


def test_every_library_is_known(ip2p):
    """A library that comes in by accident is noticed, and a new one gets its row in THIRD_PARTY.md."""
    ours = {plain(name) for name in loaded(ip2p) if not re.match(f"{EVERYWHERE}|{OF_TORCH}", name)}
    assert ours - listed() == set()
    assert len(ours) <= 40


def test_no_library_that_clashes_with_libtorch(ip2p):
    """Debian's SentencePiece overwrites libtorch's memory; libopencv_imgcodecs brings a hundred libraries."""
    assert not [name for name in loaded(ip2p) if re.search("sentencepiece|protobuf|glog|gflags|imgcodecs|cuda[.]so", name)]
