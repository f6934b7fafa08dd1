"""`ip2p regress`: a suite is made, approved, run, and notices what changes."""

import json
import os
import shutil
import subprocess
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from small_disk import without_privileges
from suite_shell import CASE, FILE, NO, OPTIONS, USAGE, with_pixel

MODEL = 4
DOG = "dog-make-it-snow"


def test_a_suite_from_nothing_to_a_pass(shell):
    shell.regress("init", "suite", "in", "--edit", "make it snow", "--edit", "at night", *OPTIONS)
    assert len(list((shell.folder / "suite/cases").iterdir())) == 4
    assert shell.lines("run", "suite", code=NO).count("new ") == 4
    out, _ = shell.regress("approve", "suite", "--failed", "--dry-run")
    assert out.count("adds ") == 4 and not list(shell.folder.glob("suite/cases/*/ref"))
    shell.regress("approve", "suite", "--failed", "-m", "first")
    for size in (1, 8):
        out, _ = shell.regress("run", "suite", "--batch-size", size)
        assert out.count("pass ") == 4, out
    for threads in ("1", "2"):
        shell.environment["OMP_NUM_THREADS"] = threads
        shell.regress("run", "suite")
    (line,) = (shell.folder / f"suite/cases/{CASE}/approvals.jsonl").read_text().splitlines()
    assert json.loads(line)["reason"] == "first"


def test_one_pixel_is_noticed_and_approved_alone(shell):
    suite = shell.approved("--max-abs", 3)
    shell.alter_reference(CASE, with_pixel)
    out, _ = shell.regress("run", "suite", code=NO)
    assert f"fail {CASE}: up to 40 of 255 (G at 10, 20)" in out and "max_abs 40 is above 3" in out
    assert "pass dog-make-it-snow: equal" in out
    out, _ = shell.regress("run", "suite", "--only-failed", code=NO)
    assert "dog" not in out
    other = suite / "cases/dog-make-it-snow/ref/cpu-float32.png"
    before = other.read_bytes()
    out, _ = shell.regress("approve", "suite", CASE)
    assert out.startswith("replaces ") and out.count("\n") == 1 and other.read_bytes() == before
    shell.regress("run", "suite", "--only-failed")
    _, log = shell.regress("run", "suite", "--only-failed")
    assert "nothing failed in the last run" in log
    shell.regress("run", "suite")


def test_nothing_passes_for_lack_of_a_limit(shell):
    shell.approved()
    shell.change("suite.json", limits={})
    assert shell.lines("run", "suite", code=NO).count("so nothing can pass") == 2
    shell.change(f"cases/{CASE}/case.json", limits={"pixels_over": {"value": 0, "share": 0}})
    out, _ = shell.regress("run", "suite", code=NO)
    assert f"pass {CASE}" in out


def test_what_another_bundle_or_back_end_made_is_not_compared(shell):
    shell.approved()
    shell.environment["IP2P_MODEL"] = str(shell.tiny_bundle("vae3"))
    assert shell.lines("run", "suite", code=NO).count("was made by another bundle") == 2
    shell.environment["IP2P_MODEL"] = str(shell.tiny_bundle("sd1"))
    out = shell.lines("run", "suite", "--dtype", "bfloat16", code=NO)
    assert out.count("was made on cpu float32, this run is on cpu bfloat16") == 2
    shell.change("suite.json", cross_backend={"max_abs": 60})
    out, _ = shell.regress("run", "suite", "--dtype", "bfloat16")
    assert out.count("(of another back end)") == 2
    shell.regress("approve", "suite", CASE)
    out, _ = shell.regress("run", "suite", "--dtype", "bfloat16", "--filter", "cat*")
    assert "another back end" not in out
    assert sorted(path.name for path in (shell.folder / f"suite/cases/{CASE}/ref").iterdir()) == [
        "cpu-bfloat16.png", "cpu-float32.png",
    ]  # fmt: skip


def kept(suite):
    """{path: bytes} of all but its runs."""
    paths = [suite / "suite.json", *suite.glob("cases/**/*")]
    return {path: path.read_bytes() for path in paths if path.is_file()}


