"""`ip2p batch`: many pictures, each what `ip2p edit` makes of it."""

import json
import os

import pytest
from batch_folder import FILE, NO, OK, QUICK, USAGE, WORDS, batch, difference, pixels  # noqa: F401 (a fixture)
from PIL import Image

SAMPLERS = ["euler_a", "euler", "heun", "lms", "ddim", "pndm", "dpmpp_2m", "dpmpp_2m_karras", "unipc"]


def check_against_edit(batch, results, bound):
    for output, line in results.items():
        batch.edit(
            line["input"], "alone.png", line["instruction"], "--seed", line["seed"], "--steps", line["steps"],
            "--cfg-text", line["cfg_text"], "--cfg-image", line["cfg_image"], "--sampler", line["sampler"],
        )
        assert difference(batch.folder / "out" / output, batch.folder / "alone.png") <= bound, output


def test_a_folder(batch):
    names = batch.make_inputs(7)
    (batch.folder / "in/notes.txt").write_text("no picture")
    out, log = batch.run("in", "-o", "out", "--edit", WORDS, "--batch-size", 1, *QUICK)
    assert batch.outputs() == names
    assert sorted(out.split()) == sorted(f"out/{name}" for name in names)
    results = batch.results()
    assert sorted(results) == names and all(line["status"] == "done" for line in results.values())
    assert len({line["seed"] for line in results.values()}) == len(names), "items have seeds of their own"
    check_against_edit(batch, results, bound=0)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_pictures_that_are_edited_together_are_what_they_are_alone(batch, sampler):
    """Of three sizes inside the model; alone is what `ip2p edit` makes, to the bit."""
    names = batch.make_inputs(18, sizes=((48, 32), (96, 64), (64, 80)))
    arguments = ["in", "--edit", WORDS, "--sampler", sampler, "--steps", 3, "--device", "cpu", "--quiet"]
    batch.run(*arguments, "-o", "alone", "--batch-size", 1)
    alone = batch.results("alone")
    assert len({(line["model_width"], line["model_height"]) for line in alone.values()}) == 3
    for name in names[:3]:
        line = alone[name]
        batch.edit(f"in/{name}", "edit.png", WORDS, "--seed", line["seed"], "--steps", 3, "--sampler", sampler)
        assert difference(batch.folder / "alone" / name, batch.folder / "edit.png") == 0
    for size in (2, 5, 8, "auto"):
        batch.run(*arguments, "-o", f"by-{size}", "--batch-size", size)
        together = max(line["together"] for line in batch.results(f"by-{size}").values())
        assert size == "auto" or 1 < together <= size
        for name in names:
            assert difference(batch.folder / "alone" / name, batch.folder / f"by-{size}" / name) <= 1, (size, name)


def test_several_instructions_variations_and_folders(batch):
    batch.make_inputs(2)
    batch.make_inputs(1, "in/deep/er")
    batch.run("in", "-o", "out", "--recursive", "--edit", "make it snow", "--edit", "at night", "--count", 2, *QUICK)
    results = batch.results()
    assert len(results) == 3 * 2 * 2
    assert {line["instruction"] for line in results.values()} == {"make it snow", "at night"}
    assert sum(output.startswith("deep/er/") for output in results) == 4
    pictures = [pixels(batch.folder / "out" / output).tobytes() for output in results]
    assert len(set(pictures)) == len(pictures), "each is a picture of its own"


def test_order_and_company_do_not_matter(batch):
    names = batch.make_inputs(6)
    batch.run("in", "-o", "out", "--edit", WORDS, "--batch-size", 1, *QUICK)
    for name in reversed(names):
        batch.run(f"in/{name}", "-o", "one", "--edit", WORDS, *QUICK)
        assert (batch.folder / "one" / name).read_bytes() == (batch.folder / "out" / name).read_bytes()


