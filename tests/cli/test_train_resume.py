"""A run that is stopped, or killed, and started again is the run that was left alone: to the bit."""

import json
import os
import resource
import shutil
import signal
import time

import pytest
from safetensors.torch import save_file
from training import FILE, INTERRUPTED, NO, OK, TWO, changed, make_pairs, training, weights  # noqa: F401 (a fixture)

# Everything that has a state or draws a number.
KINDS = {
    "adamw": {"schedule": "cosine", "warmup": 3, "min_snr": 5.0, "drop_both": 0.3, "drop_text": 0.3, "noise_offset": 0.1},
    "muon": {"optimizer": "muon", "train_text": True, "cache_latents": False, "accumulate": 2, "batch": 2},
    "bfloat16": {"precision": "bfloat16", "drop_text": 0.3},
    "crops": {
        "resolution": 128, "crops": [{"pixels": 64, "batch": 6, "share": 2}, {"pixels": 128, "batch": 2}],
        "reader_threads": 3,
    },
}
STEPS = 10


def expect_the_same(training, one, other):
    """Losses, held-out losses, weights, averages, moments and the exported bundle."""
    assert training.steps(one) == training.steps(other)
    held_out = [[line for line in training.lines(name) if "held_out_loss" in line] for name in (one, other)]
    assert held_out[0] == held_out[1]
    tensors, about = training.checkpoint(one, STEPS)
    others, other_about = training.checkpoint(other, STEPS)
    assert changed(tensors, others) == set() and about == other_about
    assert changed(weights(training.folder / f"{one}-bundle"), weights(training.folder / f"{other}-bundle")) == set()


@pytest.mark.parametrize("kind", KINDS)
def test_stopped_and_killed_runs_go_on(training, photograph, kind):
    make_pairs(training.folder / "held", photograph, count=2, seed=1)
    keys = {"steps": STEPS, "checkpoint_every": 3, "validation_data": "held", "validate_every": 5, **KINDS[kind]}
    training.train("whole", "--export", "whole-bundle", **keys)
    assert len(training.steps("whole")) == STEPS

    training.config("parts", **keys)
    code, log = training.stop_after("parts", 2, signal.SIGINT)
    assert code == INTERRUPTED and "the same command goes on from there" in log, log
    stopped = len(training.steps("parts"))
    assert f"interrupted at step {stopped} of {STEPS}" in log and 2 <= stopped < STEPS
    assert training.checkpoints("parts")[-1] == f"step-{stopped:08}.safetensors"

    code, log = training.stop_after("parts", stopped + 2, signal.SIGKILL)
    assert code == -signal.SIGKILL, log
    _, log = training.run(training.folder / "parts.json", "--export", "parts-bundle")
    assert "resumed at step" in log
    expect_the_same(training, "whole", "parts")


def test_a_longer_run_goes_on_from_a_shorter_one(training):
    training.train("whole", "--export", "whole-bundle", steps=STEPS)
    training.train("parts", steps=4)
    training.train("parts", "--export", "parts-bundle", steps=STEPS)
    expect_the_same(training, "whole", "parts")


def test_a_run_that_is_done_does_nothing(training):
    training.train("run", steps=2)
    before = {path: path.stat().st_mtime_ns for path in (training.folder / "run/checkpoints").iterdir()}
    steps = training.steps("run")
    training.run(training.folder / "run.json")
    assert training.steps("run") == steps
    assert before == {path: path.stat().st_mtime_ns for path in (training.folder / "run/checkpoints").iterdir()}


def test_a_half_written_log_line_is_dropped(training):
    whole = training.train("run", steps=4)
    log = training.folder / "run/metrics.jsonl"
    log.write_text(log.read_text() + '{"step":5,"loss":0.7')
    assert training.train("run", steps=5)[:4] == whole
    assert len(training.steps("run")) == 5


