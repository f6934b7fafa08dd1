"""`ip2p regress run --junit`: Jenkins' schema allows it, and a reader of such reports finds in it what happened."""

import shutil
import subprocess
from xml.etree import ElementTree

import junitparser
import pytest
from junit_rules import problems
from suite_shell import CASE, FILE, NO, OK, with_pixel

DOG = "dog-make-it-snow"
# Markup, quotes, an attachment that is none, the end of a CDATA section, characters that XML cannot hold.
HOSTILE = "<b a='1'>\"it\" & \u96ea \U0001f431</b> ]]> &amp; \ufffe\uffff \x01\x1b\x7f\x85 tab\there\nmax_abs: 0\r\n[[ATTACHMENT|x]]"


def report(shell, code, *arguments):
    """(the report's bytes, as a Python reader has it) of a run."""
    shell.regress("run", "suite", "--junit", "report.xml", *arguments, code=code)
    path = shell.folder / "report.xml"
    return path.read_bytes(), junitparser.JUnitXml.fromfile(str(path))


def all_verdicts(shell):
    """A suite with a case of every verdict."""
    suite = shell.approved("--max-abs", 3)
    shell.alter_reference(CASE, with_pixel)
    for name in ("new", "broken", "lost", "shrunk"):
        shutil.copytree(suite / "cases" / DOG, suite / "cases" / name)
    shutil.rmtree(suite / "cases/new/ref")
    (suite / "cases/broken/input.png").write_bytes(b"nothing")
    (suite / "cases/lost/case.json").unlink()
    shell.alter_reference("shrunk", lambda pixels: pixels[:40])
    return suite


def test_the_schema_allows_a_report_with_every_verdict(shell):
    all_verdicts(shell)
    xml, _ = report(shell, FILE)
    assert problems(xml) == []
    assert xml.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n')


def test_a_reader_finds_every_verdict_and_the_right_counts(shell):
    all_verdicts(shell)
    _, read = report(shell, FILE)
    (suite,) = read
    assert suite.name == "suite"
    for counted in (read, suite):
        assert (counted.tests, counted.failures, counted.errors) == (6, 4, 1)
    cases = {case.name: case for case in suite}
    assert len(cases) == len(list(suite)) == 6 and all(case.classname == "suite" for case in cases.values())
    assert cases[DOG].is_passed
    (error,) = cases["broken"].result
    assert isinstance(error, junitparser.Error) and error.type == "error" and "broken/input.png" in error.message
    said = {CASE: ("fail", "max_abs 40 is above 3, worst pixel 40 of 255 (G at 10, 20)"), "shrunk": ("fail", "the picture is 64x48, not 64x40"),
            "new": ("new", "nothing is approved yet"), "lost": ("orphan", "no case.json")}  # fmt: skip
    for name, (kind, words) in said.items():
        (failure,) = cases[name].result
        assert isinstance(failure, junitparser.Failure) and failure.type == kind, name
        assert words in failure.message and failure.text == failure.message


def test_a_report_of_what_passes_counts_no_failure(shell):
    shell.approved()
    xml, read = report(shell, OK)
    assert problems(xml) == [] and (read.tests, read.failures, read.errors) == (2, 0, 0)
    xml, read = report(shell, OK, "--filter", "cat*")
    assert problems(xml) == [] and (read.tests, read.failures, read.errors) == (1, 0, 0)


def test_what_was_measured_and_the_pictures_are_with_their_case(shell):
    all_verdicts(shell)
    region = {"name": "nose", "rectangle": [8, 16, 8, 8], "limits": {"max_abs": 30, "ssim": 0.5}}
    shell.change(f"cases/{CASE}/case.json", regions=[region], limits={"mean_abs": 1, "flip": 0.5})
    _, read = report(shell, FILE)
    (suite,) = read
    cases = {case.name: case for case in suite}
    (failure,) = cases[CASE].result
    assert failure.message == "nose: max_abs 40 is above 30, worst pixel 40 of 255 (G at 10, 20)"
    lines = cases[CASE].system_out.rstrip("\n").split("\n")
    pictures = [line.removeprefix("[[ATTACHMENT|").removesuffix("]]") for line in lines[:2]]
    assert pictures == [f"suite/runs/last/{CASE}.png", f"suite/cases/{CASE}/ref/cpu-float32.png"]
    assert all((shell.folder / path).is_file() for path in pictures)
    said = dict(line.split(": ", 1) for line in lines[2:])
    assert said["instruction"] == "make it snow" and said["max_abs"] == "0" and float(said["flip_found"]) == 0
    assert said["nose max_abs"] == "40" and said["nose worst_pixel"] == "G at 10, 20"
    assert 0 < float(said["nose ssim_found"]) < 1
    assert "[[ATTACHMENT" not in cases["broken"].system_out


