"""`ip2p regress run --repeat`, `--update-new`, `--json` and `ip2p regress calibrate`."""

import json
import subprocess

from PIL import Image
from suite_shell import CASE, NO, OPTIONS, SuiteShell, USAGE, with_pixel

DOG = "dog-make-it-snow"


def test_cases_are_made_several_times(shell: SuiteShell):
    suite = shell.approved("--max-abs", 3)
    _, log = shell.regress("run", "suite", "--repeat", 3, "--json", "run-copy.json")
    assert "made 3 times: every picture is equal each time" in log
    run = json.loads((shell.folder / "run-copy.json").read_text())
    assert run == json.loads((suite / "runs/last/run.json").read_text())
    assert [each["repeats"]["max_abs"] for each in run["results"]] == [0, 0]
    for number in (2, 3):
        assert (suite / f"runs/last/repeat-{number}/{CASE}.png").is_file()
    _, log = shell.regress("run", "suite", "--repeat", 0, code=USAGE)
    assert "--repeat" in log


def test_what_fails_ends_in_a_table(shell: SuiteShell):
    suite = shell.approved("--max-abs", 3, "--mean-abs", 0.001)
    shell.alter_reference(CASE, with_pixel)
    out, _ = shell.regress("run", "suite", code=NO)
    table = out[out.index("\n\n") + 2 :].splitlines()
    assert [line.split() for line in table] == [
        ["case", "verdict", "metric", "found", "limit"],
        [CASE, "fail", "max_abs", "40", "3"],
        [CASE, "fail", "mean_abs", "0.00434", "0.001"],
    ]
    out, _ = shell.regress("run", "suite", "--filter", "dog*")
    assert "verdict" not in out


def test_what_is_new_is_approved_and_nothing_else(shell: SuiteShell):
    suite = shell.approved("--max-abs", 3)
    shell.alter_reference(CASE, with_pixel)
    new = suite / "cases/dog-make-it-snow/ref/cpu-float32.png"
    new.unlink()
    kept = (suite / f"cases/{CASE}/ref/cpu-float32.png").read_bytes()
    out, _ = shell.regress("run", "suite", "--update-new", code=NO)
    assert "pass dog-make-it-snow: was new and is approved now" in out
    assert new.is_file() and (suite / f"cases/{CASE}/ref/cpu-float32.png").read_bytes() == kept
    run = json.loads((suite / "runs/last/run.json").read_text())
    assert {each["case"]: each["verdict"] for each in run["results"]} == {CASE: "fail", "dog-make-it-snow": "pass"}
    shell.regress("run", "suite", "--filter", "dog*")
    shell.regress("run", "suite", "--filter", "dog*", "--update-new")
    assert len((new.parent.parent / "approvals.jsonl").read_text().splitlines()) == 2


def test_what_has_no_limits_is_not_approved_as_new(shell: SuiteShell):
    shell.regress("init", "suite", "in", "--edit", "make it snow", *OPTIONS)
    shell.change("suite.json", limits={})
    shell.change(f"cases/{CASE}/case.json", limits={"max_abs": 0})
    out, _ = shell.regress("run", "suite", "--update-new", code=NO)
    assert f"pass {CASE}: was new and is approved now" in out
    assert f"fail {DOG}: was not approved: neither the case nor the suite has limits" in out
    assert not (shell.folder / f"suite/cases/{DOG}/ref").exists()


def test_what_could_not_pass_is_not_approved_as_new(shell: SuiteShell):
    suite = shell.approved("--max-abs", 3)
    for case in (CASE, DOG):
        (suite / f"cases/{case}/ref/cpu-float32.png").unlink()
    shell.change(f"cases/{DOG}/case.json", regions=[{"name": "nose", "rectangle": [0, 0, 65, 1], "limits": {"max_abs": 1}}])
    out, _ = shell.regress("run", "suite", "--update-new", code=USAGE)
    assert f"pass {CASE}: was new" in out and f"error {DOG}: was not approved: nose" in out
    assert not list((suite / f"cases/{DOG}/ref").iterdir())