def test_a_job_list(batch):
    batch.make_inputs(4)
    jobs = [
        {"input": "in/0000.png", "instruction": "make it snow", "seed": 5, "output": "a/snow.png"},
        {"input": "in/0001.png", "instruction": ["at night", "in fog"], "cfg_text": 3, "steps": 3},
        {"input": "in/0002.png", "sampler": "ddim", "count": 2},
    ]
    (batch.folder / "jobs.jsonl").write_text("".join(json.dumps(job) + "\n" for job in jobs))
    batch.run("--manifest", "jobs.jsonl", "-o", "out", "--edit", "by default", *QUICK)
    results = batch.results()
    assert len(results) == 5
    assert results["a/snow.png"]["seed"] == 5
    assert sorted(line["instruction"] for line in results.values()) == [
        "at night", "by default", "by default", "in fog", "make it snow",
    ]
    check_against_edit(batch, results, bound=1)


WRONG_LINES = {
    "an unknown key": ('{"input": "in/0000.png", "instruktion": "x"}', ["line 2", "instruktion"]),
    "a mask": ('{"input": "in/0000.png", "instruction": "x", "mask": "m.png"}', ["line 2", "mask"]),
    "no JSON": ('{"input": ', ["line 2", "JSON"]),
    "no input": ('{"instruction": "x"}', ["line 2", "input"]),
    "no instruction": ('{"input": "in/0000.png"}', ["line 2", "instruction"]),
    "a scale out of range": ('{"input": "in/0000.png", "instruction": "x", "cfg_text": 500}', ["line 2", "cfg_text"]),
    "outside": ('{"input": "in/0000.png", "instruction": "x", "output": "../x.png"}', ["..", "allow-outside"]),
    "an absolute path": ('{"input": "in/0000.png", "instruction": "x", "output": "/x.png"}', ["allow-outside"]),
}


@pytest.mark.parametrize("what", WRONG_LINES)
def test_a_job_list_that_is_wrong_is_refused_before_anything_is_done(batch, what):
    line, needles = WRONG_LINES[what]
    batch.make_inputs(1)
    good = '{"input": "in/0000.png", "instruction": "fine"}'
    (batch.folder / "jobs.jsonl").write_text(f"{good}\n{line}\n")
    _, log = batch.run("--manifest", "jobs.jsonl", "-o", "out", *QUICK, code=USAGE)
    assert log.startswith("ip2p: error: ") and log.count("\n") == 1, log
    for needle in needles:
        assert needle in log, log
    assert not (batch.folder / "out").exists()


def test_outputs_that_would_collide_are_found_first(batch):
    batch.make_inputs(2, "a")
    batch.make_inputs(2, "b")
    _, log = batch.run("a", "b", "-o", "out", "--edit", WORDS, *QUICK, code=USAGE)
    assert "a/000" in log and "b/000" in log and "--template" in log and not (batch.folder / "out").exists()


def test_a_dry_run_makes_nothing(batch):
    batch.make_inputs(3)
    out, _ = batch.run("in", "-o", "out", "--edit", WORDS, "--dry-run", *QUICK)
    assert "3" in out and "out/0000.png" in out and not (batch.folder / "out").exists()


def test_a_dry_run_says_what_is_left_and_how_long_it_takes(batch):
    names = batch.make_inputs(6)
    arguments = ["in", "-o", "out", "--edit", WORDS, *QUICK]

    def plan(*more):
        return json.loads(batch.run(*arguments, "--dry-run", "--json", *more)[0])

    assert plan()["to_do"] == 6 and plan()["estimated_seconds"] is None
    for number in (1, 3):
        (batch.folder / "in" / names[number]).write_bytes(b"nothing")
    batch.run(*arguments, code=NO)
    before = (batch.folder / "out/results.jsonl").read_bytes()
    (batch.folder / "out" / names[0]).unlink()
    said = plan()
    assert {key: said[key] for key in ("items", "done", "failed", "to_do")} == {
        "items": 6, "done": 3, "failed": 2, "to_do": 1,
    }  # fmt: skip
    assert said["first_outputs"] == [f"out/{names[0]}"]
    assert plan("--retry-failed")["to_do"] == 3 and plan("--no-resume")["to_do"] == 6
    step_s = [line["seconds"]["edit"] / 2 for line in batch.results().values() if line["status"] == "done"]
    assert said["estimated_seconds"] == pytest.approx(2 * sum(step_s) / len(step_s))
    out, _ = batch.run(*arguments, "--dry-run")
    assert "would make 1 of 6" in out and "3 are done" in out and "2 failed" in out and " s left" in out
    assert (batch.folder / "out/results.jsonl").read_bytes() == before


