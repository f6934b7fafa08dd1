"""`ip2p regress` when files are damaged, disks full, folders closed and processes killed: an approved picture is the old
one or the new one, whole, and nothing is approved that nobody approved."""

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import time

import numpy as np
import pytest
from PIL import Image
from small_disk import small_disk, without_privileges
from suite_shell import CASE, FILE, NO, OK, OPTIONS, USAGE, with_pixel

DOG = "dog-make-it-snow"
KILLED = -signal.SIGKILL
INTERRUPTED = 130
MEGABYTE = 1 << 20


def kept(shell):
    """{path: bytes} of all that is kept in git: of the suite without its runs."""
    suite = shell.folder / "suite"
    return {
        path.relative_to(suite): path.read_bytes()
        for path in suite.rglob("*")
        if path.is_file() and path.relative_to(suite).parts[0] != "runs"
    }


def reference(shell, case=CASE):
    return shell.folder / f"suite/cases/{case}/ref/cpu-float32.png"


def approvals(shell, case=CASE):
    """Lines of a case's approvals, each of which must be whole."""
    path = shell.folder / f"suite/cases/{case}/approvals.jsonl"
    words = path.read_text() if path.exists() else ""
    assert words == "" or words.endswith("\n")
    return [json.loads(line) for line in words.splitlines()]


# Damaged files


def flipped(content):
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 255
    return bytes(changed)


