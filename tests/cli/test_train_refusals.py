"""What `ip2p train` does not do, and how it says so: one sentence, an exit code, nothing half-written."""

import json
import shutil
import time

import pytest
from PIL import Image
from safetensors.torch import save_file
from training import FILE, OK, USAGE, make_pairs, training  # noqa: F401 (training is a fixture)

MODEL, DEVICE = 4, 5


def expect_refusal(training, code, *needles, config, arguments=()):
    _, log = training.run(config, *arguments, code=code)
    message = log.splitlines()[-1]
    assert message.startswith("ip2p: error: "), log
    for needle in needles:
        assert needle in message, f"{needle!r} is not in {message!r}"
    assert not list(training.folder.rglob("*partial*"))
    assert not list(training.folder.rglob("*.safetensors"))
    return log


WRONG_KEYS = {
    "unknown": ({"learnin_rate": 1}, ["learnin_rate", "learning_rate"]),
    "a word for a number": ({"steps": "many"}, ["steps", "whole number", "many"]),
    "a part of a step": ({"steps": 2.5}, ["steps", "2.5"]),
    "a number for a switch": ({"flip": 1}, ["flip", "true or false"]),
    "below the range": ({"steps": 0}, ["steps", "1 to", "0"]),
    "above the range": ({"drop_text": 1.5}, ["drop_text", "0 to 1", "1.5"]),
    "a seed below 0": ({"seed": -1}, ["seed", "-1"]),
    "no such optimizer": ({"optimizer": "sgd"}, ["optimizer", "adamw", "muon", "sgd"]),
    "no such device": ({"device": "gpu"}, ["device", "cuda:N", "gpu"]),
    "no data": ({"data": ...}, ["data", "required"]),
    "no bundle": ({"bundle": ...}, ["bundle", "required"]),
    "no output": ({"output": ...}, ["output", "required"]),
    "too much dropped": ({"drop_text": 0.5, "drop_image": 0.6}, ["drop_text", "at most 1"]),
    "a crop above the resolution": ({"crops": [{"pixels": 128, "batch": 1}]}, ["crops[0].pixels", "64", "128"]),
    "a crop of another word": ({"crops": [{"pixel": 32, "batch": 1}]}, ["crops[0].pixel", "pixels, batch, share"]),
    "a momentum that nothing has": ({"momentum": 0.5}, ["momentum", "adamw"]),
    "no fall to begin": ({"decay_from": 0.5}, ["decay_from", "constant"]),
    "beta2 of 1": ({"beta2": 1}, ["beta2", "0.99999999"]),
    "nothing to validate on": ({"validate_every": 2}, ["validate_every", "validation_data"]),
}


@pytest.mark.parametrize("what", WRONG_KEYS)
def test_wrong_keys(training, what):
    keys, needles = WRONG_KEYS[what]
    config = training.config("run", **keys)
    before = sorted(training.folder.rglob("*"))
    log = expect_refusal(training, USAGE, config.name, *needles, config=config)
    assert log.count("\n") == 1, log
    assert sorted(training.folder.rglob("*")) == before


def test_a_config_that_is_none(training):
    expect_refusal(training, FILE, "none.json", config=training.folder / "none.json")
    config = training.config("run")
    config.write_text(config.read_text()[:-3])
    expect_refusal(training, USAGE, "run.json", "JSON", config=config)


# 8 pixels a latent, and four levels in the UNet, each but the last halving it: multiples of 64.
@pytest.mark.parametrize("pixels", [{"resolution": 60}, {"resolution": 72}, {"crops": [{"pixels": 32, "batch": 1}]}])
def test_sizes_that_the_model_cannot_have(training, pixels):
    expect_refusal(training, USAGE, *pixels, "multiple of 64", config=training.config("run", **pixels))
    assert not list(training.folder.rglob("*.f16")), "pictures were encoded first"


def test_what_is_not_there(training):
    expect_refusal(training, FILE, "nowhere", config=training.config("run", data="nowhere"))
    expect_refusal(training, FILE, "nowhere", config=training.config("run", data="nowhere.jsonl"))
    expect_refusal(
        training, FILE, "nowhere", config=training.config("run", validation_data="nowhere", validate_every=1)
    )
    expect_refusal(training, MODEL, "nowhere", "bundle.json", config=training.config("run", bundle="nowhere"))
    (training.folder / "empty").mkdir()
    expect_refusal(training, FILE, "empty", "metadata.jsonl", config=training.config("run", data="empty"))


def test_an_entry_without_words(training):
    metadata = training.folder / "data/metadata.jsonl"
    lines = metadata.read_text().splitlines()
    lines[4] = json.dumps({key: value for key, value in json.loads(lines[4]).items() if key != "edit_prompt"})
    metadata.write_text("\n".join(lines))
    expect_refusal(training, FILE, "metadata.jsonl", "line 5", "edit_prompt", config=training.config("run"))


@pytest.mark.parametrize("cache_latents", [True, False])
def test_more_than_one_in_a_hundred_damaged(training, cache_latents):
    (training.folder / "data/3_before.png").write_bytes(b"this is no picture")
    config = training.config("run", cache_latents=cache_latents, steps=50)
    process = training.start(config)
    _, log = process.communicate(timeout=120)
    assert process.returncode == FILE, log
    message = log.splitlines()[-1]
    assert message.startswith("ip2p: error: "), log
    for needle in "1 of 12", "more than 1 %", "3_before.png":
        assert needle in message
    assert not list(training.folder.rglob("*partial*"))


