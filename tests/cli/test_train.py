"""`ip2p train` as a person meets it: a config in; metrics, checkpoints, contact sheets and a bundle out."""

import json
import os
import pty
import shutil
import subprocess

import numpy as np
import pytest
import torch
from edit_shell import Shell, size_of
from training import TWO, USAGE, changed, make_pairs, training, weights  # noqa: F401 (training is a fixture)


def test_a_run_leaves_metrics_checkpoints_sheets_and_a_bundle(training, photograph):
    make_pairs(training.folder / "held", photograph, count=5, seed=1)
    config = training.config("run", validation_data="held", validate_every=3, validation_examples=2)
    out, log = training.run(config, "--export", "new")
    assert out == "new\n"
    assert "encoding 24 pictures" in log and "encoding 10 pictures" in log  # five examples are not too many for 2

    steps = training.steps("run")
    assert [line["step"] for line in steps] == [1, 2, 3, 4, 5, 6]
    assert all(0 < line["loss"] < 10 and line["gradient_norm"] > 0 and line["rate"] == 1e-3 for line in steps)
    held_out = [line for line in training.lines("run") if "held_out_loss" in line]
    assert [line["step"] for line in held_out] == [3, 6]

    saved = training.checkpoints("run")
    assert saved == ["best.safetensors", "step-00000004.safetensors", "step-00000006.safetensors"]
    _, about = training.checkpoint("run", 6)
    assert about["step"] == 6 and about["config"]["batch"] == 4 and about["examples"]["count"] == 12
    for step in 3, 6:  # three columns of a row an example
        assert size_of(training.folder / f"run/sheets/step-{step}.jpg") == (3 * 64, 2 * 64)
    assert not list(training.folder.rglob("*partial*"))
    assert not list(training.folder.rglob('"*'))  # a path that was meant for a sentence


def test_the_bundle_edits_and_is_another_than_the_start(training, photograph):
    training.train("run", "--export", "new")
    shell = Shell(training.program, training.bundle, training.folder, photograph)
    for bundle in "bundle", "new":
        done = shell.edit("in.png", "make it a negative", "-o", f"{bundle}.png", "--model", bundle)
        assert done.returncode == 0 and b"warning" not in done.stderr, done.stderr
    assert not np.array_equal(shell.picture("bundle.png"), shell.picture("new.png"))


def test_losses_fall(training):
    """Far from proof that it learns well, but gradients of the wrong sign, or of other weights, would not do this."""
    steps = training.train("run", steps=60, batch=8, learning_rate=3e-3, checkpoint_every=100)
    losses = [line["loss"] for line in steps]
    assert np.mean(losses[-20:]) < 0.7 * np.mean(losses[:10]), losses


def test_what_is_frozen_stays_and_what_learns_moves(training):
    start = weights(training.bundle)
    for name, train_text in ("unet_alone", False), ("text_too", True):
        training.train(name, "--export", f"new_{name}", train_text=train_text, steps=2)
        learns = {key for key in start if key.startswith(("unet/", "text_encoder/") if train_text else "unet/")}
        learns = {key for key in learns if start[key].is_floating_point()}
        assert changed(start, weights(training.folder / f"new_{name}")) == learns


def test_the_average_follows_the_weights(training):
    """average <- d average + (1 - d) weights, with d = min(ema_decay, (1 + step) / (ema_warmup + step))."""
    training.train("run", "--export", "new", steps=4, checkpoint_every=1, keep=10, ema_decay=0.25, ema_warmup=10)
    start = weights(training.bundle)
    learned = {name for name in start if name.startswith("unet/") and start[name].is_floating_point()}
    average = {name: start[name].double() for name in learned}
    for step in 1, 2, 3, 4:
        tensors, _ = training.checkpoint("run", step)
        share = min(0.25, (1 + step) / (10 + step))
        for name in average:
            stored = name.replace("/", ".", 1)
            average[name] = share * average[name] + (1 - share) * tensors["weights." + stored].double()
            assert torch.allclose(tensors["average." + stored].double(), average[name], rtol=1e-5, atol=1e-7), (name, step)
            assert not torch.equal(tensors["average." + stored], tensors["weights." + stored])

    exported = weights(training.folder / "new")
    assert all(torch.equal(exported[name], tensors["average." + name.replace("/", ".", 1)]) for name in average)


