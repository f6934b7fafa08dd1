"""`ip2p regress compare`: two pictures or two folders, without a model."""

import json
import os
import re
import shutil
import subprocess

import numpy as np
import pytest
from altered_pictures import ALTERATIONS, part_of
from PIL import Image

OK, NO, USAGE, FILE = 0, 1, 2, 3


@pytest.fixture
def shell(ip2p, tmp_path, photograph):
    return Shell(ip2p, tmp_path, photograph)


class Shell:
    """The program in a folder of its own."""

    def __init__(self, program, folder, photograph):
        self.program, self.folder = program, folder
        self.picture = part_of(photograph, 64, 48, np.random.RandomState(1))

    def save(self, name, pixels):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)

    def compare(self, *arguments, code, before=()):
        """`before`: a program that runs it."""
        command = [*before, self.program, "regress", "compare", *map(str, arguments)]
        result = subprocess.run(command, cwd=self.folder, capture_output=True, text=True)
        assert result.returncode == code, (result.stdout, result.stderr)
        return result.stdout, result.stderr


def with_pixel(picture, x, y, channel, add):
    result = picture.copy()
    result[y, x, channel] = np.clip(int(result[y, x, channel]) + add, 0, 255)
    return result


def test_one_pixel_is_found_and_named(shell):
    shell.picture[7, 40] = 100
    shell.save("a.png", shell.picture)
    shell.save("b.png", with_pixel(shell.picture, 40, 7, 1, 12))
    out, _ = shell.compare("a.png", "b.png", code=NO)
    assert out.startswith("b.png: differs, up to 12 of 255 (G at 40, 7)") and out.count("\n") == 1
    out, _ = shell.compare("a.png", "b.png", "--max-abs", 12, code=OK)
    assert out.startswith("b.png: same, up to 12 of 255")
    out, _ = shell.compare("a.png", "b.png", "--max-abs", 11, code=NO)
    assert "max_abs 12 is above 11" in out
    assert shell.compare("a.png", "a.png", code=OK)[0] == "a.png: same, equal\n"


LIMITS = [
    (["--mean-abs", 2], ["--mean-abs", 0.0001]),
    (["--pixels-over", "11:0"], ["--pixels-over", "10:0"]),
    (["--pixels-over", "0:0.001"], ["--pixels-over", "0:0.0003"]),
    (["--psnr-db", 40], ["--psnr-db", 90]),
    (["--ssim", 0.95], ["--ssim", 0.99999]),
    (["--flip", 0.05], ["--flip", 0.00001]),
    (["--ssim", 0.95, "--max-abs", 12], ["--ssim", 0.95, "--max-abs", 3]),
]


@pytest.mark.parametrize("holds, fails", LIMITS)
def test_every_limit_can_hold_and_fail(shell, holds, fails):
    shell.picture[7, 40] = 100
    shell.save("a.png", shell.picture)
    shell.save("b.png", with_pixel(shell.picture, 40, 7, 1, 11))
    shell.compare("a.png", "b.png", *holds, code=OK)
    shell.compare("a.png", "b.png", *fails, code=NO)


def test_what_cannot_be_compared_differs(shell):
    shell.save("a.png", shell.picture)
    shell.save("small.png", shell.picture[:32])
    alpha = np.dstack([shell.picture, np.full(shell.picture.shape[:2], 200, np.uint8)])
    shell.save("alpha.png", alpha)
    assert "is 64x32, not 64x48" in shell.compare("a.png", "small.png", "--max-abs", 255, code=NO)[0]
    assert "has lost its alpha" in shell.compare("alpha.png", "a.png", "--max-abs", 255, code=NO)[0]
    assert "has an alpha channel, and its reference has none" in shell.compare("a.png", "alpha.png", "--max-abs", 255, code=NO)[0]
    alpha[3, 2, 3] = 190
    shell.save("other.png", alpha)
    assert "up to 10 of 255 (A at 2, 3)" in shell.compare("alpha.png", "other.png", code=NO)[0]


