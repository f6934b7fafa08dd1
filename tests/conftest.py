"""Fixtures that the tests share: the program, a photograph, and small random models made once a session."""

import os
from functools import cache
from pathlib import Path

# The models here are tiny: a second thread gains nothing, and threads that wait for each other cost much on a
# machine that does something else too. Set before torch is imported, and inherited by the program.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory):
    """What the program remembers between runs is the test session's own."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["XDG_CACHE_HOME"] = str(folder)
    return folder


@pytest.fixture(scope="session")
def ip2p():
    """The built program."""
    program = ROOT / "build/ip2p"
    assert program.is_file(), f"{program} is not built; run scripts/build"
    return str(program)


@pytest.fixture(scope="session")
def photograph():
    """A real photograph, as a PIL picture."""
    with Image.open(ROOT / "models/photographs/cat.jpg") as picture:
        return picture.convert("RGB")


@pytest.fixture(scope="session")
def quiet_libraries():
    """diffusers and transformers without progress bars."""
    from bundle_export.command import quiet_logging

    quiet_logging()


@pytest.fixture(scope="session")
def tiny_folder(quiet_libraries, tmp_path_factory):
    """tiny_folder(config): the folder of a small random model in diffusers' format."""
    from bundle_export.tiny import CONFIGS, save_tiny_pipeline

    @cache
    def make(config):
        folder = tmp_path_factory.mktemp("pipelines") / config
        save_tiny_pipeline(CONFIGS[config], 0, folder)
        return folder

    return make


@pytest.fixture(scope="session")
def tiny_bundle(tiny_folder, tmp_path_factory):
    """tiny_bundle(config, dtype="float16"): the folder of that model's bundle. Its weights are float16 numbers."""
    from bundle_export.bundle import Options, export
    from bundle_export.folder import DiffusersFolder

    @cache
    def make(config, dtype="float16"):
        out = tmp_path_factory.mktemp("bundles") / config
        export(DiffusersFolder(tiny_folder(config)), out, Options(dtype=dtype, random_weights=True))
        return out

    return make


@pytest.fixture(scope="session")
def tiny_clip(quiet_libraries, tmp_path_factory):
    """tiny_clip(kind): the folders of a small random CLIP model as transformers saves it, and of its bundle."""
    from bundle_export.clip_bundle import Options, export
    from bundle_export.clip_source import ClipFolder
    from clip_models import save_clip

    @cache
    def make(kind):
        folder = tmp_path_factory.mktemp("clip")
        save_clip(kind, folder / kind)
        export(ClipFolder(folder / kind), folder / "bundle", Options(random_weights=True))
        return folder / kind, folder / "bundle"

    return make


@pytest.fixture(scope="session")
def tiny_pipeline(tiny_folder):
    """tiny_pipeline(config): diffusers' InstructPix2Pix pipeline of that model."""
    from diffusers import StableDiffusionInstructPix2PixPipeline

    @cache
    def load(config):
        pipe = StableDiffusionInstructPix2PixPipeline.from_pretrained(tiny_folder(config), local_files_only=True)
        pipe.set_progress_bar_config(disable=True)
        pipe.source_scheduler_config = pipe.scheduler.config  # `pipe.scheduler` is for the tests to set

        # This pipeline forgets the VAE's shift, which diffusers' others add before they decode.
        decode, shift = pipe.vae.decode, pipe.vae.config.shift_factor or 0.0
        pipe.vae.decode = lambda latent, *args, **kwargs: decode(latent + shift, *args, **kwargs)
        return pipe

    return load