def test_float16_is_the_float32_bundle_rounded(training):
    training.train("run", "--export", "full", steps=2)
    training.run(training.folder / "run.json", "--export", "half", "--export-dtype", "float16")  # nothing left to train
    full, half = weights(training.folder / "full"), weights(training.folder / "half")
    for name, tensor in full.items():
        if tensor.is_floating_point():
            assert half[name].dtype == torch.float16 and torch.equal(half[name], tensor.half()), name
    assert json.loads((training.folder / "half/bundle.json").read_text())["weights_dtype"] == "float16"


def test_best_is_the_average_of_the_least_held_out_loss(training, photograph):
    """At a rate like this, every step is worse than the one before."""
    make_pairs(training.folder / "held", photograph, count=5, seed=1)
    keys = {"steps": 4, "keep": 10, "learning_rate": 0.1, "ema_decay": 0.1, "checkpoint_every": 1}
    training.config("run", **keys, validation_data="held", validate_every=1, validation_examples=1)
    training.run(training.folder / "run.json", "--export", "best", "--export-best")
    training.run(training.folder / "run.json", "--export", "last")
    losses = training.held_out("run")
    least = min(losses, key=losses.get)
    assert len(losses) == 4 and least < 4, losses

    best, about = training.checkpoint("run", "best")
    same, _ = training.checkpoint("run", least)
    assert about["step"] == least and changed(best, same) == set()
    for name, step in ("best", least), ("last", 4):
        tensors, _ = training.checkpoint("run", step)
        exported = weights(training.folder / name)
        for key in tensors:
            if key.startswith("average."):
                place = key.removeprefix("average.").replace(".", "/", 1)
                assert torch.equal(exported[place], tensors[key]), (name, key)


def test_a_damaged_held_out_picture_is_passed_over(training, photograph):
    held = make_pairs(training.folder / "held", photograph, count=100, seed=1)
    (held / "0_before.png").write_bytes(b"this is no picture")
    config = training.config("run", steps=2, validation_data="held", validate_every=1, validation_examples=2)
    process = training.start(config)
    _, log = process.communicate(timeout=120)
    assert process.returncode == 0, log
    assert log.count("warning") == 2 and log.count("0_before.png") == 2, log  # of the loss, and of the sheets
    assert len(training.held_out("run")) == 2
    assert size_of(training.folder / "run/sheets/step-2.jpg") == (3 * 64, 64)


def test_quiet_says_nothing(training):
    _, log = training.run(training.config("run", steps=1), "--quiet")
    assert log == ""


def test_a_warning_clears_the_line_of_progress(training, photograph):
    """On a terminal."""
    many = make_pairs(training.folder / "many", photograph, count=100)
    (many / "3_before.png").write_bytes(b"this is no picture")
    config = training.config("run", data="many", steps=2)
    main, second = pty.openpty()
    process = subprocess.Popen([training.program, "train", config], stdout=subprocess.DEVNULL, stderr=second)
    os.close(second)
    shown = b""
    try:
        while part := os.read(main, 65536):
            shown += part
    except OSError:  # how Linux says that the other end is closed
        pass
    assert process.wait(timeout=60) == 0, shown
    assert b"\r\x1b[Kip2p: " in shown and b"encoding pictures: 9 of 200" in shown and b"step 2/2" in shown
    assert shown.count(b"ip2p: ") == shown.count(b"\r\x1b[Kip2p: ")


def test_bfloat16_stays_near_float32(training):
    plain = training.train("plain", steps=3, learning_rate=1e-4)
    mixed = training.train("mixed", steps=3, learning_rate=1e-4, precision="bfloat16")
    assert plain != mixed
    for one, other in zip(plain, mixed, strict=True):
        assert other["loss"] == pytest.approx(one["loss"], rel=0.02)
    tensors, _ = training.checkpoint("mixed", 3)
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float32}