def test_a_dry_run_reads_stdin_too(batch):
    batch.make_inputs(2)
    out, _ = batch.run("-", "-o", "out", "--edit", WORDS, "--dry-run", *QUICK, stdin="in/0000.png\nin/0001.png\n")
    assert "would make 2 of 2" in out
    lines = '{"input": "in/0000.png", "output": "x.png"}\n{"input": "in/0001.png", "output": "x.png"}\n'
    out, _ = batch.run("-", "-o", "out", "--edit", WORDS, "--dry-run", *QUICK, stdin=lines)
    assert "would make 2 of 2" in out, "lines of one output follow each other"


def test_a_run_with_nothing_to_do_loads_no_model(batch):
    batch.make_inputs(2)
    arguments = ["in", "-o", "out", "--edit", WORDS, *QUICK]
    batch.run(*arguments)
    weights = batch.bundle / "unet.pt"
    hidden = weights.rename(weights.with_suffix(".hidden"))
    try:
        assert batch.run(*arguments) == ("", "")
    finally:
        hidden.rename(weights)


@pytest.mark.parametrize("where", [["--workers", 2], ["--devices", "cpu,cpu"], ["--devices", "cpu"]])
def test_several_workers_make_the_same_pictures(batch, where):
    names = batch.make_inputs(12)
    arguments = ["in", "--edit", WORDS, "--steps", 2, "--quiet", "--batch-size", 1]
    batch.run(*arguments, "-o", "one")
    batch.run(*arguments, "-o", "out", *where)
    for name in names:
        assert (batch.folder / "out" / name).read_bytes() == (batch.folder / "one" / name).read_bytes()


@pytest.mark.parametrize(
    "where, needle",
    [
        (["--devices", "cpu,gpu"], "gpu"),
        (["--devices", ""], 'device ""'),
        (["--devices", "cpu", "--device", "cpu"], "--device"),
        (["--workers", 0], "--workers"),
        (["--workers", 2, "--devices", "cpu,cpu"], "--workers"),
    ],
)
def test_devices_that_are_none(batch, where, needle):
    batch.make_inputs(1)
    _, log = batch.run("in", "-o", "out", "--edit", WORDS, "--steps", 2, *where, code=USAGE)
    assert log.startswith("ip2p: error: ") and log.count("\n") == 1 and needle in log, log


def test_a_second_run_has_nothing_to_do_and_a_changed_request_everything(batch):
    names = batch.make_inputs(4)
    batch.run("in", "-o", "out", "--edit", WORDS, *QUICK)
    before = {name: (batch.folder / "out" / name).stat().st_mtime_ns for name in names}
    out, _ = batch.run("in", "-o", "out", "--edit", WORDS, *QUICK)
    assert out == ""
    assert before == {name: (batch.folder / "out" / name).stat().st_mtime_ns for name in names}

    out, _ = batch.run("in", "-o", "out", "--edit", "at night", *QUICK)
    assert len(out.split()) == 4
    assert all(line["instruction"] == "at night" for line in batch.results().values())

    batch.photograph.crop((0, 0, 32, 32)).save(batch.folder / "in/0002.png")
    out, _ = batch.run("in", "-o", "out", "--edit", "at night", *QUICK)
    assert out.split() == ["out/0002.png"]

    out, _ = batch.run("in", "-o", "out", "--edit", "at night", "--no-resume", *QUICK)
    assert len(out.split()) == 4


def test_an_output_that_was_lost_is_made_again(batch):
    names = batch.make_inputs(3)
    batch.run("in", "-o", "out", "--edit", WORDS, *QUICK)
    (batch.folder / "out" / names[1]).unlink()
    out, _ = batch.run("in", "-o", "out", "--edit", WORDS, *QUICK)
    assert out.split() == [f"out/{names[1]}"] and batch.outputs() == names
    # A name without content is lost too, whoever left it so, and whenever.
    lost = batch.folder / "out" / names[2]
    lost.write_bytes(b"")
    os.utime(lost, (2_000_000_000, 2_000_000_000))
    out, _ = batch.run("--merge-results", "out", "--json", code=NO)
    assert json.loads(out)["missing_outputs"] == [names[2]]
    out, _ = batch.run("in", "-o", "out", "--edit", WORDS, *QUICK)
    assert out.split() == [f"out/{names[2]}"] and lost.stat().st_size > 0


