"""`ip2p regress calibrate`: what it says was measured was measured."""

import json
import shutil

from suite_shell import CASE, SuiteShell


def together(shell, folder):
    """{a picture's name: how many were edited together} of a variant, from the log of its run."""
    lines = (shell.folder / f"suite/runs/calibrate/{folder}/results.jsonl").read_text().splitlines()
    return {result["output"]: result["together"] for result in map(json.loads, lines)}


def calibrated(shell, *arguments):
    found = json.loads(shell.regress("calibrate", "suite", "--json", *arguments)[0])
    return {each["name"]: (number, each) for number, each in enumerate(found["variants"], 1)}


def test_batches_are_full_of_cases_that_can_be_edited_together(shell: SuiteShell):
    """Three cases of which no two are alike, two that are, and one alone."""
    suite = shell.approved()
    for name, steps in ("three", 3), ("four", 4), ("four-again", 4):
        shutil.copytree(suite / "cases" / CASE, suite / "cases" / name)
        shell.change(f"cases/{name}/case.json", steps=steps, seed=steps)
    shell.change("cases/dog-make-it-snow/case.json", steps=5)
    for chosen, cases in ([], 5), (["--filter", CASE], 1):
        variants = calibrated(shell, *chosen)
        for size in (2, 4, 8):
            number, variant = variants[f"batches of {size}"]
            assert variant["pictures"] == cases
            made = together(shell, number)
            assert set(made.values()) == {size} and f"{CASE}.png" in made, made
            # No more than fill the last batch of each kind.
            assert len(made) == (size if chosen else 4 * size)
        assert all(each["pictures"] == cases for _, each in variants.values())
    assert {path.name for path in (suite / "cases").iterdir()} == {CASE, "dog-make-it-snow", "three", "four", "four-again"}


def test_the_last_seed_there_is(shell: SuiteShell):
    shell.approved()
    shell.change(f"cases/{CASE}/case.json", seed=2**64 - 1)
    assert calibrated(shell, "--filter", CASE)["batches of 4"][1]["pictures"] == 1
