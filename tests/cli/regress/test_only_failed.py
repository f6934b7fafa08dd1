"""`ip2p regress run` of some cases: what was found of the others is neither forgotten nor made up."""

import json
from xml.etree import ElementTree

from suite_shell import CASE, NO, OK, USAGE, with_pixel

DOG = "dog-make-it-snow"


def run_record(shell):
    return json.loads((shell.folder / "suite/runs/last/run.json").read_text())


def both_altered(shell):
    """A suite whose two cases fail."""
    suite = shell.approved("--max-abs", 3)
    for case in (CASE, DOG):
        shell.alter_reference(case, with_pixel)
    shell.regress("run", "suite", code=NO)
    return suite


def test_a_run_of_some_cases_does_not_forget_that_others_failed(shell):
    suite = both_altered(shell)
    picture = (suite / f"runs/last/{DOG}.png").read_bytes()
    out = shell.lines("run", "suite", "--filter", "cat*", "--json", "copy.json", code=NO)
    assert DOG not in out
    run = run_record(shell)
    assert [each["case"] for each in run["results"]] == [CASE] and [each["case"] for each in run["earlier"]] == [DOG]
    assert run["earlier"][0]["device"] == "cpu" and run["earlier"][0]["bundle"] == run["bundle"]
    assert json.loads((shell.folder / "copy.json").read_text()) == run
    out = shell.lines("run", "suite", "--only-failed", code=NO)
    assert out.count("fail ") == 2
    shell.regress("run", "suite", "--filter", "cat*", code=NO)
    shell.regress("run", "suite", "--filter", "cat*", code=NO)
    assert (suite / f"runs/last/{DOG}.png").read_bytes() == picture
    out, _ = shell.regress("approve", "suite", "--failed")
    assert out.count("replaces ") == 2 and (suite / f"cases/{DOG}/ref/cpu-float32.png").read_bytes() == picture
    shell.regress("run", "suite")
    assert "earlier" not in run_record(shell)


def test_what_is_kept_of_an_earlier_run_is_of_its_own_back_end(shell):
    both_altered(shell)
    shell.regress("run", "suite", "--filter", "cat*", "--dtype", "bfloat16", code=NO)
    out, _ = shell.regress("approve", "suite", "--failed")
    assert out.splitlines() == [
        f"adds suite/cases/{CASE}/ref/cpu-bfloat16.png",
        f"replaces suite/cases/{DOG}/ref/cpu-float32.png",
    ]
    assert f"pass {DOG}" in shell.lines("run", "suite", code=NO)
    assert f"pass {CASE}" in shell.lines("run", "suite", "--filter", "cat*", "--dtype", "bfloat16")


def test_a_case_that_is_gone_is_forgotten(shell):
    suite = both_altered(shell)
    (suite / f"cases/{DOG}").rename(shell.folder / "gone")
    shell.regress("run", "suite", "--filter", "cat*", code=NO)
    assert "earlier" not in run_record(shell)


def test_an_earlier_run_that_cannot_be_read_is_said_to_be_forgotten(shell):
    suite = both_altered(shell)
    (suite / "runs/last/run.json").write_text("{")
    _, log = shell.regress("run", "suite", "--filter", "cat*", code=NO)
    assert "warning" in log and "run.json" in log and "forgotten" in log, log
    assert "earlier" not in run_record(shell)


def test_only_failed_does_not_pass_over_orphans(shell):
    suite = shell.approved()
    (suite / f"cases/{DOG}/case.json").unlink()
    shell.regress("run", "suite", code=NO)
    out = shell.lines("run", "suite", "--only-failed", code=NO)
    assert "\n" not in out.strip() and out.startswith(f"orphan {DOG}: ")
    out = shell.lines("run", "suite", "--filter", "dog*", code=NO)
    assert "\n" not in out.strip() and out.startswith(f"orphan {DOG}: ")
    out = shell.lines("run", "suite", "--filter", "cat*", code=OK)
    assert "\n" not in out.strip() and out.startswith(f"pass {CASE}: ")
    out = shell.lines("run", "suite", "--only-failed", code=NO)
    assert out.startswith(f"orphan {DOG}: ")


def test_a_filter_that_nothing_fits_is_a_mistake_also_of_those_that_failed(shell):
    both_altered(shell)
    for more in ([], ["--only-failed"]):
        _, log = shell.regress("run", "suite", "--filter", "typo*", *more, code=USAGE)
        assert "no case" in log


def test_reports_are_written_when_nothing_had_failed(shell):
    suite = shell.approved()
    shell.regress("run", "suite")
    before = (suite / "runs/last/run.json").read_bytes()
    reports = ["--json", "copy.json", "--junit", "report.xml", "--html", "report"]
    _, log = shell.regress("run", "suite", "--only-failed", "--filter", "cat*", *reports)
    assert "nothing failed in the last run" in log
    assert json.loads((shell.folder / "copy.json").read_text())["results"] == []
    assert ElementTree.parse(shell.folder / "report.xml").getroot().get("tests") == "0"
    assert (shell.folder / "report/index.html").is_file()
    assert (suite / "runs/last/run.json").read_bytes() == before