def test_no_words_break_it_or_pretend_to_be_others(shell):
    shell.approved("--max-abs", 3)
    shell.alter_reference(CASE, with_pixel)
    region = {"name": HOSTILE, "rectangle": [8, 16, 8, 8], "limits": {"max_abs": 30}}
    shell.change(f"cases/{CASE}/case.json", instruction=HOSTILE, regions=[region])
    xml, read = report(shell, NO)
    assert problems(xml) == []
    (suite,) = read
    (case,) = (case for case in suite if case.name == CASE)
    lines = case.system_out.split("\n")
    kept = HOSTILE.replace("\n", " ")
    for lost in "\ufffe\uffff\x01\x1b\r":
        kept = kept.replace(lost, "\ufffd")
    assert f"instruction: {kept}" in lines and any(line.startswith(f"{kept} max_abs: ") for line in lines), lines
    assert [line for line in lines if line.startswith("[[ATTACHMENT")] == lines[:2]
    assert "max_abs: 0" not in lines, "other words make another picture"


def test_a_folder_whose_name_is_no_utf8(shell):
    shell.approved()
    strange = b"su\xff<&>\xc3\xa9"
    (shell.folder / "suite").rename(shell.folder.joinpath("x").with_name(strange.decode(errors="surrogateescape")))
    command = [shell.program, b"regress", b"run", strange, b"--junit", b"report.xml"]
    result = subprocess.run(command, cwd=shell.folder, env=shell.environment, capture_output=True)
    assert result.returncode == OK, result.stderr
    xml = (shell.folder / "report.xml").read_bytes()
    assert problems(xml) == []
    (suite,) = junitparser.JUnitXml.fromstring(xml)
    assert suite.name == "su\ufffd<&>\u00e9" and suite.tests == 2


def test_a_report_that_cannot_be_written_is_said_before_anything_is_made(shell):
    suite = shell.approved()
    shutil.rmtree(suite / "runs")
    for path in ("no/folder.xml", "suite"):
        out, log = shell.regress("run", "suite", "--junit", path, code=FILE)
        assert out == "" and log.count("\n") == 1 and path in log
    assert not (suite / "runs").exists()


WRONG = {
    "a root that is none": "<report/>",
    "properties of a case": '<testsuite name="s" tests="1" failures="0" errors="0"><testcase name="c"><properties/></testcase></testsuite>',
    "a suite without counts": '<testsuites><testsuite name="s" tests="0" failures="0"/></testsuites>',
    "a case without a name": '<testsuite name="s" tests="1" failures="0" errors="0"><testcase classname="c"/></testsuite>',
    "an attribute too many": '<testsuites><testsuite name="s" tests="0" failures="0" errors="0" passed="0"/></testsuites>',
    "a time that is none": '<testsuites time="1 s"/>',
    "text between cases": '<testsuite name="s" tests="0" failures="0" errors="0">x</testsuite>',
    "a case outside of suites": '<testsuites><testcase name="c"/></testsuites>',
    "markup in output": '<testsuite name="s" tests="0" failures="0" errors="0"><system-out><b/></system-out></testsuite>',
    "a property without a value": '<testsuite name="s" tests="0" failures="0" errors="0"><properties><property name="n"/></properties></testsuite>',
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_the_rules_refuse(what):
    assert problems(WRONG[what].encode()) != []


def test_the_rules_allow_what_others_write():
    """A report of pytest without its properties, and one with all that there is."""
    everything = (
        '<testsuites name="n" time="1.5"><testsuite name="s" tests="2" failures="1" errors="0" skipped="0" time="12.345" '
        'timestamp="t" hostname="h"><properties><property name="a" value="b"/></properties><testcase name="c" time="1"'
        ' classname="k"><failure type="t" message="m">x</failure><system-out>y</system-out><system-err/></testcase>'
        '<testcase name="d"><rerunFailure type="t"><stackTrace/></rerunFailure></testcase><system-out/></testsuite></testsuites>'
    )
    assert problems(everything.encode()) == []


def test_the_rules_refuse_what_is_no_xml():
    with pytest.raises(ElementTree.ParseError):
        problems(b"<testsuites>")
