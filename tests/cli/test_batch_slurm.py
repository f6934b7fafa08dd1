"""The Slurm file of docs/clusters.md, submitted to a real Slurm."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from batch_folder import NO, batch, difference  # noqa: F401 (a fixture)
from slurm import slurm  # noqa: F401 (a fixture)

PAGE = Path(__file__).parents[2] / "docs/clusters.md"
PICTURES = 1000

pytestmark = pytest.mark.slow


def documented_file():
    (text,) = re.findall(r"^```\w*\n(#!/bin/bash\n#SBATCH .*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    return text


def with_array(text, array):
    text, count = re.subn(r"(?m)^#SBATCH --array=.*$", f"#SBATCH --array={array}", text)
    assert count == 1, text
    return text


def make_jobs(batch):
    """jobs.jsonl, for quick edits of small pictures; the outputs' names."""
    names = batch.make_inputs(PICTURES, sizes=((32, 32),))
    jobs = [{"input": f"in/{name}", "output": name, "steps": 1} for name in names]
    (batch.folder / "jobs.jsonl").write_text("".join(json.dumps(job) + "\n" for job in jobs))
    return names


def submit(slurm, batch, text, tasks):
    """Has Slurm do a file, with the program in the PATH; each task must end well."""
    (batch.folder / "snow.sh").write_text(text)
    path = os.pathsep.join([str(Path(batch.program).parent), slurm.environment["PATH"]])
    ended = slurm.run("snow.sh", batch.folder, PATH=path, IP2P_MODEL=str(batch.bundle))
    said = "".join(file.read_text() for file in batch.folder.glob("slurm-*.out"))
    assert {number: task["JobState"] for number, task in ended.items()} == dict.fromkeys(tasks, "COMPLETED"), said


def shard_outputs(batch, number):
    return set(batch.results("edited", f"results-{number}-of-3.jsonl"))


def merged(batch, **more):
    out, _ = batch.run("--merge-results", "edited", "--json", **more)
    keys = ("results", "failed", "missing", "shards", "of_shards", "unfinished_shards")
    return {key: json.loads(out)[key] for key in keys}


def test_the_documented_array_is_the_whole_and_one_part_can_be_made_again(slurm, batch):
    names = make_jobs(batch)
    submit(slurm, batch, with_array(documented_file(), "1-3"), tasks=[1, 2, 3])
    shards = [shard_outputs(batch, number) for number in (1, 2, 3)]
    assert all(shards) and sum(map(len, shards)) == len(names) and set.union(*shards) == set(names)
    assert batch.outputs("edited") == names
    whole = {
        "results": len(names), "failed": 0, "missing": 0, "shards": 3, "of_shards": 3, "unfinished_shards": [],
    }  # fmt: skip
    assert merged(batch) == whole

    # The second part is lost, and the merged results still name it.
    lost, folder = shards[1], batch.folder / "edited"
    kept = shutil.copytree(folder, batch.folder / "kept")
    for name in [*lost, "results-2-of-3.jsonl"]:
        (folder / name).unlink()
    said = merged(batch, code=NO)
    assert said["missing"] == len(lost) and said["unfinished_shards"] == [2]

    # As the page says: an array of one, and the part by its name.
    times = {name: (folder / name).stat().st_mtime_ns for name in set(names) - lost}
    submit(slurm, batch, with_array(documented_file(), "2").rstrip() + " --shard 2/3\n", tasks=[2])
    assert shard_outputs(batch, 2) == lost and batch.outputs("edited") == names
    assert times == {name: (folder / name).stat().st_mtime_ns for name in times}, "another part was made again"
    assert all(difference(folder / name, kept / name) <= 1 for name in lost)
    assert merged(batch) == whole