def test_two_folders(shell):
    for name in ("same.png", "sub/changed.png", "gone.png"):
        shell.save(f"a/{name}", shell.picture)
    shell.save("b/same.png", shell.picture)
    shell.save("b/sub/changed.png", with_pixel(shell.picture, 1, 2, 0, -50))
    shell.save("b/new.png", shell.picture)
    out, log = shell.compare("a", "b", "--json", "--diff", "d", code=NO)
    said = {line["name"]: line["outcome"] for line in map(json.loads, out.splitlines())}
    assert said == {"gone.png": "missing", "new.png": "added", "same.png": "same", "sub/changed.png": "differs"}
    assert list(said) == sorted(said) and "1 of 4 are the same" in log
    assert [str(path.relative_to(shell.folder / "d")) for path in (shell.folder / "d").rglob("*.png")] == [
        "sub/changed.png.diff.png"
    ]
    out, _ = shell.compare("a", "b", "--quiet", code=NO)
    assert "same.png" not in out and out.count("\n") == 3
    (shell.folder / "b/same.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    out, log = shell.compare("a", "b", code=FILE)
    assert "same.png: unreadable" in out and "1 of 4 pictures could not be read" in log


def test_links_to_folders_are_followed(shell):
    for name in ("a/same.png", "b/same.png", "one/x.png"):
        shell.save(name, shell.picture)
    shell.save("two/x.png", 255 - shell.picture)
    (shell.folder / "a/sub").symlink_to("../one")
    (shell.folder / "b/sub").symlink_to("../two")
    out, log = shell.compare("a", "b", code=NO)
    assert "sub/x.png: differs" in out and "1 of 2 are the same" in log
    # Links that lead back up end there, wherever they begin.
    for name in ("a/up", "b/up", "one/up", "two/up"):
        (shell.folder / name).symlink_to("..")
    out, log = shell.compare("a", "b", code=NO)
    assert "sub/x.png: differs" in out and "up/two/x.png: same" in out and "up/up" not in out
    # One to nothing, and one that leads to itself.
    (shell.folder / "a/up").unlink()
    (shell.folder / "a/up").symlink_to("nowhere")
    assert "up/one/x.png: added" in shell.compare("a", "b", code=NO)[0]
    (shell.folder / "a/round").symlink_to("round")
    out, log = shell.compare("a", "b", code=FILE)
    assert out == "" and "cannot look at" in log and "round" in log


def test_a_subfolder_that_cannot_be_listed_is_an_error(shell):
    as_others = []
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("root may list everything, and there is no setpriv here")
        as_others = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    for name in ("a/x.png", "b/x.png", "a/sub/y.png", "b/sub/y.png"):
        shell.save(name, shell.picture)
    (shell.folder / "b/sub").chmod(0)
    out, log = shell.compare("a", "b", code=FILE, before=as_others)
    (shell.folder / "b/sub").chmod(0o755)
    assert out == "" and 'cannot list "b/sub"' in log and log.count("\n") == 1, log
    shell.compare("a", "b", code=OK, before=as_others)


def test_a_picture_of_the_differences(shell):
    shell.save("a.png", shell.picture)
    shell.save("b.png", with_pixel(with_pixel(shell.picture, 10, 20, 2, 100), 30, 5, 0, 1))
    shell.compare("a.png", "b.png", "--diff", "d.png", code=NO)
    with Image.open(shell.folder / "d.png") as picture:
        pixels = np.asarray(picture).astype(int)
    coloured = {(x, y) for y, x in zip(*np.nonzero(np.ptp(pixels, axis=2)), strict=True)}
    assert coloured == {(10, 20), (30, 5)}
    before = (shell.folder / "d.png").read_bytes()
    _, log = shell.compare("a.png", "b.png", "--diff", "d.png", code=FILE)
    assert "--overwrite" in log and (shell.folder / "d.png").read_bytes() == before
    shell.compare("a.png", "a.png", "--diff", "none.png", code=OK)
    assert not (shell.folder / "none.png").exists()


def test_a_broken_limit_and_what_was_found_are_told_apart(shell):
    shell.save("a.png", shell.picture)
    shell.save("b.png", with_pixel(shell.picture, 40, 7, 1, 100))
    ssim = json.loads(shell.compare("a.png", "b.png", "--metric", "ssim", "--json", code=NO)[0])["ssim"]
    limit = round(ssim + 1e-7, 7)
    out, _ = shell.compare("a.png", "b.png", "--ssim", limit, code=NO)
    found, said = re.search(r"; ssim (\S+) is below (\S+)\n", out).groups()
    assert float(found) < float(said) == limit, out
    judged = json.loads(shell.compare("a.png", "b.png", "--ssim", limit, "--max-abs", 255, "--json", code=NO)[0])["limits"]
    assert {each["metric"]: (each["at_least"], each["holds"]) for each in judged} == {
        "max_abs": (False, True), "ssim": (True, False)
    }  # fmt: skip


def test_a_folder_for_differences_that_cannot_be_made_is_an_error(shell):
    shell.save("a/x.png", shell.picture)
    shell.save("b/x.png", 255 - shell.picture)
    (shell.folder / "file").write_text("no folder")
    out, log = shell.compare("a", "b", "--diff", "file", code=FILE)
    assert out == "" and "cannot make the folder" in log, log


REFUSED = {
    "a file that is not there": (["a.png", "no.png"], FILE, "no.png"),
    "a file and a folder": (["a.png", "."], FILE, "a.png"),
    "no pictures": (["empty", "empty"], FILE, "no pictures"),
    "an unknown metric": (["a.png", "a.png", "--metric", "vmaf"], USAGE, "vmaf"),
    "a limit out of range": (["a.png", "a.png", "--ssim", "2"], USAGE, "--ssim"),
    "half a pair of limits": (["a.png", "a.png", "--pixels-over", "3"], USAGE, "VALUE:SHARE"),
    "a share over 1": (["a.png", "a.png", "--pixels-over", "3:2"], USAGE, "--pixels-over: expected a value from 0 to 255 and a share"),
    "one picture": (["a.png"], USAGE, "B"),
    "three pictures": (["a.png", "a.png", "a.png"], USAGE, "one word too many"),
    "an unknown flag": (["a.png", "a.png", "--sim", "1"], USAGE, "--ssim"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused(shell, what):
    arguments, code, needle = REFUSED[what]
    shell.save("a.png", shell.picture)
    (shell.folder / "empty").mkdir()
    out, log = shell.compare(*arguments, code=code)
    assert out == "" and log.startswith("ip2p: error: ") and log.count("\n") == 1 and needle in log, log


def test_every_alteration_is_seen(shell, photograph):
    chance = np.random.RandomState(3)
    shell.save("a.png", shell.picture)
    for alter in ALTERATIONS:
        altered = alter(shell.picture, chance)
        shell.save("b.png", altered)
        shell.compare("a.png", "b.png", code=OK if (altered == shell.picture).all() else NO)


def test_regress_without_a_command(ip2p):
    for words, needle in ([], "no command was given"), (["comprae"], "did you mean compare"):
        result = subprocess.run([ip2p, "regress", *words], capture_output=True, text=True)
        assert result.returncode == USAGE and needle in result.stderr and "ip2p regress --help" in result.stderr
