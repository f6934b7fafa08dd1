"""export_bundle.py --add-image-channels: a text-to-image model as a start (Brooks et al. 2023, section 3.2)."""

import json
import shutil

import pytest
import torch
from diffusers import UNet2DConditionModel
from export_support import MODEL, USAGE, command, load, manifest_of  # noqa: F401 (command is a fixture)
from training import training  # noqa: F401 (a fixture)


@pytest.fixture
def text_to_image(tiny_folder, tmp_path):
    """text_to_image(model): the folder of a tiny model whose UNet takes the noisy latent alone, and that UNet."""

    def make(model):
        folder = tmp_path / f"{model}-text-to-image"
        shutil.copytree(tiny_folder(model), folder)
        unet = UNet2DConditionModel.from_pretrained(folder / "unet", local_files_only=True)
        channels = unet.config.in_channels // 2
        weight, bias = unet.conv_in.weight[:, :channels].detach().clone(), unet.conv_in.bias.detach().clone()
        unet.conv_in = torch.nn.Conv2d(channels, len(bias), 3, padding=1)
        unet.conv_in.weight.data, unet.conv_in.bias.data = weight, bias
        unet.register_to_config(in_channels=channels)
        unet.save_pretrained(folder / "unet")
        index = json.loads((folder / "model_index.json").read_text())
        (folder / "model_index.json").write_text(json.dumps(index | {"_class_name": "StableDiffusionPipeline"}))
        return folder, unet.eval()

    return make


@pytest.mark.parametrize("model", ["sd1", "vae3"])
def test_the_picture_is_not_seen_before_training(model, command, text_to_image, tmp_path):
    folder, unet = text_to_image(model)
    code, log = command(folder, tmp_path / "bundle", "--add-image-channels")
    assert code == 0 and "ignores pictures until it is trained" in log, log

    wide, facts = load(tmp_path / "bundle", "unet"), manifest_of(tmp_path / "bundle")
    channels, text = facts["latent"]["channels"], facts["text"]
    numbers = torch.Generator().manual_seed(0)
    latent = torch.randn(2, channels, 16, 16, generator=numbers)
    context = torch.randn(2, text["length"], text["width"], generator=numbers)
    timestep = torch.tensor([3.0, 700.0])
    with torch.no_grad():
        expected = unet(latent, timestep, context).sample
        for scale in 0.0, 1.0, 100.0:
            image = scale * torch.randn(latent.shape, generator=numbers)
            got = wide(torch.cat([latent, image], 1), timestep, context)
            assert torch.allclose(got, expected, rtol=1e-5, atol=1e-5), scale
    assert torch.equal(wide.conv_in.weight[:, :channels], unet.conv_in.weight)
    assert not wide.conv_in.weight[:, channels:].any()


def test_training_opens_the_eyes(command, text_to_image, training, tmp_path):
    folder, _ = text_to_image("sd1")
    assert command(folder, tmp_path / "wide", "--add-image-channels")[0] == 0
    training.bundle = tmp_path / "wide"
    training.train("run", "--export", "new", steps=2)
    assert load(training.folder / "new", "unet").conv_in.weight[:, 4:].any(dim=(0, 2, 3)).all()


def test_without_the_flag_it_is_refused_by_name(command, text_to_image, tmp_path):
    folder, _ = text_to_image("sd1")
    code, log = command(folder, tmp_path / "bundle")
    assert code == MODEL and "text-to-image model" in log and "--add-image-channels" in log
    assert log.count("\n") == 1 and not (tmp_path / "bundle").exists()


def test_a_model_that_takes_pictures_already_is_refused(command, tiny_folder, tmp_path):
    code, log = command(tiny_folder("sd1"), tmp_path / "bundle", "--add-image-channels")
    assert code == USAGE and "in_channels is 8, expected 4" in log and not (tmp_path / "bundle").exists()
