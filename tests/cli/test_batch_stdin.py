"""`ip2p batch -`: a worker for other programs, which waits for an answer to every line."""

import contextlib
import json
import queue
import signal
import subprocess
import threading

import pytest
from batch_folder import FILE, INTERRUPTED, NO, OK, QUICK, WORDS, batch  # noqa: F401 (a fixture)
from small_disk import small_disk


class Worker:
    """A running batch that is spoken to line by line."""

    def __init__(self, batch, *more):
        self.process = batch.start("-", "-o", "out", "--edit", WORDS, "--json", *QUICK, *more, stdin=-1)
        self.answers = queue.Queue()
        self.listener = threading.Thread(target=self.listen)
        self.listener.start()

    def listen(self):
        for line in self.process.stdout:
            self.answers.put(json.loads(line))

    def ask(self, line):
        self.process.stdin.write((line if isinstance(line, str) else json.dumps(line)) + "\n")
        self.process.stdin.flush()
        return self.answers.get(timeout=60)

    def end(self):
        self.process.stdin.close()
        code = self.process.wait(timeout=60)
        return code, self.process.stderr.read()

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.listener.join()
        for pipe in (self.process.stdout, self.process.stderr):
            pipe.close()
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()


@pytest.fixture
def worker(batch):
    started = []

    def start(*more):
        started.append(Worker(batch, *more))
        return started[-1]

    yield start
    for each in started:
        each.stop()


def test_stdin_is_a_worker(batch):
    batch.make_inputs(3)
    lines = ["in/0000.png", json.dumps({"input": "in/0001.png", "instruction": "at night", "seed": 9})]
    process = batch.start("-", "-o", "out", "--edit", WORDS, "--json", *QUICK, stdin=-1)
    try:
        for number, line in enumerate(lines):
            process.stdin.write(line + "\n")
            process.stdin.flush()
            result = json.loads(process.stdout.readline())  # before the next line is sent
            assert result["output"] == f"in/000{number}.png" and result["status"] == "done"
        process.communicate(timeout=60)
        assert process.returncode == OK
    finally:
        process.kill()


def test_every_line_has_an_answer(batch, worker):
    batch.make_inputs(2)
    asked = worker()
    first = asked.ask("in/0000.png")
    assert first["status"] == "done" and first["path"] == "out/in/0000.png" and "before" not in first
    again = asked.ask("in/0000.png")
    assert again["status"] == "done" and again["before"] is True and again["output"] == first["output"]
    for wrong in ('{"input":}', '{"input": "in/0000.png", "instruktion": "x"}', '{"input": "a", "sampler": "x"}'):
        refused = asked.ask(wrong)
        assert refused["status"] == "failed" and refused["kind"] == "usage" and "stdin line" in refused["error"]
    missing = asked.ask("in/none.png")
    assert missing["status"] == "failed" and missing["kind"] == "file"
    assert asked.ask("in/0001.png")["status"] == "done"
    code, log = asked.end()
    assert code == NO and log.count("warning") == 4, log

    restarted = worker()
    assert restarted.ask("in/0001.png")["before"] is True
    failed = restarted.ask("in/none.png")
    assert failed["status"] == "failed" and failed["before"] is True
    assert restarted.end()[0] == NO


def test_lines_of_one_output_follow_each_other(batch):
    batch.make_inputs(1)
    jobs = [{"input": "in/0000.png", "instruction": words, "output": "x.png"} for words in ("a", "b", "a", "a")]
    out, _ = batch.run("-", "-o", "out", "--json", *QUICK, stdin="".join(json.dumps(job) + "\n" for job in jobs))
    said = [json.loads(line) for line in out.splitlines()]
    assert [(each["instruction"], each["status"], "before" in each) for each in said] == [
        ("a", "done", False), ("b", "done", False), ("a", "done", False), ("a", "done", True),
    ]  # fmt: skip
    assert batch.results()["x.png"]["instruction"] == "a"


def test_what_find_finds_of_its_own_outputs_is_left_out(batch):
    batch.make_inputs(2)
    (batch.folder / "in/edited").mkdir()
    lines = "./0000.png\n./0001.png\n"
    for names in (lines, lines + "./edited/0000.png\n./edited/0001.png\n"):
        command = batch.command("-", "-o", "edited", "--edit", WORDS, *QUICK)
        result = subprocess.run(
            command, cwd=batch.folder / "in", env=batch.environment, input=names, capture_output=True, text=True
        )
        assert result.returncode == OK, result.stderr
    assert batch.outputs("in/edited") == ["0000.png", "0001.png"]


def test_a_run_that_must_end_does_not_wait_for_the_next_line(batch, worker):
    batch.make_inputs(1)
    asked = worker("--max-failures", 1)
    assert asked.ask("in/none.png")["status"] == "failed"
    assert asked.process.wait(timeout=20) == NO

    asked = worker()
    assert asked.ask("in/0000.png")["status"] == "done"
    asked.process.send_signal(signal.SIGTERM)
    assert asked.process.wait(timeout=20) == INTERRUPTED


def test_a_full_disk_ends_a_worker(batch, worker):
    batch.make_inputs(40, sizes=((64, 64),))
    with small_disk(batch.folder / "out", "64k"):
        asked = worker()
        for number in range(40):
            try:
                asked.process.stdin.write(f"in/{number:04}.png\n")
                asked.process.stdin.flush()
            except BrokenPipeError:
                break
        assert asked.process.wait(timeout=60) == FILE
        assert "No space left" in asked.process.stderr.read()