def test_what_is_not_the_batchs_own_is_kept(batch):
    names = batch.make_inputs(2)
    (batch.folder / "out").mkdir()
    (batch.folder / "out" / names[0]).write_bytes(b"mine")
    _, log = batch.run("in", "-o", "out", "--edit", WORDS, *QUICK, code=NO)
    assert names[0] in log and (batch.folder / "out" / names[0]).read_bytes() == b"mine"
    assert names[0] not in batch.results(), "what is in the way is not what became of the picture"
    batch.run("in", "-o", "out", "--edit", WORDS, "--overwrite", *QUICK)
    assert (batch.folder / "out" / names[0]).read_bytes() != b"mine"


def test_one_inputs_output_is_not_replaced_by_anothers(batch):
    (name,) = batch.make_inputs(1, "a")
    batch.make_inputs(2, "b")
    batch.run("a", "-o", "out", "--edit", WORDS, *QUICK)
    before = (batch.folder / "out" / name).read_bytes()
    _, log = batch.run("b", "-o", "out", "--edit", WORDS, *QUICK, code=NO)
    assert "was made of another input" in log and "--overwrite" in log
    assert (batch.folder / "out" / name).read_bytes() == before
    batch.run("a", "-o", "out", "--edit", "at night", *QUICK)
    assert (batch.folder / "out" / name).read_bytes() != before, "another edit of the same input replaces it"


def test_an_output_that_somebody_changed_is_not_replaced(batch):
    (name,) = batch.make_inputs(1)
    batch.run("in", "-o", "out", "--edit", WORDS, *QUICK)
    path = batch.folder / "out" / name
    path.write_bytes(b"retouched")
    os.utime(path, (path.stat().st_atime, path.stat().st_mtime + 10))
    assert batch.run("in", "-o", "out", "--edit", WORDS, *QUICK)[0] == ""
    _, log = batch.run("in", "-o", "out", "--edit", "at night", *QUICK, code=NO)
    assert "was changed since" in log and path.read_bytes() == b"retouched"
    batch.run("in", "-o", "out", "--edit", "at night", "--overwrite", *QUICK)
    assert path.read_bytes() != b"retouched"


def test_a_picture_given_twice_is_made_once(batch):
    names = batch.make_inputs(2)
    out, _ = batch.run("in", *[f"in/{name}" for name in names], "-o", "out", "--edit", WORDS, *QUICK)
    assert sorted(out.split()) == [f"out/{name}" for name in names]


def test_an_edit_takes_one_value(batch):
    names = batch.make_inputs(2)
    out, _ = batch.run("-o", "out", "--edit", WORDS, f"in/{names[0]}", f"in/{names[1]}", *QUICK)
    assert len(out.split()) == 2 and {line["instruction"] for line in batch.results().values()} == {WORDS}
    _, log = batch.run("in", "-o", "out", "--edit", "--steps", 2, code=USAGE)
    assert '"--steps" is a flag' in log
    _, log = batch.run(f"in/{names[0]}", "-o", "out", "--edit", "make", "it", "snow", *QUICK, code=USAGE)
    assert '"it"' in log and "there is no" in log


def test_a_name_and_a_format_that_contradict(batch):
    batch.make_inputs(1)
    more = ["in", "-o", "out", "--edit", WORDS, *QUICK]
    _, log = batch.run(*more, "--template", "{stem}.jpg", "--format", "png", code=USAGE)
    assert "0000.jpg" in log and "--format" in log
    _, log = batch.run(*more, "--template", "{stem}.gif", code=USAGE)
    assert "gif" in log
    _, log = batch.run(*more, "--template", ".ip2p/{stem}.png", code=USAGE)
    assert ".ip2p" in log and not (batch.folder / "out").exists()
    out, _ = batch.run(*more, "--template", "{parent}/{stem}")
    assert out == "out/in/0000.png\n"