class Disturbed:
    """A run of many repeats; when the first pictures are judged, the input of a case becomes another picture."""

    def __init__(self, shell, *arguments):
        command = [shell.program, "regress", "run", "suite", "--repeat", "40", *arguments]
        process = subprocess.Popen(
            command, cwd=shell.folder, env=shell.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.first = [process.stdout.readline(), process.stdout.readline()]
        changed = shell.folder / "changed.png"
        with Image.open(shell.folder / f"suite/cases/{CASE}/input.png") as picture:
            picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(changed)
        changed.replace(shell.folder / f"suite/cases/{CASE}/input.png")
        self.out, self.log = process.communicate()
        self.code = process.returncode


def test_a_repeat_that_differs_is_said_and_fails(shell: SuiteShell):
    suite = shell.approved("--max-abs", 3)
    run = Disturbed(shell)
    assert all(line.startswith("pass ") for line in run.first) and run.code == NO
    (line,) = (line for line in run.out.split("\n\n")[0].splitlines() if line.startswith("fail "))
    assert line.startswith(f"fail {CASE}: in repeat "), run.out
    number = int(line.split(":")[1].removeprefix(" in repeat "))
    assert "made 40 times: 1 of 2 cases are not equal each time" in run.log
    results = {each["case"]: each for each in json.loads((suite / "runs/last/run.json").read_text())["results"]}
    assert results[CASE]["picture"] == f"repeat-{number}/{CASE}.png" and results[CASE]["repeats"]["max_abs"] > 3
    assert results[DOG]["picture"] == f"{DOG}.png" and results[DOG]["repeats"]["max_abs"] == 0
    shell.regress("approve", "suite", "--failed")
    assert (suite / f"cases/{CASE}/ref/cpu-float32.png").read_bytes() == (suite / f"runs/last/repeat-{number}/{CASE}.png").read_bytes()


def test_every_repeat_of_a_new_case_is_held_against_the_first(shell: SuiteShell):
    shell.regress("init", "suite", "in", "--edit", "make it snow", *OPTIONS)
    run = Disturbed(shell, "--update-new")
    assert all(line.startswith("new ") for line in run.first) and run.code == NO
    assert f"fail {CASE}: in repeat " in run.out and f"pass {DOG}: was new and is approved now" in run.out
    assert not (shell.folder / f"suite/cases/{CASE}/ref").exists() and (shell.folder / f"suite/cases/{DOG}/ref").exists()


def test_limits_are_found_that_hold_here_and_not_for_another_edit(shell: SuiteShell):
    suite = shell.approved()
    before = (suite / "suite.json").read_bytes()
    out, _ = shell.regress("calibrate", "suite")
    names = [line.split("  ")[0] for line in out.splitlines()[: out.splitlines().index("")]]
    assert names[0] == "compared with cpu float32" and "batches of 8" in names and "cpu bfloat16" in names
    assert (suite / "suite.json").read_bytes() == before
    found = json.loads(shell.regress("calibrate", "suite", "--write", "--json")[0])
    same = [each for each in found["variants"] if not each["name"].startswith("cpu ")]
    assert all(each["pictures"] == 2 for each in found["variants"])
    assert found["limits"]["max_abs"] == 2 * max(each["max_abs"] for each in same) + 1
    assert found["cross_backend"]["max_abs"] > found["limits"]["max_abs"]
    written = json.loads((suite / "suite.json").read_text())
    assert written["limits"] == found["limits"] and written["cross_backend"] == found["cross_backend"]
    for arguments in ([], ["--batch-size", 8], ["--dtype", "bfloat16"]):
        shell.regress("run", "suite", *arguments)
    shell.change(f"cases/{CASE}/case.json", seed=1)
    shell.regress("run", "suite", "--filter", CASE, code=NO)
    _, log = shell.regress("calibrate", "suite", "--filter", "bird*", code=USAGE)
    assert "no case" in log