def test_a_damaged_checkpoint_is_passed_over_with_a_warning(training):
    whole = training.train("run", "--export", "one", steps=4)
    latest = training.folder / "run/checkpoints/step-00000004.safetensors"
    latest.write_bytes(latest.read_bytes()[:-1000])
    process = training.start(training.folder / "run.json", "--export", "two")
    _, log = process.communicate(timeout=120)
    assert process.returncode == OK and log.count("warning") == 1 and latest.name in log, log
    assert "resumed at step 2" in log
    assert training.steps("run") == whole
    assert changed(weights(training.folder / "one"), weights(training.folder / "two")) == set()


def test_a_full_disk_keeps_the_checkpoint_before(training):
    """A limit on the size of files stands in for the disk: the same write fails, half way."""
    whole = training.train("whole", steps=4)
    training.train("run", steps=2)
    (latest,) = (training.folder / "run/checkpoints").iterdir()
    before = latest.read_bytes()

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) // 2, len(before) // 2))

    _, log = training.run(training.config("run", steps=4), code=FILE, preexec_fn=limit)
    assert "step-00000004.safetensors" in log and log.count("\n") == log.count("ip2p: info") + 1, log
    assert training.checkpoints("run") == [latest.name] and latest.read_bytes() == before
    assert training.train("run", steps=4) == whole


def test_gradients_that_are_not_finite_are_not_taken(training):
    """The loss is a number, but the norm of its gradients is beyond float32."""
    training.train("run", steps=2)
    path = training.folder / "run/checkpoints/step-00000002.safetensors"
    tensors, about = training.checkpoint("run", 2)
    tensors["weights.unet.conv_out.weight"] *= 1e18
    save_file(tensors, path, {"ip2p": json.dumps(about)})
    before = path.read_bytes()
    _, log = training.run(training.config("run", steps=6, checkpoint_every=1), code=NO)
    message = log.splitlines()[-1]
    for needle in "step 3", "norm inf", "learning_rate", path.name:
        assert needle in message, message
    assert training.checkpoints("run") == [path.name] and path.read_bytes() == before


def test_a_stop_during_a_contact_sheet(training, photograph):
    """It is made again: the run that follows is the one that was left alone."""
    make_pairs(training.folder / "held", photograph, count=2, seed=1)
    manifest = training.folder / "bundle/bundle.json"
    manifest.write_text(manifest.read_text().replace('"steps": 3', '"steps": 400'))
    config = training.config("run", steps=3, validation_data="held", validate_every=2, validation_examples=1)
    process = training.start(config)
    saved = training.folder / "run/checkpoints/step-00000002.safetensors"
    deadline = time.monotonic() + 60
    while not saved.exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, log = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED and "interrupted at step 2 of 3" in log, log
    assert not training.held_out("run") and not (training.folder / "run/sheets").exists()
    training.run(config)
    assert list(training.held_out("run")) == [2] and len(training.steps("run")) == 3
    assert (training.folder / "run/sheets/step-2.jpg").exists()


def test_checkpoints_are_kept_by_number(training):
    training.train("run", steps=7, checkpoint_every=1, keep=3)
    assert training.checkpoints("run") == [f"step-0000000{step}.safetensors" for step in (5, 6, 7)]


@pytest.mark.skipif(shutil.which("mpirun") is None, reason="there is no mpirun")
def test_two_processes_stop_together(training):
    """A signal to one of them: the other must not wait for it for ever."""
    config = training.config("run", steps=10_000, checkpoint_every=10_000)
    process = training.start(config, **TWO)
    try:
        log = training.folder / "run/metrics.jsonl"
        deadline = time.monotonic() + 60
        while not (log.exists() and '"step":3,' in log.read_text()):
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        children = f"/proc/{process.pid}/task/{process.pid}/children"
        with open(children) as file:
            one = int(file.read().split()[0])
        os.kill(one, signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == INTERRUPTED, errors
    assert "finalize" not in errors, "a process left the other one alone with its checkpoint"
    assert errors.count("interrupted at step") == 1
    done = len(training.steps("run"))
    assert training.checkpoints("run") == [f"step-{done:08}.safetensors"]
    assert json.loads(log.read_text().splitlines()[-1])["step"] == done