@pytest.mark.parametrize("cache_latents", [True, False])
def test_one_in_a_hundred_damaged_is_left_out(training, photograph, cache_latents):
    data = make_pairs(training.folder / "many", photograph, count=100)
    Image.new("RGB", (64, 48)).save(data / "3_before.png")  # a picture of another size than its edit
    config = training.config("run", data="many", cache_latents=cache_latents, batch=25, steps=5)
    process = training.start(config)
    _, log = process.communicate(timeout=120)
    assert process.returncode == OK, log
    assert log.count("warning") == 1 and "3_before.png" in log, log
    assert len(training.steps("run")) == 5


def test_the_output_of_another_bundle(training):
    training.train("run", steps=2)
    manifest = training.folder / "bundle/bundle.json"
    manifest.write_text(manifest.read_text().replace('"steps": 3', '"steps": 4'))
    before = {path: path.read_bytes() for path in (training.folder / "run").rglob("*") if path.is_file()}
    _, log = training.run(training.folder / "run.json", code=USAGE)
    assert "was trained from another bundle" in log and "another output folder" in log
    assert before == {path: path.read_bytes() for path in (training.folder / "run").rglob("*") if path.is_file()}


def test_the_output_of_a_bundle_of_another_shape(training, tiny_bundle):
    training.train("run", steps=2)
    training.bundle = tiny_bundle("sd2")
    _, log = training.run(training.config("run", steps=4), code=USAGE)
    assert "was trained from another bundle" in log.splitlines()[-1]


OTHER_RUNS = {
    "weights": ({"train_text": True}, ["train_text", "false", "true"]),
    "optimizer": ({"learning_rate": 2e-3}, ["learning_rate", "0.001", "0.002"]),
    "draws": ({"min_snr": 5.0}, ["min_snr", "not given", "5.0"]),
    "crops": ({"crops": [{"pixels": 64, "batch": 4}]}, ["crops", "[]", '"pixels":64']),
}


@pytest.mark.parametrize("what", OTHER_RUNS)
@pytest.mark.parametrize("steps", [2, 4])
def test_the_output_of_another_run(training, what, steps):
    """Also one that is done."""
    keys, needles = OTHER_RUNS[what]
    training.train("run", steps=2)
    before = training.lines("run"), training.checkpoints("run")
    _, log = training.run(training.config("run", steps=steps, **keys), code=USAGE)
    for needle in [*needles, "another output folder"]:
        assert needle in log.splitlines()[-1], log
    assert (training.lines("run"), training.checkpoints("run")) == before


def test_what_may_change_is_said(training):
    training.train("run", steps=2)
    shutil.move(training.folder / "data", training.folder / "moved")
    keys = {"data": "moved", "steps": 3, "keep": 5, "precision": "bfloat16", "reader_threads": 1}
    _, log = training.run(training.config("run", **keys))
    assert "steps was 2, and is 3 from here on" in log and 'precision was "float32"' in log
    assert len(training.steps("run")) == 3


def test_other_examples_are_another_run(training):
    training.train("run", steps=2)
    metadata = training.folder / "data/metadata.jsonl"
    metadata.write_text("".join(metadata.read_text().splitlines(True)[1:]))
    _, log = training.run(training.config("run", steps=4), code=USAGE)
    assert "data was 12 examples" in log and "is 11 examples" in log


def test_a_checkpoint_without_a_config_is_gone_on_from(training):
    """It is not known what it was made with."""
    training.train("run", steps=2)
    tensors, about = training.checkpoint("run", 2)
    kept = {key: about[key] for key in ("step", "bundle")}
    save_file(tensors, training.folder / "run/checkpoints/step-00000002.safetensors", {"ip2p": json.dumps(kept)})
    assert len(training.train("run", steps=4)) == 4


def test_a_checkpoint_of_another_program(training):
    training.train("run", steps=2)
    tensors, _ = training.checkpoint("run", 2)
    save_file(tensors, training.folder / "run/checkpoints/step-00000002.safetensors")
    _, log = training.run(training.config("run", steps=4), code=FILE)
    assert "is no checkpoint of ip2p train" in log


def test_an_output_that_cannot_be_made(training):
    output = "data/metadata.jsonl/run"  # below a file
    expect_refusal(training, FILE, output, config=training.config("run", output=output))


def test_an_output_that_another_run_is_writing(training):
    config = training.config("run", steps=10_000)
    process = training.start(config)
    try:
        deadline = time.monotonic() + 60
        while not (training.folder / "run/metrics.jsonl").exists():
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.01)
        _, log = training.run(config, code=FILE)
        assert "belongs to another run" in log and log.count("\n") == 1, log
    finally:
        process.kill()
        process.communicate()


def test_most_held_out_pictures_must_be_whole(training, photograph):
    held = make_pairs(training.folder / "held", photograph, count=5, seed=1)
    (held / "0_before.png").write_bytes(b"this is no picture")
    config = training.config("run", validation_data="held", validate_every=1)
    _, log = training.run(config, code=FILE)
    assert "1 of 5 examples" in log and "0_before.png" in log


def test_a_best_that_nothing_would_choose(training):
    config = training.config("run")
    expect_refusal(training, USAGE, "--export-best", "validate_every", config=config,
                   arguments=["--export", "new", "--export-best"])  # fmt: skip
    expect_refusal(training, USAGE, "--export-best", "--export", config=config, arguments=["--export-best"])


def test_a_bundle_that_is_there_already(training):
    """Found before hours of training, not after."""
    (training.folder / "new").mkdir()
    config = training.config("run")
    expect_refusal(training, FILE, "new", "exists already", config=config, arguments=["--export", "new"])
    assert not (training.folder / "run").exists() and not list((training.folder / "new").iterdir())


def test_a_device_that_is_not_there(training):
    expect_refusal(training, DEVICE, "cuda:7", config=training.config("run", device="cuda:7"))