def test_a_list_beside_its_pictures(batch):
    batch.make_inputs(1)
    (batch.folder / "lists").mkdir()
    (batch.folder / "lists/jobs.jsonl").write_text('{"input": "../in/0000.png"}\n')
    out, _ = batch.run("--manifest", "lists/jobs.jsonl", "-o", "out", "--edit", WORDS, *QUICK)
    assert out == "out/in/0000.png\n"
    _, log = batch.run("lists/jobs.jsonl", "-o", "out", "--edit", WORDS, *QUICK, code=USAGE)
    assert "--manifest" in log


def test_an_instruction_that_is_too_long_is_said_to_be_cut(batch):
    batch.make_inputs(3)
    long = "make it snow " * 40
    _, log = batch.run("in", "-o", "out", "--edit", long, "--steps", 2, "--device", "cpu", "--quiet")
    assert log.count("left out") == 1


def test_a_dry_run_says_what_will_fail(batch):
    names = batch.make_inputs(3)
    (batch.folder / "out").mkdir()
    (batch.folder / "out" / names[0]).write_bytes(b"mine")
    (batch.folder / "jobs.jsonl").write_text("".join(f'{{"input": "in/{n}"}}\n' for n in [*names, "gone.png"]))
    out, _ = batch.run("--manifest", "jobs.jsonl", "-o", "out", "--template", "{stem}.png", "--edit", WORDS, "--dry-run",
                       "--json")  # fmt: skip
    said = json.loads(out)
    assert (said["to_do"], said["blocked"], said["absent"], said["replaced"]) == (4, 1, 1, 0)
    batch.run("--manifest", "jobs.jsonl", "-o", "out", "--template", "{stem}.png", "--edit", WORDS, *QUICK, code=NO)
    out, _ = batch.run("--manifest", "jobs.jsonl", "-o", "out", "--template", "{stem}.png", "--edit", "x", "--dry-run")
    assert "2 replace what an earlier run made" in out and "1 would fail: other files" in out and "no such input" in out


def test_nobody_reads_on(batch):
    batch.make_inputs(40, sizes=((32, 32),))
    process = batch.start("in", "-o", "out", "--edit", WORDS, "--batch-size", 1, *QUICK)
    process.stdout.readline()
    process.stdout.close()
    process.wait(timeout=60)
    with process.stderr:
        assert process.returncode == FILE and "nobody reads stdout" in process.stderr.read()
    assert len(batch.outputs()) < 40
    batch.run("in", "-o", "out", "--edit", WORDS, *QUICK)
    assert len(batch.outputs()) == 40


def test_no_input_is_replaced(batch):
    names = batch.make_inputs(2)
    before = [(batch.folder / "in" / name).read_bytes() for name in names]
    paths = [f"in/{name}" for name in names]
    _, log = batch.run(*paths, "-o", "in", "--edit", WORDS, "--overwrite", *QUICK, code=NO)
    assert log.count("its own input") == 2
    assert before == [(batch.folder / "in" / name).read_bytes() for name in names]