def test_pictures_of_another_bundle_are_approved_only_where_that_is_asked_for(shell):
    suite = shell.approved()
    shutil.rmtree(suite / f"cases/{DOG}/ref")
    shell.environment["IP2P_MODEL"] = str(shell.tiny_bundle("vae3"))
    before, run = kept(suite), (suite / "runs/last/run.json").read_bytes()
    out, log = shell.regress("run", "suite", "--update-new", code=MODEL)
    assert out == "" and "another bundle" in log and "IP2P_MODEL named it" in log and "--new-bundle" in log, log
    assert kept(suite) == before and (suite / "runs/last/run.json").read_bytes() == run, "nothing was made"
    shell.regress("run", "suite", code=NO)
    for arguments in (["--failed"], [CASE], ["--failed", "--dry-run"]):
        out, log = shell.regress("approve", "suite", *arguments, code=MODEL)
        assert out == "" and "another bundle" in log and "--new-bundle" in log and log.count("\n") == 1, log
    out, _ = shell.regress("approve", "suite", "--new-bundle", "--dry-run")
    assert out.count("\n") == 2 and kept(suite) == before
    out, log = shell.regress("approve", "suite", "--new-bundle", "-m", "a new VAE")
    assert out.count("replaces ") == out.count("adds ") == 1 and "is the suite's bundle" in log
    moved = json.loads((suite / "suite.json").read_text())
    assert moved["bundle"] == json.loads((suite / "runs/last/run.json").read_text())["bundle"]
    assert moved == json.loads(before[suite / "suite.json"]) | {"bundle": moved["bundle"]}
    shell.regress("run", "suite")
    _, log = shell.regress("approve", "suite", "--new-bundle", code=USAGE)
    assert "already" in log
    shell.environment["IP2P_MODEL"] = str(shell.tiny_bundle("sd1"))
    assert shell.lines("run", "suite", code=NO).count("was made by another bundle") == 2


def test_a_suite_moves_to_another_bundle_as_a_whole(shell):
    suite = shell.approved()
    shell.regress("run", "suite")
    shell.environment["IP2P_MODEL"] = str(shell.tiny_bundle("vae3"))
    before = kept(suite)
    shell.regress("run", "suite", "--filter", "cat*", code=NO)
    _, log = shell.regress("approve", "suite", "--new-bundle", code=USAGE)
    assert DOG in log and "whole suite" in log, log
    whole = (suite / f"cases/{DOG}/input.png").read_bytes()
    (suite / f"cases/{DOG}/input.png").write_bytes(b"nothing")
    shell.regress("run", "suite", code=FILE)
    _, log = shell.regress("approve", "suite", "--new-bundle", code=USAGE)
    assert DOG in log, log
    (suite / f"cases/{DOG}/input.png").write_bytes(whole)
    for arguments in ([CASE, "--new-bundle"], ["--failed", "--new-bundle"]):
        shell.regress("approve", "suite", *arguments, code=USAGE)
    assert kept(suite) == before


def test_limits_for_other_back_ends_reach_regions_and_add_up(shell):
    shell.approved("--max-abs", 3)
    case, bfloat16 = f"cases/{CASE}/case.json", ["run", "suite", "--filter", "cat*", "--dtype", "bfloat16"]
    shell.change("suite.json", cross_backend={"max_abs": 90})
    shell.change(case, cross_backend={"mean_abs": 90})
    shell.regress(*bfloat16)
    run = json.loads((shell.folder / "suite/runs/last/run.json").read_text())
    (limits,) = (part["limits"] for part in run["results"][0]["parts"])
    assert {each["metric"] for each in limits} == {"max_abs", "mean_abs"}, "the case's and the suite's"
    nose = {"name": "nose", "rectangle": [8, 16, 8, 8], "limits": {"max_abs": 0}}
    shell.change(case, regions=[nose])
    out = shell.lines(*bfloat16, code=NO)
    assert "and the region nose has no cross_backend limits" in out
    shell.change(case, regions=[nose | {"cross_backend": {"max_abs": 90}}])
    out, _ = shell.regress(*bfloat16)
    assert "nose" in out and "(of another back end)" in out
    shell.regress("run", "suite", "--filter", "cat*")
    for wrong in ({"ignore": True, "cross_backend": {"max_abs": 1}}, {"limits": {"max_abs": 1}, "cross_backend": {"clip_image": 1}}):
        shell.change(case, regions=[{"name": "nose", "rectangle": [8, 16, 8, 8]} | wrong])
        _, log = shell.regress(*bfloat16, code=USAGE)
        assert "nose" in log
    shell.change("suite.json", cross_backend=None)
    shell.change(case, regions=None, cross_backend={})
    out = shell.lines(*bfloat16, code=NO)
    assert "neither the case nor the suite has cross_backend limits" in out