def test_the_bundle_says_what_the_config_says(training):
    words = {"name": "negatives", "source": "twelve cats", "licence": "CC0-1.0"}
    training.train("run", "--export", "new", steps=1, **words)
    manifest = json.loads((training.folder / "new/bundle.json").read_text())
    assert manifest["name"] == "negatives"
    assert manifest["source"] == {"name": "twelve cats", "licence": "CC0-1.0"}


def test_the_seed_decides(training):
    one = training.train("one", steps=2)
    assert training.train("same", steps=2) == one
    other = training.train("other", steps=2, seed=1)
    assert all(a["loss"] != b["loss"] for a, b in zip(one, other, strict=True))


@pytest.mark.skipif(shutil.which("mpirun") is None, reason="there is no mpirun")
class TestProcesses:
    def train(self, training, name, /, **keys):
        training.run(training.config(name, **keys), **TWO)
        return training.steps(name)

    def test_a_batch_that_cannot_be_shared_equally_is_refused(self, training):
        """Gradients are averaged with equal weights: two processes would learn something else than one."""
        out, log = training.run(training.config("run", batch=5), code=USAGE, **TWO)
        assert "batch of 5" in out + log and "2 processes" in out + log
        assert not (training.folder / "run").exists()

    @pytest.mark.parametrize("keys", [{"batch": 4}, {"batch": 2, "accumulate": 2, "cache_latents": False}])
    def test_two_give_the_losses_of_one(self, training, keys):
        keys |= {"beta1": 0.0, "learning_rate": 1e-4, "train_text": True}
        self.expect_the_same(training, keys)

    def test_two_give_the_losses_of_one_with_all_that_there_is(self, training, photograph):
        make_pairs(training.folder / "held", photograph, count=3, seed=1)
        crops = [{"pixels": 64, "batch": 4, "share": 2}, {"pixels": 128, "batch": 2}]
        keys = {"optimizer": "muon", "learning_rate": 1e-4, "resolution": 128, "crops": crops}
        keys |= {"validation_data": "held", "validate_every": 3, "validation_examples": 1}
        self.expect_the_same(training, keys)
        alone, together = training.held_out("alone"), training.held_out("together")
        assert list(alone) == [3, 6] and alone == pytest.approx(together, rel=1e-4)

    def expect_the_same(self, training, keys):
        alone, together = training.train("alone", **keys), self.train(training, "together", **keys)
        assert len(alone) == len(together) == 6
        for one, two in zip(alone, together, strict=True):
            assert two["loss"] == pytest.approx(one["loss"], rel=1e-5), one["step"]
            assert two["gradient_norm"] == pytest.approx(one["gradient_norm"], rel=1e-4), one["step"]

    def test_one_of_them_warns(self, training, photograph):
        many = make_pairs(training.folder / "many", photograph, count=100)
        (many / "3_before.png").write_bytes(b"this is no picture")
        process = training.start(training.config("run", data="many", steps=2), **TWO)
        _, log = process.communicate(timeout=120)
        assert process.returncode == 0 and log.count("warning") == 1, log

    def test_process_0_says_where_all_of_them_begin(self, training):
        """The other one sees a folder without checkpoints, and yet goes on from the same step and weights."""
        keys = {"cache_latents": False, "learning_rate": 1e-4}
        whole = self.train(training, "whole", steps=4, **keys)
        self.train(training, "parts", steps=2, **keys)
        parts, blind = training.config("parts", steps=4, **keys), training.config("blind", steps=4, **keys)
        wrapper = training.folder / "start.sh"
        wrapper.write_text('#!/bin/sh\n[ "$OMPI_COMM_WORLD_RANK" = 0 ] || exec "$1" "$2" "$4"\nexec "$1" "$2" "$3"\n')
        wrapper.chmod(0o755)
        training.run(parts, blind, launcher=[*TWO["launcher"], str(wrapper)], env=TWO["env"])
        assert training.steps("parts") == whole

    def test_two_go_on_where_one_stopped(self, training):
        whole = training.train("whole", steps=4, learning_rate=1e-4)
        training.train("parts", steps=2, learning_rate=1e-4)
        parts = self.train(training, "parts", steps=4, learning_rate=1e-4)
        assert [line["loss"] for line in parts] == pytest.approx([line["loss"] for line in whole], rel=1e-5)
