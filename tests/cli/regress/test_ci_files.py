"""The CI files of docs/ci, run line by line as their systems would, but for what they fetch."""

import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml
from linked_libraries import ROOT
from suite_shell import CASE, SuiteShell, with_pixel

pytestmark = pytest.mark.slow


@pytest.fixture
def repository(ip2p, tiny_bundle, tmp_path, photograph, tarball):
    """What a user's repository holds: a suite, a model and the tarball; and a PATH whose pip fetches nothing."""
    folder = tmp_path / "repository"
    folder.mkdir()
    shell = SuiteShell(ip2p, tiny_bundle, folder, photograph)
    shell.approved("--max-abs", 8)
    shutil.copytree(tiny_bundle("sd1"), folder / "model")
    shutil.copy(tarball, folder / "ip2p.tar.gz")
    (tmp_path / "bin").mkdir()
    for name, words in {"pip": "exit 0", "python3": f'exec "{sys.executable}" "$@"'}.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{words}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    return shell


def bash(script, folder, environment):
    """The exit code."""
    words = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(words, cwd=folder, env=environment, timeout=300).returncode


def on_github(folder):
    """The exit code of the first step that fails; steps that always run are GitHub's own."""
    job = yaml.safe_load((ROOT / "docs/ci/github-actions.yml").read_text())["jobs"]["edits"]
    home, added = folder.parent, folder.parent / "added-to-path"
    path = f"{home}/bin:/usr/bin:/bin"
    for step in (each for each in job["steps"] if "run" in each):
        environment = {"PATH": path, "HOME": str(home), "GITHUB_PATH": str(added), **job["env"]}
        code = bash(step["run"], folder, environment)
        if code != 0:
            return code
        path = ":".join([*(added.read_text().split() if added.exists() else []), path])
    return 0


def on_gitlab(folder):
    """The exit code; before_script and script are one shell there."""
    job = yaml.safe_load((ROOT / "docs/ci/gitlab-ci.yml").read_text())["edits"]
    variables = {name: value.replace("$CI_PROJECT_DIR", str(folder)) for name, value in job["variables"].items()}
    path = f"{folder.parent}/bin:/usr/bin:/bin"
    environment = {"PATH": path, "HOME": str(folder.parent), "CI_PROJECT_DIR": str(folder), **variables}
    return bash("\n".join([*job["before_script"], *job["script"]]), folder, environment)


@pytest.mark.parametrize("system", [on_github, on_gitlab])
def test_a_suite_passes_and_fails_with_its_reports_kept(repository, system):
    assert system(repository.folder) == 0
    repository.alter_reference(CASE, with_pixel)
    assert system(repository.folder) == 1
    suites = ElementTree.parse(repository.folder / "edits.xml").getroot()
    assert (suites.get("tests"), suites.get("failures")) == ("2", "1")
    assert (repository.folder / "edits-report/index.html").is_file()
    assert (repository.folder / f"suite/runs/last/{CASE}.png").is_file()


def test_what_is_kept_is_what_is_written():
    github = yaml.safe_load((ROOT / "docs/ci/github-actions.yml").read_text())["jobs"]["edits"]["steps"]
    gitlab = yaml.safe_load((ROOT / "docs/ci/gitlab-ci.yml").read_text())["edits"]["artifacts"]
    kept = {Path(line).as_posix() for line in github[-1]["with"]["path"].split()}
    assert kept == {Path(line).as_posix() for line in gitlab["paths"]} == {"edits.xml", "edits-report", "suite/runs/last"}
    assert github[-1]["if"] == "always()" and gitlab["when"] == "always" and gitlab["reports"]["junit"] == "edits.xml"
