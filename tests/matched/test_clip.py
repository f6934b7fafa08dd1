"""CLIP bundles against transformers' CLIPModel and its processor: pixels to the bit, embeddings to 1e-4."""

import json
import random
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from clip_models import CONFIGS, ClipReference
from PIL import Image
from probe import Probe
from safetensors.torch import load_file, save_file
from test_sizes import read, write
from transformers import CLIPImageProcessor
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

PROBE = Path(__file__).parents[2] / "build/tests/probe_train/ip2p_train_probe"
PHOTOGRAPHS = sorted((Path(__file__).parents[2] / "models/photographs").glob("*.jpg"))
WITHIN = 1e-4
SIZES = [
    (512, 384), (333, 500), (32, 32), (33, 32), (32, 77), (40, 33), (31, 20), (7, 200), (200, 7), (1, 1), (1, 90), (3, 2),
    (225, 224), (224, 227), (640, 91), (96, 97),
]  # fmt: skip
TEXTS = [
    "", "a cat", "a photo of a cat in the snow", "Make it SNOW!", "  don't,  can't ", "! ! !", "caf\u00e9 \u96ea \U0001f600",
    "<|endoftext|> a dog", "a <|startoftext|> b", "very " * 90 + "long", " ".join(map(str, range(40))),
]  # fmt: skip


@pytest.fixture
def clip(tmp_path):
    """clip(bundle, pictures, texts): the probe's tensors by name."""

    def call(bundle, pictures, texts):
        request = {"tensors": {}, "folder": str(bundle), "pictures": list(map(str, pictures)), "texts": texts}
        (tmp_path / "request.json").write_text(json.dumps(request))
        save_file({}, tmp_path / "in.safetensors")
        files = [tmp_path / "request.json", tmp_path / "in.safetensors", tmp_path / "out.safetensors"]
        done = subprocess.run([PROBE, "clip", *files], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return load_file(tmp_path / "out.safetensors")

    return call


def photographs(sizes):
    """Real photographs at these sizes."""
    assert len(PHOTOGRAPHS) >= 2
    for number, size in enumerate(sizes):
        with Image.open(PHOTOGRAPHS[number % len(PHOTOGRAPHS)]) as picture:
            yield picture.convert("RGB").resize(size, Image.Resampling.BILINEAR)


def with_alpha(picture, seed):
    """The picture with a soft edge, a clear corner, and noise between."""
    width, height = picture.size
    alpha = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    alpha[: height // 3] = 255
    alpha[height // 2 :, : width // 2] = 0
    result = picture.copy()
    result.putalpha(Image.fromarray(alpha))
    return result


@pytest.mark.parametrize("kind", CONFIGS)
def test_embeddings_are_those_of_transformers(kind, tiny_clip, clip, tmp_path):
    folder, bundle = tiny_clip(kind)
    reference = ClipReference(folder)
    pictures = list(photographs(SIZES))
    pictures += [with_alpha(picture, 1) for picture in pictures[:5]]
    paths = [tmp_path / f"{number}.png" for number in range(len(pictures))]
    for picture, path in zip(pictures, paths, strict=True):
        picture.save(path)
    found = clip(bundle, [*PHOTOGRAPHS, *paths], TEXTS)

    wanted = [reference.of_picture(picture) for picture in [*map(Image.open, PHOTOGRAPHS), *pictures]]
    for number, embedding in enumerate(wanted):
        assert (found[f"picture {number}"][0] - embedding).abs().max() <= WITHIN, (number, kind)
    for number, words in enumerate(TEXTS):
        assert (found[f"text {number}"][0] - reference.of_text(words)).abs().max() <= WITHIN, (words, kind)
    # Nothing of this would be seen if every picture had the same embedding.
    assert torch.stack(wanted).std(dim=0).mean() > 0.1
    for number, picture in enumerate(pictures, len(PHOTOGRAPHS)):
        assert torch.equal(found[f"pixels {number}"], reference.pixels(picture)), number


@pytest.fixture(scope="module")
def probe():
    with Probe() as probe:
        yield probe


def test_the_square_is_the_processors_to_the_bit(probe, tmp_path):
    generator = random.Random(5)
    sizes = [*SIZES, *((generator.randint(1, 150), generator.randint(1, 150)) for _ in range(60)), (2, 2000), (900, 700)]
    for number, picture in enumerate(photographs(sizes)):
        side = generator.choice([1, 2, 7, 32, 49, 224])
        processor = CLIPImageProcessorPil(
            size={"shortest_edge": side}, crop_size={"height": side, "width": side}, do_rescale=False, do_normalize=False
        )
        given = with_alpha(picture, number) if number % 3 == 0 else picture
        pixels = np.asarray(given)
        alpha = pixels[..., 3] if number % 3 == 0 else None
        source = write(tmp_path, "in", np.ascontiguousarray(pixels[..., :3]), alpha)
        answer = probe.call({"op": "square", "picture": source, "side": side, "out": str(tmp_path / "out")})["picture"]
        wanted = processor(given, return_tensors="np").pixel_values[0].transpose(1, 2, 0)
        np.testing.assert_array_equal(read(answer), wanted, f"{picture.size} to {side}")


def test_the_other_processor_differs_by_roundings_only(tiny_clip, clip, tmp_path):
    """transformers' default resizes with torchvision, whose weights have fewer bits."""
    folder, bundle = tiny_clip("plain")
    processor = CLIPImageProcessor.from_pretrained(folder, local_files_only=True)
    for number, picture in enumerate(photographs(SIZES[:6])):
        picture.save(tmp_path / f"{number}.png")
        found = clip(bundle, [tmp_path / f"{number}.png"], [])["pixels 0"]
        steps = (found - processor(picture, return_tensors="pt").pixel_values).abs() * 255 * 0.26
        assert steps.max() <= 2.1 and steps.mean() < 0.3


def test_a_picture_that_is_a_line_is_refused_by_a_sentence(probe, tmp_path):
    source = write(tmp_path, "in", np.zeros((1, 3_000_000, 3), np.uint8))
    answer = probe.answer({"op": "square", "picture": source, "side": 1024, "out": str(tmp_path / "out")})
    assert not answer["ok"] and answer["exit"] == 2 and "3000000" in answer["error"]
