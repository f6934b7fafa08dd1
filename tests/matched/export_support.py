"""What the exporter's tests share."""

import importlib.util
import json
import shutil
import sys
from pathlib import Path

import pytest
import torch

SCRIPT = Path(__file__).parents[2] / "scripts/export_bundle.py"
PARTS = ("unet", "vae_encoder", "vae_decoder", "text_encoder")
USAGE, FILE, MODEL, BUG = 2, 3, 4, 70


@pytest.fixture(scope="module", autouse=True)
def run_code_as_it_is():
    """No optimising: it takes longer than the few calls that it would speed up."""
    with torch.jit.optimized_execution(False):
        yield


@pytest.fixture
def command(monkeypatch, capsys, quiet_libraries):
    """command(*arguments) -> (exit code, stderr): the script's main function."""
    spec = importlib.util.spec_from_file_location("export_bundle", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["export_bundle.py", *map(str, arguments)])
        return script.main(), capsys.readouterr().err

    return run


@pytest.fixture
def editable(tiny_folder, tmp_path):
    """editable(config): a copy of a model's folder, whose JSON files may be changed."""

    def copy(config):
        folder = tmp_path / f"{config}-copy"
        shutil.copytree(tiny_folder(config), folder)
        return folder

    return copy


def change(path, **values):
    """Sets keys of a JSON file; `...` as a value takes the key away."""
    content = json.loads(path.read_text())
    content.update(values)
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not ...}))


def manifest_of(bundle):
    return json.loads((bundle / "bundle.json").read_text())


def load(bundle, part, **options):
    return torch.jit.load(bundle / f"{part}.pt", **options).eval()


def inputs(manifest, part, batch, height, width, generator=None):
    """Arguments of a part's call, of a size in units of the smallest latent."""
    generator = generator or torch.Generator().manual_seed(batch)
    latent, text = manifest["latent"], manifest["text"]
    unit = manifest["size_multiple"] // latent["pixels_per_latent"]

    def normal(*shape):
        return torch.randn(shape, generator=generator)

    h, w, step = unit * height, unit * width, latent["pixels_per_latent"]
    if part == "unet":
        timestep = torch.linspace(0.5, 800.25, batch)
        return normal(batch, 2 * latent["channels"], h, w), timestep, normal(batch, text["length"], text["width"])
    if part == "vae_encoder":
        return (normal(batch, 3, h * step, w * step).tanh(),)
    if part == "vae_decoder":
        return (normal(batch, latent["channels"], h, w) / latent["scale"],)
    return (torch.randint(0, text["vocabulary"], (batch, text["length"]), generator=generator),)


def original(pipe, part):
    """The call of diffusers or transformers that a part stands for."""
    return {
        "unet": lambda *given: pipe.unet(*given).sample,
        "vae_encoder": lambda pixels: pipe.vae.encode(pixels).latent_dist.mode(),
        "vae_decoder": lambda latent: type(pipe.vae).decode(pipe.vae, latent).sample,
        "text_encoder": lambda tokens: pipe.text_encoder(tokens).last_hidden_state,
    }[part]


def contents(bundle):
    return {path.name: path.read_bytes() for path in bundle.iterdir()}