def test_any_of_several_references_may_match(shell):
    suite = shell.approved()
    reference = suite / f"cases/{CASE}/ref/cpu-float32.png"
    shutil.copy(reference, reference.with_name("a-second.png"))
    shell.alter_reference(CASE, with_pixel)
    shell.regress("run", "suite")


def test_regions_are_judged_by_themselves(shell):
    shell.approved("--max-abs", 3)
    shell.alter_reference(CASE, with_pixel)
    case = f"cases/{CASE}/case.json"
    shell.change(case, regions=[{"rectangle": [8, 16, 8, 8], "ignore": True}])
    shell.regress("run", "suite")
    shell.change(case, regions=[{"rectangle": [8, 21, 8, 8], "ignore": True}])
    shell.regress("run", "suite", code=NO)
    shell.change(case, regions=[{"name": "nose", "rectangle": [8, 16, 8, 8], "limits": {"max_abs": 30}}])
    out, _ = shell.regress("run", "suite", code=NO)
    assert "nose up to 40" in out and "max_abs 40 is above 30" in out
    shell.change(case, regions=[{"name": "nose", "rectangle": [8, 16, 8, 8], "limits": {"max_abs": 40}}])
    shell.regress("run", "suite")
    mask = np.zeros((48, 64), np.uint8)
    mask[20, 10] = 255
    Image.fromarray(mask).save(shell.folder / f"suite/cases/{CASE}/mask.png")
    shell.change(case, regions=[{"mask": "mask.png", "ignore": True}])
    shell.regress("run", "suite")
    shell.change(case, regions=[{"rectangle": [0, 0, 64, 48], "ignore": True}])
    out, _ = shell.regress("run", "suite", code=NO)
    assert "leave nothing of the picture" in out
    shell.change(case, regions=[{"mask": "mask.png", "ignore": True}])
    Image.fromarray(mask[:20]).save(shell.folder / f"suite/cases/{CASE}/mask.png")
    out, _ = shell.regress("run", "suite", code=FILE)
    assert f"error {CASE}" in out and "64x20" in out


def test_a_region_that_judges_nothing_is_an_error(shell):
    suite = shell.approved("--max-abs", 3)
    case, mask = f"cases/{CASE}/case.json", suite / f"cases/{CASE}/mask.png"
    nose = {"name": "nose", "rectangle": [8, 16, 8, 8], "limits": {"max_abs": 0}}
    shell.change(case, regions=[nose, {"rectangle": [0, 0, 32, 32], "ignore": True}])
    out = shell.lines("run", "suite", code=USAGE)
    assert f"error {CASE}: nose: " in out and "no pixel" in out and f"pass {DOG}" in out
    Image.fromarray(np.full((48, 64), 127, np.uint8)).save(mask)
    shell.change(case, regions=[{"name": "nose", "mask": "mask.png", "limits": {"max_abs": 0}}])
    out = shell.lines("run", "suite", code=USAGE)
    assert f"error {CASE}: nose: " in out and "no pixel" in out
    for name in ("", "  "):
        shell.change(case, regions=[nose | {"name": name}])
        _, log = shell.regress("run", "suite", code=USAGE)
        assert "name" in log and "case.json" in log and log.count("\n") == 1


def test_a_mask_in_colour_or_with_holes_is_an_error(shell):
    """Which part of it would be white?"""
    suite = shell.approved("--max-abs", 3)
    mask = suite / f"cases/{CASE}/mask.png"
    shell.change(f"cases/{CASE}/case.json", regions=[{"name": "sky", "mask": "mask.png", "limits": {"max_abs": 3}}])
    black = np.zeros((48, 64, 3), np.uint8)
    red, white, holed = black.copy(), black.copy(), np.full((48, 64, 4), 255, np.uint8)
    red[:8, :, 0] = 255
    white[:8] = 255
    holed[8:, :, 3] = 0
    for pixels, needle in ((red, "colour"), (holed, "transparent")):
        Image.fromarray(pixels).save(mask)
        out = shell.lines("run", "suite", code=FILE)
        assert f"error {CASE}: sky: " in out and needle in out and "mask.png" in out, out
    Image.fromarray(white).save(mask)
    shell.regress("run", "suite")


