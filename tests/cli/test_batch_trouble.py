"""`ip2p batch` when disks fill, files vanish and folders cannot be read: nothing lost, nothing half-written."""

import json
import os
import subprocess

import pytest
from batch_folder import FILE, NO, OK, QUICK, WORDS, batch  # noqa: F401 (a fixture)
from PIL import Image
from small_disk import small_disk, without_privileges

DAMAGE = [
    b"",
    b"no picture at all",
    b"\x89PNG\r\n\x1a\nbroken",
    b"\xff\xd8\xff\xe0\x00\x10JFIF",
    b"RIFF\x00\x00\x00\x00WEBP",
]


def whole_pictures(folder):
    """Names of the PNG files below a folder, each of which must decode to its end."""
    for path in folder.rglob("*.png"):
        with Image.open(path) as picture:
            picture.load()
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.png"))


def test_a_full_disk_loses_nothing(batch):
    names = batch.make_inputs(60, sizes=((64, 64),))
    arguments = ["--edit", WORDS, "--batch-size", 1, *QUICK]
    batch.run("in", "-o", "whole", *arguments)
    with small_disk(batch.folder / "out", "200k") as disk:
        process = batch.start("in", "-o", "out", *arguments)
        _, log = process.communicate(timeout=120)
        assert process.returncode == FILE and "No space left" in log, log
        there = whole_pictures(disk.folder)
        assert 0 < len(there) < 60
        known = {line["output"] for line in batch.results().values() if line["status"] == "done"}
        assert known <= set(there)
        disk.grow("50m")
        batch.run("in", "-o", "out", *arguments)
        assert whole_pictures(disk.folder) == names == batch.files() == sorted(batch.results())
        for name in names:
            assert (disk.folder / name).read_bytes() == (batch.folder / "whole" / name).read_bytes(), name


def test_half_of_a_thousand_pictures_are_damaged(batch):
    names = batch.make_inputs(1000, sizes=((32, 32),))
    damaged = names[::2]
    for number, name in enumerate(damaged):
        path = batch.folder / "in" / name
        whole = path.read_bytes()
        kind = number % (len(DAMAGE) + 1)
        path.write_bytes(DAMAGE[kind] if kind < len(DAMAGE) else whole[: len(whole) // 2])
    out, log = batch.run("in", "-o", "out", "--edit", WORDS, "--steps", 1, "--device", "cpu", code=NO)
    assert "500 done, 500 failed (file: 500)" in log, log[-500:]
    assert len(out.split()) == 500 and whole_pictures(batch.folder / "out") == sorted(set(names) - set(damaged))
    results = batch.results()
    assert sorted(results) == names
    for name in damaged:
        assert results[name]["status"] == "failed" and name in results[name]["error"]
    out, log = batch.run("in", "-o", "out", "--edit", WORDS, "--steps", 1, "--device", "cpu", code=NO)
    assert out == "" and "500 done before" in log and "500 failed before" in log


def test_a_picture_that_vanishes_while_the_others_are_made(batch):
    names = batch.make_inputs(80, sizes=((32, 32),))
    process = batch.start("in", "-o", "out", "--edit", WORDS, "--batch-size", 1, *QUICK)
    process.stdout.readline()
    (batch.folder / "in" / names[-1]).unlink()
    _, log = process.communicate(timeout=120)
    assert process.returncode == NO and log.count("\n") == 1 and names[-1] in log, log
    results = batch.results()
    assert [name for name in names if results[name]["status"] == "failed"] == [names[-1]]
    assert batch.files() == names[:-1]


def run_without_privileges(batch, *arguments):
    command = without_privileges(batch.command(*arguments))
    return subprocess.run(command, cwd=batch.folder, env=batch.environment, capture_output=True, text=True)


def test_a_folder_that_may_not_be_read(batch):
    batch.make_inputs(2)
    batch.make_inputs(2, "in/closed")
    os.chmod(batch.folder / "in/closed", 0)
    try:
        result = run_without_privileges(batch, "in", "-o", "out", "--recursive", "--edit", WORDS, *QUICK)
        assert result.returncode == NO and result.stderr.count("\n") == 1, result.stderr
        assert "in/closed" in result.stderr and "Permission denied" in result.stderr
        assert batch.files() == ["0000.png", "0001.png"], "the others are made"
    finally:
        os.chmod(batch.folder / "in/closed", 0o700)


def test_a_picture_that_may_not_be_read(batch):
    names = batch.make_inputs(3)
    os.chmod(batch.folder / "in" / names[1], 0)
    result = run_without_privileges(batch, "in", "-o", "out", "--edit", WORDS, *QUICK)
    assert result.returncode == NO and names[1] in result.stderr and "Permission denied" in result.stderr
    assert batch.files() == [names[0], names[2]]


def test_a_folder_that_may_not_be_written(batch):
    batch.make_inputs(2)
    (batch.folder / "out").mkdir(mode=0o500)
    result = run_without_privileges(batch, "in", "-o", "out", "--edit", WORDS, *QUICK)
    assert result.returncode == FILE and '"out' in result.stderr and "Permission denied" in result.stderr
    assert list((batch.folder / "out").iterdir()) == []


def test_three_shards_of_a_thousand_are_the_whole(batch):
    names = batch.make_inputs(1000, sizes=((32, 32),))
    arguments = ["--edit", WORDS, "--steps", 1, "--device", "cpu", "--quiet", "--batch-size", 1]
    for number in (1, 2, 3):
        batch.run("in", "-o", "out", *arguments, "--shard", f"{number}/3")
    shards = [set(batch.results(name=f"results-{number}-of-3.jsonl")) for number in (1, 2, 3)]
    assert sum(map(len, shards)) == 1000 and set.union(*shards) == set(names)
    assert all(250 <= len(shard) <= 420 for shard in shards)
    out, _ = batch.run("--merge-results", "out", "--json", code=OK)
    assert json.loads(out)["results"] == 1000
    batch.run("in", "-o", "whole", *arguments)
    for name in names:
        assert (batch.folder / "out" / name).read_bytes() == (batch.folder / "whole" / name).read_bytes(), name
