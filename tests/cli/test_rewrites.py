"""`--rewrites`: faster ways to compute a network that give the archive's pictures."""

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from bundle_export.tiny import CONFIGS
from edit_shell import MODEL, OK, USAGE, expect_refusal, pixels

EDIT = ["edit", "in.png", "make it snow", "--steps", "3", "--resolution", "64", "-v"]
HAS_BFLOAT16 = "avx512_bf16" in Path("/proc/cpuinfo").read_text()
TRIED = "of its largest value apart"


def edited(shell, name, *flags):
    """The picture, and what the log says."""
    result = shell.run(*EDIT, "-o", name, *flags)
    assert result.returncode == OK, result.stderr
    return pixels(shell.folder / name).astype(int), result.stderr.decode()


def rewritten(log, what):
    """How many of a kind there were in each part of the bundle."""
    return [int(count) for count in re.findall(rf"rewrote (\d+) {what}", log)]


@pytest.mark.parametrize("config", CONFIGS)
def test_pictures_are_the_archives(shell, tiny_bundle, config):
    shell.bundle = tiny_bundle(config)
    plain, log = edited(shell, "plain.png", "--rewrites", "none")
    assert rewritten(log, "convolutions") == []
    for names in ("all", "convolutions"):
        found, log = edited(shell, f"{names}.png", "--rewrites", names)
        text, unet, *vae = rewritten(log, "convolutions")
        # Tiles, all that pays for a VAE, take sixteen channels at a time.
        assert text == 0 and unet > 0 and (min(vae) > 0 or config == "odd")
        assert rewritten(log, "linears") == []  # libtorch's own are as fast in float32
        assert np.abs(found - plain).max() <= 1
    again, _ = edited(shell, "again.png")
    assert (again == found).all()


@pytest.mark.skipif(not HAS_BFLOAT16, reason="this processor has no bfloat16 products, so nothing is rewritten")
def test_bfloat16_is_as_near_as_bfloat16_is(shell):
    exact, _ = edited(shell, "exact.png", "--rewrites", "none")
    plain, _ = edited(shell, "plain.png", "--rewrites", "none", "--dtype", "bfloat16")
    for names, kinds in {"all": ["convolutions", "linears"], "linears": ["linears"]}.items():
        found, log = edited(shell, f"{names}.png", "--rewrites", names, "--dtype", "bfloat16")
        assert all(max(rewritten(log, kind)) > 0 for kind in kinds)
        assert np.abs(found - exact).mean() <= 1.5 * np.abs(plain - exact).mean() + 0.5


def test_it_is_tried_once(shell, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    _, log = edited(shell, "1.png")
    assert log.count(TRIED) == 4
    _, log = edited(shell, "2.png")
    assert TRIED not in log and len(rewritten(log, "convolutions")) == 4
    # In a home of its own, and where nothing can be remembered.
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    edited(shell, "3.png")
    assert len(list((tmp_path / "home/.cache/ip2p/rewrites").iterdir())) == 4
    monkeypatch.setenv("HOME", "/dev/null")
    _, log = edited(shell, "4.png")
    assert log.count(TRIED) == 4


def test_a_bundle_that_was_changed_does_not_run(shell, tmp_path):
    """Also when it went well before: rewriting runs some of its code."""
    shell.bundle = shutil.copytree(shell.bundle, tmp_path / "bundle")
    edited(shell, "before.png")
    for part in ("unet", "vae_decoder"):
        path = shell.bundle / f"{part}.pt"
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
        result = shell.run(*EDIT, "-o", "after.png")
        assert result.returncode == MODEL and b"rewrote" not in result.stderr, result.stderr
        content[len(content) // 2] ^= 1
        path.write_bytes(content)


def test_unknown_ones_are_refused(shell):
    for words in ("fast", "", "linears,", "all,none"):
        arguments = [*EDIT[1:], "-o", "out.png", "--rewrites", words]
        expect_refusal(shell, USAGE, "unknown rewrite", "convolutions", arguments=arguments)