def test_size_alpha_and_orphans(shell):
    suite = shell.approved("--max-abs", 255)
    shell.alter_reference(CASE, lambda pixels: pixels[:40])
    (suite / "cases/dog-make-it-snow/case.json").unlink()
    out, _ = shell.regress("run", "suite", code=NO)
    assert f"fail {CASE}: the picture is 64x48, not 64x40" in out
    assert "orphan dog-make-it-snow" in out
    shell.alter_reference(CASE, lambda pixels: np.dstack([np.resize(pixels, (48, 64, 3)), np.full((48, 64), 9, np.uint8)]))
    out, _ = shell.regress("run", "suite", code=NO)
    assert f"fail {CASE}: the picture has lost its alpha" in out


def test_troubles_are_errors_not_differences(shell):
    suite = shell.approved()
    reference = suite / f"cases/{CASE}/ref/cpu-float32.png"
    whole = reference.read_bytes()
    reference.write_bytes(whole[: len(whole) // 2])
    out, _ = shell.regress("run", "suite", code=FILE)
    assert f"error {CASE}" in out
    Image.fromarray(np.zeros((48, 64, 3), np.uint8)).save(reference)
    out, _ = shell.regress("run", "suite", code=FILE)
    assert f"error {CASE}" in out and "record" in out
    reference.write_bytes(whole)
    (suite / f"cases/{CASE}/input.png").write_bytes(b"nothing")
    out, _ = shell.regress("run", "suite", code=FILE)
    assert f"error {CASE}" in out and "pass dog" in out


WRONG = {
    "an unknown key": ({"instruktion": "x"}, "instruktion"),
    "an unknown limit": ({"limits": {"vmaf": 1}}, "vmaf"),
    "a limit out of range": ({"limits": {"ssim": 2}}, "ssim"),
    "an empty instruction": ({"instruction": " "}, "empty"),
    "no instruction": ({"instruction": None}, "instruction"),
    "a step count that is none": ({"steps": "many"}, "steps"),
    "a region that is nothing": ({"regions": [{"ignore": True}]}, "rectangle or a mask"),
    "a region that contradicts itself": (
        {"regions": [{"rectangle": [0, 0, 1, 1], "ignore": True, "limits": {"max_abs": 1}}]}, "either"),
    "a rectangle that is none": ({"regions": [{"rectangle": [0, 0, 0, 1], "ignore": True}]}, "rectangle"),
    "a mask that is not there": ({"regions": [{"mask": "no.png", "ignore": True}]}, "no.png"),
    "an input that is not there": ({"input": "no.png"}, "no.png"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_case_that_is_wrong_is_named(shell, what):
    keys, needle = WRONG[what]
    shell.regress("init", "suite", "in", "--edit", "make it snow", *OPTIONS)
    shell.change(f"cases/{CASE}/case.json", **keys)
    code = FILE if "no.png" in needle else USAGE
    out, log = shell.regress("run", "suite", code=code)
    assert out == "" and log.count("\n") == 1 and needle in log and CASE in log, log
    assert not (shell.folder / "suite/runs").exists()


def test_a_report_for_ci(shell):
    suite = shell.approved("--max-abs", 3)
    shell.alter_reference(CASE, with_pixel)
    hostile = '<b>"it" & \u96ea</b>'
    shell.change("cases/dog-make-it-snow/case.json", instruction=hostile)
    (suite / "cases/lost/ref").mkdir(parents=True)
    shutil.copy(suite / f"cases/{CASE}/ref/cpu-float32.png", suite / "cases/lost/ref/x.png")
    shutil.copytree(suite / f"cases/{CASE}", suite / "cases/a-broken-one")
    (suite / "cases/a-broken-one/input.png").write_bytes(b"nothing")
    shell.regress("run", "suite", "--junit", "report.xml", code=FILE)
    root = ElementTree.parse(shell.folder / "report.xml").getroot()
    assert root.tag == "testsuites" and (root.get("tests"), root.get("failures"), root.get("errors")) == ("4", "3", "1")
    cases = {case.get("name"): case for case in root.iter("testcase")}
    failure = cases[CASE].find("failure")
    assert failure.get("type") == "fail" and failure.get("message").startswith("max_abs 40 is above 3") and failure.text == failure.get("message")
    assert cases["lost"].find("failure").get("type") == "orphan"
    assert "a-broken-one/input.png" in cases["a-broken-one"].find("error").text
    assert f"instruction: {hostile}" in cases["dog-make-it-snow"].find("system-out").text.splitlines()
    for line in cases[CASE].find("system-out").text.splitlines()[:2]:
        path = line.removeprefix("[[ATTACHMENT|").removesuffix("]]")
        assert (shell.folder / path).is_file()
    _, log = shell.regress("run", "suite", "--junit", "no/folder/x.xml", code=FILE)
    assert "no/folder" in log


def test_what_cannot_be_approved(shell):
    suite = shell.approved()
    _, log = shell.regress("approve", "suite", code=USAGE)
    assert "--failed" in log
    _, log = shell.regress("approve", "suite", "bird", code=USAGE)
    assert "bird" in log
    _, log = shell.regress("approve", "suite", CASE, "--from", "nowhere", code=FILE)
    assert "nowhere" in log
    picture = suite / f"runs/last/{CASE}.png"
    picture.write_bytes(picture.read_bytes() + b"x")
    reference = suite / f"cases/{CASE}/ref/cpu-float32.png"
    before = reference.read_bytes()
    _, log = shell.regress("approve", "suite", CASE, code=FILE)
    assert "not the picture that was judged" in log and reference.read_bytes() == before


def test_two_cases_of_one_name_are_found_before_anything_is_written(shell):
    shutil.copytree(shell.folder / "in", shell.folder / "more")
    _, log = shell.regress("init", "suite", "in", "more", "--edit", "make it snow", code=USAGE)
    assert "in/cat.png" in log and "more/cat.png" in log and not (shell.folder / "suite").exists()


def test_a_picture_that_cannot_be_read_is_found_before_anything_is_written(shell):
    whole = (shell.folder / "in/dog.png").read_bytes()
    (shell.folder / "in/dog.png").write_bytes(whole[: len(whole) // 2])
    _, log = shell.regress("init", "suite", "in", "--edit", "make it snow", code=FILE)
    assert "dog.png" in log and not (shell.folder / "suite").exists()


def test_a_suite_that_was_half_made_is_told_from_one_that_is_there(shell):
    suite = shell.approved()
    (suite / "suite.json").unlink()
    _, log = shell.regress("init", "suite", "in", "--edit", "make it snow", code=FILE)
    assert f"suite/cases/{CASE}" in log and "was not finished" in log and log.count("\n") == 1, log
    shutil.rmtree(suite / "cases")
    _, log = shell.regress("init", "suite", "in/cat.png", "--edit", "make it snow")
    assert "1 case;" in log and "approves it" in log


def test_a_folder_that_is_no_case_is_a_failure(shell):
    suite = shell.approved()
    (suite / "cases/forgotten").mkdir()
    (suite / "cases/.hidden").mkdir()
    (suite / "cases/notes.txt").write_text("no folder")
    out = shell.lines("run", "suite", code=NO)
    assert "orphan forgotten: its folder has no case.json" in out and out.count("pass ") == 2 and "hidden" not in out


def test_cases_that_cannot_be_listed_are_an_error(shell):
    suite = shell.approved()
    for closed in (suite / "cases", suite / f"cases/{CASE}"):
        os.chmod(closed, 0)
        command = without_privileges([shell.program, "regress", "run", "suite"])
        result = subprocess.run(command, cwd=shell.folder, env=shell.environment, capture_output=True, text=True)
        os.chmod(closed, 0o700)
        assert result.returncode == FILE and closed.name in result.stderr and "Permission denied" in result.stderr, result
        assert result.stdout == ""


def test_a_folder_that_cannot_be_made_is_no_bug(shell):
    shell.approved()
    (shell.folder / "file").write_text("no folder")
    for arguments in (["run", "suite", "--out", "file/x"], ["init", "file/suite", "in", "--edit", "x"]):
        _, log = shell.regress(*arguments, code=FILE)
        assert "cannot make the folder" in log and "file/" in log, log


def test_a_suite_that_is_there_is_kept(shell):
    shell.approved()
    before = {path: path.read_bytes() for path in (shell.folder / "suite").rglob("*") if path.is_file()}
    _, log = shell.regress("init", "suite", "in", "--edit", "x", code=FILE)
    assert "is a suite already" in log
    assert before == {path: path.read_bytes() for path in (shell.folder / "suite").rglob("*") if path.is_file()}
    _, log = shell.regress("run", "in", code=FILE)
    assert "regress init" in log
    _, log = shell.regress("run", "suite", "--filter", "bird*", code=USAGE)
    assert "no case" in log