def test_failures_are_counted_and_tried_again_only_when_asked(batch):
    batch.make_inputs(10)
    for number in range(0, 10, 2):
        (batch.folder / f"in/000{number}.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    _, log = batch.run("in", "-o", "out", "--edit", WORDS, "--steps", 2, "--device", "cpu", code=NO)
    assert "5 done" in log and "5 failed (file: 5)" in log
    results = batch.results()
    assert sum(line["status"] == "failed" for line in results.values()) == 5
    assert len(batch.outputs()) == 5

    batch.photograph.crop((0, 0, 32, 32)).save(batch.folder / "in/0000.png")
    out, _ = batch.run("in", "-o", "out", "--edit", WORDS, *QUICK, code=NO)
    assert out.split() == ["out/0000.png"], "a file that changed is another request"
    out, log = batch.run("in", "-o", "out", "--edit", WORDS, "--retry-failed", *QUICK, code=NO)
    assert out == "" and log.count("warning") == 4


def test_max_failures(batch):
    batch.make_inputs(30)
    for path in (batch.folder / "in").iterdir():
        path.write_bytes(b"nothing")
    batch.run("in", "-o", "out", "--edit", WORDS, "--max-failures", 3, *QUICK, code=NO)
    assert 3 <= len(batch.results()) < 15


def test_shards_are_the_whole_and_do_not_overlap(batch):
    names = batch.make_inputs(40, sizes=((32, 32),))
    for number in (1, 2, 3):
        batch.run("in", "-o", "out", "--edit", WORDS, "--shard", f"{number}/3", *QUICK)
    shards = [set(batch.results(name=f"results-{number}-of-3.jsonl")) for number in (1, 2, 3)]
    assert sum(map(len, shards)) == 40 and set.union(*shards) == set(names)
    assert all(5 <= len(shard) <= 25 for shard in shards)
    out, _ = batch.run("--merge-results", "out", "--json")
    assert json.loads(out) == {
        "results": 40, "failed": 0, "missing": 0, "shards": 3, "of_shards": 3, "unfinished_shards": [],
        "missing_outputs": [],
    }  # fmt: skip
    assert set(batch.results()) == set(names)

    batch.run("in", "-o", "whole", "--edit", WORDS, *QUICK)
    for name in names:
        assert difference(batch.folder / "out" / name, batch.folder / "whole" / name) <= 1

    (batch.folder / "out" / names[0]).unlink()
    out, _ = batch.run("--merge-results", "out", "--json", code=NO)
    assert json.loads(out)["missing_outputs"] == [names[0]]


def test_a_shard_that_was_killed_is_missing(batch):
    batch.make_inputs(30, sizes=((32, 32),))
    arguments = ["in", "-o", "out", "--edit", WORDS, "--batch-size", 1, *QUICK]
    batch.run(*arguments, "--shard", "1/2")
    process = batch.start(*arguments, "--shard", "2/2")
    process.stdout.readline()
    process.kill()
    process.communicate()
    out, _ = batch.run("--merge-results", "out", code=NO)
    assert "1 of 2 shards" in out and "not finished: shard 2" in out, out
    batch.run(*arguments, "--shard", "2/2")
    out, _ = batch.run("--merge-results", "out")
    assert out.startswith("30 results of 2 of 2 shards")


def test_shards_of_a_slurm_array_and_of_a_kubernetes_job(batch):
    names = batch.make_inputs(8, sizes=((32, 32),))
    slurm = {"SLURM_ARRAY_TASK_MIN": "0", "SLURM_ARRAY_TASK_MAX": "1", "SLURM_ARRAY_TASK_COUNT": "2"}
    for environment in [slurm | {"SLURM_ARRAY_TASK_ID": str(i)} for i in range(2)]:
        batch.environment |= environment
        batch.run("in", "-o", "out", "--edit", WORDS, *QUICK)
    assert batch.outputs() == names
    for key in [*slurm, "SLURM_ARRAY_TASK_ID"]:
        batch.environment.pop(key)
    for index in range(2):
        batch.environment |= {"JOB_COMPLETION_INDEX": str(index), "JOB_COMPLETIONS": "2"}
        batch.run("in", "-o", "k8s", "--edit", WORDS, *QUICK)
    assert batch.outputs("k8s") == names


def test_formats_and_templates(batch):
    batch.make_inputs(1)
    batch.run("in", "-o", "out", "--edit", WORDS, "--format", "webp", *QUICK)
    with Image.open(batch.folder / "out/0000.webp") as picture:
        assert picture.format == "WEBP"
    batch.run("in", "-o", "out", "--edit", WORDS, "--template", "{stem}/{words}_{seed}.jpg", "--seed", 3, *QUICK)
    (found,) = [name for name in batch.results() if name.startswith("0000/")]
    assert found.startswith("0000/make-it-snow_") and found.endswith(".jpg")


def test_an_unreadable_folder_and_a_folder_that_cannot_be_made(batch):
    _, log = batch.run("nowhere", "-o", "out", "--edit", WORDS, *QUICK, code=USAGE)
    assert "nowhere" in log
    batch.make_inputs(1)
    (batch.folder / "file").write_text("a file")
    _, log = batch.run("in", "-o", "file", "--edit", WORDS, *QUICK, code=FILE)
    assert "file" in log
