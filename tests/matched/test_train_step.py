"""One step of `ip2p train` against the same step with diffusers and torch: the loss, and every gradient."""

import json

import pytest
from training import changed, make_pairs, training  # noqa: F401 (training is a fixture)
from training_reference import Reference, Step

BOUND = 1e-5  # of the loss, and of the largest gradient of each tensor

PLAIN = {
    "resolution": 128,
    "batch": 12, "accumulate": 1, "train_text": False, "cache_latents": True, "flip": False, "seed": 3,
    "noisy_bias": 1.0, "noise_offset": 0.0, "min_snr": None, "drop_text": 0.25, "drop_both": 0.25, "drop_image": 0.25,
}
# At 64 pixels, sd1's innermost attention would have one place to look at, and nothing to learn.
CASES = {
    "sd1": ("sd1", {}),
    "sd1 fresh": ("sd1", {"cache_latents": False, "seed": (1 << 64) - 5}),
    "sd1 weighted": ("sd1", {"min_snr": 5.0, "noisy_bias": 1.5, "noise_offset": 0.1, "flip": True}),
    "sd1 text": ("sd1", {"train_text": True, "accumulate": 2, "batch": 6, "flip": True, "cache_latents": False}),
    "sd1 crops": ("sd1", {"crop": 128, "resolution": 192}),
    "sd1 fresh crops": ("sd1", {"crop": 128, "resolution": 192, "cache_latents": False, "flip": True}),
    "sd2": ("sd2", {"resolution": 64}),
    "sd2 weighted": ("sd2", {"min_snr": 5.0, "noisy_bias": 0.7, "flip": True, "cache_latents": False}),
    "sd2 text": ("sd2", {"train_text": True, "min_snr": 1.0, "noise_offset": 0.2}),
    "vae3": ("vae3", {"train_text": True, "min_snr": 3.0}),
    "odd": ("odd", {"resolution": 64, "cache_latents": False, "min_snr": 2.0}),
    "pooled": ("pooled", {"noisy_bias": 2.2}),
    "context48": ("context48", {"train_text": True, "accumulate": 3, "batch": 5}),
}


@pytest.fixture
def step(training, tiny_folder, tiny_bundle, photograph):
    """step(model, keys): what ip2p logged of one step, its gradients by name, and the reference's Step."""

    def run(model, keys):
        keys = PLAIN | keys
        side = keys["resolution"]
        data = make_pairs(training.folder / f"pictures{side}", photograph, count=17, side=side)
        several_wordings(data / "metadata.jsonl")
        training.bundle = tiny_bundle(model)
        crop = keys.pop("crop", None)
        given = keys | ({} if crop is None else {"crops": [{"pixels": crop, "batch": keys["batch"]}]})
        given["min_snr"] = ... if keys["min_snr"] is None else keys["min_snr"]
        # Without memory of earlier gradients, AdamW's mean is the gradient.
        (line,) = training.train("run", data=data.name, steps=1, beta1=0.0, clip_norm=0.0, **given)
        tensors, _ = training.checkpoint("run", 1)
        mean = "optimizer.adamw.mean."
        gradients = {name.removeprefix(mean): tensors[name] for name in tensors if name.startswith(mean)}
        cache = next((training.folder / "run").glob("latents/*.f16"), None)
        assert (cache is not None) == keys["cache_latents"]
        return line, gradients, Reference(tiny_folder(model), data, keys, cache).step(crop or side)

    return run


def test_the_held_out_loss_is_the_same(training, tiny_folder, tiny_bundle, photograph):
    """Of weights that no step has moved, whatever the objective that is trained."""
    side, held = 64, make_pairs(training.folder / "held", photograph, count=70, side=64, seed=1)
    several_wordings(held / "metadata.jsonl")
    training.bundle = tiny_bundle("sd2")
    objective = {"min_snr": 5.0, "noisy_bias": 1.5, "noise_offset": 0.1, "precision": "bfloat16", "seed": 3}
    training.train("run", steps=1, resolution=side, learning_rate=0.0, cache_latents=False, **objective,
                   validation_data="held", validate_every=1, validation_examples=1)  # fmt: skip
    keys = PLAIN | {"resolution": side, "batch": 4, "cache_latents": False}
    keys |= {"drop_text": 0.0, "drop_both": 0.0, "drop_image": 0.0}
    reference = Reference(tiny_folder("sd2"), held, keys)
    reference.examples = [reference.examples[i * 70 // 64] for i in range(64)]
    losses = [reference.loss(number, side, Step()).item() for number in range(16)]
    assert training.held_out("run") == {1: pytest.approx(sum(losses) / 16, rel=BOUND)}


def several_wordings(metadata):
    """Every other example has three wordings to choose from."""
    lines = [json.loads(line) for line in metadata.read_text().splitlines()]
    for line in lines[::2]:
        line["edit_prompt"] = [line["edit_prompt"], "do something else", f"change {line['input_image']}, please!"]
    metadata.write_text("".join(json.dumps(line) + "\n" for line in lines))


def differences(ours, theirs):
    """{name: largest difference of a tensor's gradients over their largest}, the worst first."""
    assert ours.keys() == theirs.keys()
    whole = max(tensor.abs().max() for tensor in theirs.values())
    worst = {}
    for name, tensor in theirs.items():
        largest = tensor.abs().max()
        if name.endswith("k_proj.bias") or largest < 1e-10 * whole:
            # A softmax does not see what is added to all its inputs: the gradient is zero, but for rounding.
            assert name.endswith("k_proj.bias") and max(largest, ours[name].abs().max()) < 1e-7 * whole, name
        else:
            worst[name] = float((ours[name] - tensor).abs().max() / largest)
    return dict(sorted(worst.items(), key=lambda entry: -entry[1]))


@pytest.mark.parametrize("case", CASES)
def test_a_step_is_the_same(step, case):
    model, keys = CASES[case]
    line, ours, theirs = step(model, keys)
    assert set(theirs.kinds) == {"nothing", "text", "both", "image"}, "the seed shows too little"
    assert set(theirs.mirrored) == ({True, False} if keys.get("flip") else {False})
    worst = differences(ours, theirs.gradients)
    print(case, line["loss"] / theirs.loss - 1, list(worst.items())[:4])
    assert line["loss"] == pytest.approx(theirs.loss, rel=BOUND)
    assert max(worst.values()) < BOUND, list(worst.items())[:5]
    norm = sum(tensor.double().square().sum() for tensor in theirs.gradients.values()) ** 0.5
    assert line["gradient_norm"] == pytest.approx(float(norm), rel=BOUND)
