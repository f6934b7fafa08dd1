"""A batch that is killed is finished by the next run: nothing lost, doubled or half-written."""

import random
import signal
import time

import pytest
from batch_folder import FILE, INTERRUPTED, QUICK, WORDS, batch  # noqa: F401 (a fixture)

ITEMS, KILLS = 500, 200


@pytest.mark.slow
def test_killed_two_hundred_times(batch):
    names = batch.make_inputs(ITEMS, sizes=((32, 32), (24, 32)))
    arguments = ["in", "-o", "out", "--edit", WORDS, "--batch-size", 1, *QUICK]
    batch.run("in", "-o", "whole", *arguments[3:])
    moments = random.Random(0)
    kills, made = 0, []
    while kills < KILLS:
        process = batch.start(*arguments)
        lines = moments.choice([0, 0, 1, 2, 3, 4])  # on average as many as leave something to do for every kill
        for _ in range(lines):
            made.append(process.stdout.readline().strip())
        time.sleep(moments.uniform(0, 0.6 if lines == 0 else 0.03))
        process.send_signal(signal.SIGKILL)
        out, _ = process.communicate()
        made += out.split()
        assert process.returncode == -signal.SIGKILL, "the run ended before it was killed"
        kills += 1
    made += batch.run(*arguments)[0].split()
    assert len(made) == len(set(made)), "a picture that was said to be done was made again"
    assert batch.files() == names, "files that are no outputs were left"
    results = batch.results()
    assert sorted(results) == names and all(line["status"] == "done" for line in results.values())
    for name in names:
        assert (batch.folder / "out" / name).read_bytes() == (batch.folder / "whole" / name).read_bytes(), name


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly_and_the_next_run_goes_on(batch, number):
    names = batch.make_inputs(60, sizes=((32, 32),))
    arguments = ["in", "-o", "out", "--edit", WORDS, *QUICK]
    process = batch.start(*arguments)
    for _ in range(3):
        process.stdout.readline()
    process.send_signal(number)
    _, log = process.communicate(timeout=60)
    assert process.returncode == INTERRUPTED and "goes on from there" in log, log
    done = batch.outputs()
    assert 3 <= len(done) < 60 and batch.files() == done == sorted(batch.results())
    out, _ = batch.run(*arguments)
    assert len(out.split()) == 60 - len(done) and batch.outputs() == names


def test_a_second_process_is_refused(batch):
    batch.make_inputs(3, sizes=((32, 32),))
    arguments = ["in", "-o", "out", "--edit", WORDS, *QUICK, "--steps", 300, "--batch-size", 1]
    first = batch.start(*arguments)
    try:
        first.stdout.readline()
        _, log = batch.run(*arguments, code=FILE)
        assert "another process" in log and '"out"' in log, log
    finally:
        first.kill()
        first.communicate()
    batch.run(*arguments)
    assert len(batch.results()) == 3
