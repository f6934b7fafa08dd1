"""Damaged files against the probe built with sanitizers: no crash, the right exit code, nothing written.

IP2P_SANITIZED_PROBE names the program, default build-sanitized/tests/ip2p_probe (scripts/build sanitized).
"""

import os
import threading
import unicodedata
from pathlib import Path

import corpus
import pytest
from probe import REPOSITORY, Probe

TIME_LIMIT_S = 60  # for one file; sanitizers cost a factor of three or so, and the machine may be busy


class WatchedProbe:
    """A probe that is ended when one answer takes too long, and whose last words are kept."""

    def __init__(self, folder):
        program = os.environ.get("IP2P_SANITIZED_PROBE") or REPOSITORY / "build-sanitized/tests/ip2p_probe"
        assert Path(program).is_file(), f"{program} is not built; run scripts/build sanitized"
        self.words = folder / "stderr"
        # Out of memory is an answer of malloc, as it is without sanitizers; more than this is a bomb.
        environment = {
            "ASAN_OPTIONS": "allocator_may_return_null=1:hard_rss_limit_mb=3000",
            "UBSAN_OPTIONS": "print_stacktrace=1",
        }
        with self.words.open("w") as stderr:
            self.probe = Probe(program, stderr, environment)

    def answer(self, case):
        timer = threading.Timer(TIME_LIMIT_S, self.probe.process.kill)
        timer.start()
        try:
            return self.probe.answer(case.request)
        except (RuntimeError, BrokenPipeError):
            pytest.fail(f"{case.name} ended the program:\n{self.words.read_text()[:4000]}")
        finally:
            timer.cancel()

    def close(self):
        self.probe.close()
        assert self.probe.process.returncode == 0, self.words.read_text()[:4000]
        assert self.words.read_text() == "", "a library wrote to stderr by itself"


@pytest.fixture
def watched(tmp_path):
    probe = WatchedProbe(tmp_path)
    try:
        yield probe
    finally:
        probe.close()


def breaks(sentence):
    """Characters that would break a line or steer a terminal."""
    return [c for c in sentence if unicodedata.category(c) in ("Cc", "Zl", "Zp")]


def check(case, answer):
    out = Path(case.request["out"]) if "out" in case.request else None
    if answer["ok"]:
        assert not case.must_refuse, f"{case.name} was read: {answer}"
        assert out is None or out.stat().st_size > 0
    else:
        assert answer["exit"] == case.exit, f"{case.name}: {answer}"
        assert out is None or not out.exists()
    for sentence in [answer.get("error", "-"), *answer.get("warnings", [])]:
        assert sentence and not breaks(sentence), f"{case.name} is not one line: {sentence!r}"
        assert len(sentence) < 2000, f"{case.name} says too much: {sentence[:300]}"


@pytest.mark.slow
@pytest.mark.parametrize("kind", corpus.GENERATORS)
def test_damaged_files(watched, tmp_path, kind):
    count = 0
    for case in corpus.cases(kind, tmp_path):
        check(case, watched.answer(case))
        count += 1
    assert count >= 10
    written = list((tmp_path / "out").glob(".*"))
    assert not written, f"left over: {written}"


@pytest.mark.slow
def test_there_are_enough(tmp_path):
    pictures = sum(1 for kind in corpus.damaged_pictures.KINDS for _ in corpus.cases(kind, tmp_path))
    manifests = sum(1 for kind in corpus.damaged_manifests.KINDS for _ in corpus.cases(kind, tmp_path))
    assert pictures >= 600 and manifests >= 100, (pictures, manifests)