DAMAGE = {
    "nothing in it": lambda whole: b"",
    "words": lambda whole: b"no picture at all",
    "a PNG's beginning": lambda whole: whole[:8],
    "half of it": lambda whole: whole[: len(whole) // 2],
    "all but its end": lambda whole: whole[:-20],
    "a byte changed": flipped,
    "another format": lambda whole: b"\xff\xd8\xff\xe0\x00\x10JFIF",
}


@pytest.mark.parametrize("what", DAMAGE)
def test_a_damaged_reference_is_an_error_and_is_not_replaced(shell, what):
    suite = shell.approved("--max-abs", 255)
    path = reference(shell)
    path.write_bytes(DAMAGE[what](path.read_bytes()))
    before = kept(shell)
    out, _ = shell.regress("run", "suite", code=FILE)
    line = next(line for line in out.splitlines() if line.startswith("error "))
    assert line.startswith(f"error {CASE}: ") and "ref/cpu-float32.png" in line, line
    assert f"pass {DOG}" in out
    out, log = shell.regress("approve", "suite", "--failed")
    assert out == "" and "0 approved" in log, "an error is no difference that somebody looked at"
    assert kept(shell) == before and (suite / "runs/last/run.json").is_file()


def test_a_damaged_reference_beside_a_good_one_is_an_error_too(shell):
    """Whichever of them comes first: it is not left to chance whether the damage is noticed."""
    shell.approved("--max-abs", 0)
    for name in ("a-first.png", "z-last.png"):
        other = reference(shell).with_name(name)
        other.write_bytes(b"no picture")
        out, _ = shell.regress("run", "suite", code=FILE)
        assert f"error {CASE}" in out and name in out, out
        other.unlink()


def test_a_reference_that_may_not_be_read(shell):
    shell.approved()
    os.chmod(reference(shell), 0)
    command = without_privileges([shell.program, "regress", "run", "suite"])
    result = subprocess.run(command, cwd=shell.folder, env=shell.environment, capture_output=True, text=True)
    assert result.returncode == FILE and f"error {CASE}" in result.stdout and "Permission denied" in result.stdout


def test_a_mask_that_goes_or_is_damaged(shell):
    suite = shell.approved()
    mask = suite / f"cases/{CASE}/mask.png"
    Image.fromarray(np.zeros((48, 64), np.uint8)).save(mask)
    shell.change(f"cases/{CASE}/case.json", regions=[{"name": "sky", "mask": "mask.png", "ignore": True}])
    shell.regress("run", "suite")
    before, run = kept(shell), (suite / "runs/last/run.json").read_bytes()
    whole = mask.read_bytes()
    mask.unlink()
    out, log = shell.regress("run", "suite", code=FILE)
    assert out == "" and "sky" in log and "mask.png" in log and log.count("\n") == 1, log
    assert (suite / "runs/last/run.json").read_bytes() == run, "nothing was made"
    mask.write_bytes(whole[:-30])
    out, _ = shell.regress("run", "suite", code=FILE)
    assert f"error {CASE}" in out and "mask.png" in out and f"pass {DOG}" in out
    mask.write_bytes(whole)
    assert kept(shell) == before


WRONG_LIMITS = {
    "an unknown metric": ({"vmaf": 90}, "vmaf"),
    "a metric in the spelling of flags": ({"max-abs": 3}, "max-abs"),
    "a share without a value": ({"pixels_over": {"share": 0.1}}, "pixels_over"),
    "a share that is a percentage": ({"pixels_over": {"value": 2, "share": 5}}, "share"),
    "a value that is no level": ({"pixels_over": {"value": 256, "share": 0}}, "value"),
    "three numbers for two": ({"pixels_over": {"value": 2, "share": 0, "over": 1}}, "pixels_over"),
    "half a level": ({"max_abs": 0.5}, "max"),
    "words": ({"ssim": "high"}, "ssim"),
    "nothing": ({"psnr_db": None}, "psnr"),
    "less than nothing": ({"mean_abs": -1}, "mean"),
    "more than everything": ({"flip": 1.5}, "flip"),
    "a list": ([{"max_abs": 3}], "object"),
}


@pytest.mark.parametrize("where", ["suite.json", "the case", "cross_backend", "a region"])
def test_limits_that_are_none_are_named_and_nothing_is_made(shell, where):
    shell.regress("init", "suite", "in", "--edit", "make it snow", *OPTIONS)
    file = "suite.json" if where == "suite.json" else f"cases/{CASE}/case.json"
    for what, (limits, needle) in WRONG_LIMITS.items():
        region = {"name": "sky", "rectangle": [0, 0, 8, 8], "limits": limits}
        keys = {"cross_backend": {"cross_backend": limits}, "a region": {"regions": [region]}}
        shell.change(file, **keys.get(where, {"limits": limits}))
        out, log = shell.regress("run", "suite", code=USAGE)
        assert out == "" and log.count("\n") == 1 and needle in log and file.split("/")[-1] in log, (what, log)
        assert not (shell.folder / "suite/runs").exists()


SUITES = {
    "no JSON": ("{", "no JSON"),
    "a list": ("[]", "object"),
    "nothing": ("", "no JSON"),
    "another format": ({"format": 2}, "format"),
    "no format": ({"format": None}, "format"),
    "no bundle": ({"bundle": None}, "bundle"),
    "a bundle without its hash": ({"bundle": {"name": "x"}}, "bundle"),
    "an unknown key": ({"limit": {}}, "limit"),
    "an unknown option": ({"defaults": {"step": 2}}, "step"),
    "brackets without end": ('{"defaults": ' + "[" * 500 + "]" * 500 + "}", "nested"),
    "a key twice": ('{"format": 1, "limits": {"max_abs": 0}, "limits": {"max_abs": 255}, "bundle": %s}', "limits"),
}


@pytest.mark.parametrize("what", SUITES)
def test_a_suite_that_is_wrong_is_named(shell, what):
    content, needle = SUITES[what]
    suite = shell.approved()
    if isinstance(content, dict):
        shell.change("suite.json", **content)
    else:
        bundle = json.dumps(json.loads((suite / "suite.json").read_text())["bundle"])
        (suite / "suite.json").write_text(content.replace("%s", bundle))
    before = kept(shell)
    for arguments in (["run", "suite"], ["approve", "suite", CASE]):
        out, log = shell.regress(*arguments, code=USAGE)
        assert out == "" and log.count("\n") == 1 and "suite.json" in log and needle in log, log
    assert kept(shell) == before


RUNS = {
    "no JSON": lambda run: "{",
    "another format": lambda run: run | {"format": 9},
    "no results": lambda run: {key: value for key, value in run.items() if key != "results"},
    "a verdict that is none": lambda run: run | {"results": [{"case": CASE, "verdict": "good"}]},
    "results that are none": lambda run: run | {"results": [1, 2]},
    "a device that leads elsewhere": lambda run: run | {"device": "../../.."},
    "a device that is none": lambda run: run | {"device": "cpu0"},
    "a dtype that leads elsewhere": lambda run: run | {"dtype": "x/../../../y"},
    "a dtype that no picture has": lambda run: run | {"dtype": "auto"},
    "a picture above the run's folder": lambda run: with_picture(run, lambda name: f"../last/{name}"),
    "a picture by a detour": lambda run: with_picture(run, lambda name: f"no/../{name}"),
    "a picture anywhere": lambda run: with_picture(run, lambda name: "/etc/passwd"),
}


def with_picture(run, renamed):
    """The first result's picture is called otherwise."""
    first, *rest = run["results"]
    return run | {"results": [first | {"picture": renamed(first["picture"])}, *rest]}


@pytest.mark.parametrize("what", RUNS)
def test_a_damaged_run_approves_nothing(shell, what):
    suite = shell.approved("--max-abs", 0)
    shell.alter_reference(CASE, with_pixel)
    shell.regress("run", "suite", code=NO)
    before, path = kept(shell), suite / "runs/last/run.json"
    damaged = RUNS[what](json.loads(path.read_text()))
    path.write_text(damaged if isinstance(damaged, str) else json.dumps(damaged))
    for arguments in (["--failed"], [CASE]):
        out, log = shell.regress("approve", "suite", *arguments, code=FILE)
        assert out == "" and "run.json" in log and log.count("\n") == 1, log
    assert kept(shell) == before


def test_a_link_in_a_run_is_not_followed(shell):
    """People approve what CI made: an archive can hold links to anywhere."""
    suite = shell.approved("--max-abs", 0)
    shell.alter_reference(CASE, with_pixel)
    shell.regress("run", "suite", code=NO)
    before, picture = kept(shell), suite / f"runs/last/{CASE}.png"
    elsewhere = picture.rename(shell.folder / "elsewhere.png")
    picture.symlink_to(elsewhere)
    out, log = shell.regress("approve", "suite", CASE, code=FILE)
    assert out == "" and f"{CASE}.png" in log and "not in the run's folder" in log, log
    assert kept(shell) == before


# What approves, and what does not


def test_one_picture_that_is_not_the_judged_one_keeps_all_from_being_approved(shell):
    suite = shell.approved("--max-abs", 0)
    for case in (CASE, DOG):
        shell.alter_reference(case, with_pixel)
    shell.regress("run", "suite", code=NO)
    before, picture = kept(shell), suite / f"runs/last/{DOG}.png"
    whole = picture.read_bytes()
    for damage in (whole[:-1], b"", None):
        picture.write_bytes(damage) if damage is not None else picture.unlink()
        for arguments in (["--failed"], [CASE, DOG], ["--failed", "--dry-run"]):
            out, log = shell.regress("approve", "suite", *arguments, code=FILE)
            assert out == "" and f"{DOG}.png" in log, (out, log)
            assert kept(shell) == before
    picture.write_bytes(whole)
    out, _ = shell.regress("approve", "suite", "--failed")
    assert out.count("replaces ") == 2


def test_a_key_that_is_there_twice_is_named(shell):
    """Of two limits, the one that somebody reads may not be the one that counts."""
    suite = shell.approved()
    path = suite / f"cases/{CASE}/case.json"
    path.write_text('{"instruction": "make it snow", "limits": {"max_abs": 0, "ssim": 1, "max_abs": 255}}')
    out, log = shell.regress("run", "suite", code=USAGE)
    assert out == "" and "case.json" in log and '"max_abs"' in log and "twice" in log, log
    region = '{"rectangle": [0, 0, 8, 8], "ignore": true}'
    path.write_text('{"instruction": "make it snow", "regions": [%s, %s]}' % (region, region))
    shell.regress("run", "suite")


def test_a_case_named_twice_is_approved_once(shell):
    shell.approved("--max-abs", 0)
    shell.alter_reference(CASE, with_pixel)
    shell.regress("run", "suite", code=NO)
    out, log = shell.regress("approve", "suite", CASE, CASE, "-m", "second")
    assert out.count("\n") == 1 and "1 approved" in log
    assert [line["reason"] for line in approvals(shell)] == ["first", "second"]


def test_a_reason_that_is_no_text_is_kept_as_far_as_it_is(shell):
    shell.approved()
    command = [shell.program, "regress", "approve", "suite", CASE, "-m", b"new \xff VAE"]
    result = subprocess.run(command, cwd=shell.folder, env=shell.environment, capture_output=True)
    assert result.returncode == OK, result.stderr
    assert [line["reason"] for line in approvals(shell)] == ["first", "new \ufffd VAE"]


def test_a_case_that_is_gone_since_the_run_is_not_approved(shell):
    suite = shell.approved("--max-abs", 0)
    for case in (CASE, DOG):
        shell.alter_reference(case, with_pixel)
    shell.regress("run", "suite", code=NO)
    shutil.rmtree(suite / f"cases/{DOG}")
    out, _ = shell.regress("approve", "suite", "--failed")
    assert out.count("\n") == 1 and CASE in out and not (suite / f"cases/{DOG}").exists()


def test_a_run_touches_no_reference_whatever_it_finds(shell):
    suite = shell.approved("--max-abs", 0)
    shell.alter_reference(CASE, with_pixel)
    before = kept(shell)
    shell.regress("run", "suite", code=NO)
    shell.regress("run", "suite", "--out", suite / "cases", code=NO)
    assert kept(shell) | before == kept(shell), "files were added, and none was changed"


# Killed


class TwoRuns:
    """Runs "a" and "b" of a suite, whose pictures are so long that they are often killed while they are written."""

    def __init__(self, shell):
        self.shell, suite = shell, shell.approved("--max-abs", 0)
        chance = np.random.RandomState(0)
        self.pictures = {}
        for name in ("a", "b"):
            shutil.copytree(suite / "runs/last", suite / "runs" / name)
            path = suite / "runs" / name / "run.json"
            run = json.loads(path.read_text())
            for result in run["results"]:
                content = chance.bytes(4 * MEGABYTE)
                (suite / "runs" / name / result["picture"]).write_bytes(content)
                result |= {"verdict": "fail", "sha256": hashlib.sha256(content).hexdigest()}
                self.pictures[name, result["case"]] = content
            path.write_text(json.dumps(run))

    def start(self, name, *more):
        command = [self.shell.program, "regress", "approve", "suite", "--failed", "--from", f"suite/runs/{name}", *more]
        return subprocess.Popen(
            command, cwd=self.shell.folder, env=self.shell.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )  # fmt: skip

    def approve(self, name):
        """Seconds that it took."""
        began = time.monotonic()
        process = self.start(name)
        process.communicate()
        assert process.returncode == OK
        return time.monotonic() - began

    def there(self, case):
        """Which run's picture is a case's reference; it must be one of them, whole."""
        content = reference(self.shell, case).read_bytes()
        (found,) = (name for (name, of), picture in self.pictures.items() if of == case and picture == content)
        return found

    def partial_files(self):
        return list((self.shell.folder / "suite/cases").rglob(".*"))


def test_killed_at_any_moment_of_approving_the_old_or_the_new_picture_is_there(shell):
    runs = TwoRuns(shell)
    moments, whole = random.Random(0), runs.approve("a")
    changes = partial = 0
    for turn in range(60):
        before = [runs.there(case) for case in (CASE, DOG)]
        left = runs.partial_files()
        process = runs.start("ba"[turn % 2])
        if moments.random() < 0.5:
            time.sleep(moments.uniform(0, whole))
        else:  # while it writes one of the two
            while runs.partial_files() == left and process.poll() is None:
                pass
            time.sleep(moments.choice([0, 0.002, 0.01, 0.03]))
        process.kill()
        process.communicate()
        partial += runs.partial_files() not in ([], left)
        changes += before != [runs.there(case) for case in (CASE, DOG)]
        for case in (CASE, DOG):
            approvals(shell, case)
    # It was killed in the middle of writing and after, each many times.
    assert partial > 5 and changes > 5, (partial, changes)
    for name in ("a", "b"):
        runs.approve(name)
        assert [runs.there(case) for case in (CASE, DOG)] == [name, name]
    assert runs.partial_files() == [], "what a killed process left is cleaned up by the next"
    assert approvals(shell)[-1]["sha256"] == hashlib.sha256(runs.pictures["b", CASE]).hexdigest()


def slow_run(shell, *arguments):
    """A process that makes other pictures than the last run did; the first of them is judged."""
    shell.change("suite.json", defaults={"steps": 100, "resolution": 64, "seed": 5})
    process = subprocess.Popen(
        [shell.program, "regress", "run", "suite", *arguments], cwd=shell.folder, env=shell.environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline().startswith("fail ")
    return process


def made(shell):
    """{name: bytes} of what is kept of runs."""
    return {path.name: path.read_bytes() for path in (shell.folder / "suite/runs/last").iterdir() if path.name[0] != "."}


def test_nothing_is_kept_of_a_run_that_is_killed_or_interrupted(shell):
    shell.approved("--max-abs", 0)
    runs = made(shell)
    assert set(runs) == {"run.json", f"{CASE}.png", f"{DOG}.png"}
    for number, said in ((signal.SIGKILL, ""), (signal.SIGINT, "nothing is kept of this run")):
        process = slow_run(shell)
        before = kept(shell)
        process.send_signal(number)
        _, log = process.communicate()
        assert process.returncode == (KILLED if number == signal.SIGKILL else INTERRUPTED) and said in log, log
        assert kept(shell) == before and made(shell) == runs
    # What is approved is what was judged in the last run that came to its end.
    shell.regress("approve", "suite", CASE, DOG)
    for case in (CASE, DOG):
        assert reference(shell, case).read_bytes() == runs[f"{case}.png"]
    shell.regress("run", "suite", code=NO)
    assert made(shell) != runs and not list((shell.folder / "suite/runs/last").glob(".making"))


def test_two_runs_do_not_share_a_folder(shell):
    shell.approved("--max-abs", 0)
    runs = made(shell)
    process = slow_run(shell)
    out, log = shell.regress("run", "suite", code=FILE)
    assert out == "" and "another run" in log and "suite/runs/last" in log and log.count("\n") == 1, log
    assert made(shell) == runs
    process.communicate()
    assert process.returncode == NO and made(shell) != runs


def test_two_at_once_leave_whole_pictures_and_whole_lines(shell):
    """Lines long enough that they are not one write of the C library's."""
    runs = TwoRuns(shell)
    for turn in range(10):
        both = [runs.start(name, "-m", name * 100_000) for name in ("a", "b")]
        logs = [process.communicate()[1] for process in both]
        assert [process.returncode for process in both] == [OK, OK], logs
        for case in (CASE, DOG):
            runs.there(case)
            said = [line["reason"][:1] for line in approvals(shell, case)]
            assert sorted(said[1:]) == ["a"] * (turn + 1) + ["b"] * (turn + 1)
    assert runs.partial_files() == []


# Disks and folders


def test_a_folder_that_may_not_be_written_keeps_its_picture(shell):
    shell.approved("--max-abs", 0)
    for case in (CASE, DOG):
        shell.alter_reference(case, with_pixel)
    shell.regress("run", "suite", code=NO)
    before = kept(shell)
    os.chmod(reference(shell).parent, 0o500)
    command = without_privileges([shell.program, "regress", "approve", "suite", "--failed"])
    result = subprocess.run(command, cwd=shell.folder, env=shell.environment, capture_output=True, text=True)
    os.chmod(reference(shell).parent, 0o700)
    assert result.returncode == FILE and "Permission denied" in result.stderr and result.stderr.count("\n") == 1
    assert result.stdout == "", "nothing was replaced, and nothing else is said"
    assert kept(shell) == before


def fill(folder, pages):
    """Takes all of a small disk but a few pages."""
    with open(folder / "filler", "wb", buffering=0) as file:
        size = 0
        try:
            while True:
                size += file.write(bytes(4096))
        except OSError:
            file.truncate(size - 4096 * pages)


def test_a_full_disk_keeps_the_old_picture_and_whole_lines(shell):
    """With room for nothing, for a part of the new picture, for it alone, and for it and its line in approvals.jsonl."""
    with small_disk(shell.folder / "suite", "400k"):
        suite = shell.approved("--max-abs", 0)
        old = reference(shell).read_bytes()
        log_path = suite / f"cases/{CASE}/approvals.jsonl"
        shell.change("suite.json", defaults={"steps": 2, "resolution": 64, "seed": 5})
        shell.regress("run", "suite", code=NO)
        new = (suite / f"runs/last/{CASE}.png").read_bytes()
        assert new != old
        first = log_path.read_text()
        # A page that is nearly full: a line's beginning still fits.
        first += json.dumps({"reason": "x" * (4096 - len(first) - 100)}) + "\n"
        outcomes = set()
        for is_new in (False, True):
            for pages in range(len(new) // 4096 + 4):
                if is_new:
                    reference(shell).unlink(missing_ok=True)
                else:
                    reference(shell).write_bytes(old)
                log_path.write_text(first)
                fill(suite, pages)
                command = [shell.program, "regress", "approve", "suite", CASE, "-m", "y" * 200]
                result = subprocess.run(command, cwd=shell.folder, env=shell.environment, capture_output=True, text=True)
                (suite / "filler").unlink()
                there = reference(shell).read_bytes() if reference(shell).exists() else None
                lines = approvals(shell)
                outcomes.add((is_new, result.returncode, there == new, len(lines)))
                assert there in (new, None if is_new else old)
                if result.returncode == OK:
                    assert there == new and lines[-1]["reason"] == "y" * 200 and len(lines) == 3
                else:
                    assert result.returncode == FILE and "No space left" in result.stderr, result.stderr
                    assert len(lines) == 2
                assert not [path for path in (suite / "cases").rglob(".ip2p*")]
        assert {(is_new, OK, True, 3) for is_new in (False, True)} < outcomes
        assert {(is_new, FILE, False, 2) for is_new in (False, True)} < outcomes
        assert (True, FILE, True, 2) in outcomes, "the picture fitted and its line did not"
