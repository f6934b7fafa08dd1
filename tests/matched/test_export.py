"""What the exporter writes: archives that run anywhere, the manifest, the same bytes each time."""

import hashlib
import subprocess
import sys

import pytest
import torch
from bundle_export.bundle import Options, export
from bundle_export.errors import Refusal
from bundle_export.folder import DiffusersFolder
from bundle_export.tiny import CONFIGS
from bundle_export.tracing import fixed_parts, trace
from export_support import (  # noqa: F401
    MODEL, PARTS, SCRIPT, contents, inputs, load, manifest_of, original, run_code_as_it_is,
)  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("config", CONFIGS)
@torch.no_grad()
def test_one_archive_for_every_size_and_dtype(config, part, tiny_bundle, tiny_pipeline):
    bundle = tiny_bundle(config)
    manifest, reference = manifest_of(bundle), original(tiny_pipeline(config), part)
    module = load(bundle, part).float()
    for size in ((1, 1, 1), (5, 2, 1), (2, 1, 3)):
        given = inputs(manifest, part, *size)
        assert (module(*given) - reference(*given)).abs().max() <= 1e-5 * max(1, reference(*given).abs().max())

    # The text encoder's weights have few bits in common with a calm network's: its error is the largest.
    for dtype, bound in ((torch.bfloat16, 0.12), (torch.float16, 0.015)):
        half = load(bundle, part).to(dtype)
        given = inputs(manifest, part, 1, 1, 2)
        expected = reference(*given)
        # As ip2p calls them: tokens are integers and timesteps float32 in every dtype.
        cast = [x.to(dtype) if x.is_floating_point() and x.ndim > 1 else x for x in given]
        output = half(*cast)
        assert output.dtype == dtype
        assert (output.float() - expected).std() <= bound * expected.std()


@pytest.mark.parametrize("config", CONFIGS)
def test_time_is_embedded_in_float32_whatever_the_dtype(config, tiny_bundle, tiny_pipeline):
    timestep = torch.tensor([0.0, 1.0, 333.25, 899.0])
    embedded = load(tiny_bundle(config), "unet").to(torch.bfloat16).time_proj(timestep)
    assert torch.equal(embedded, tiny_pipeline(config).unet.time_proj(timestep))


@pytest.mark.parametrize("config", CONFIGS)
def test_nothing_is_tied_to_a_device(config, tiny_bundle):
    # On the meta device every tensor that the code itself makes on the CPU is an error.
    bundle = tiny_bundle(config)
    for part in PARTS:
        module = load(bundle, part, map_location="meta").float()
        given = [x.to("meta") for x in inputs(manifest_of(bundle), part, 2, 1, 2)]
        assert module(*given).device.type == "meta"
        assert fixed_parts(module) == []


class TiedToDtype(torch.nn.Module):
    def forward(self, x):
        return torch.sin(x).to(torch.float32) + x


class TiedToDevice(torch.nn.Module):
    def forward(self, x):
        return x + torch.arange(3, device=x.device)


class TiedToConstant(torch.nn.Module):
    def forward(self, x):
        return x + torch.ones(3).cumsum(0)


@pytest.mark.parametrize(
    ("module", "named"),
    [
        (TiedToDtype(), "aten::to(dtype=6)"),
        (TiedToDevice(), "aten::arange(device=cpu)"),
        (TiedToConstant(), "aten::ones(device=cpu)"),
    ],
)
def test_code_tied_to_the_tracing_machine_is_refused(module, named):
    with pytest.raises(Refusal) as refusal:
        trace(module, (torch.zeros(3),), "part")
    assert refusal.value.code == MODEL and named in str(refusal.value) and str(refusal.value).startswith("part: ")


def test_convolutions_obey_the_settings_of_the_process_that_runs_them(tiny_bundle):
    # aten::_convolution would carry this machine's cuDNN settings, TF32 among them.
    kinds = {node.kind() for part in PARTS for node in load(tiny_bundle("sd1"), part).inlined_graph.nodes()}
    assert "aten::conv2d" in kinds and "aten::_convolution" not in kinds


def test_code_is_read_as_it_was_written(tiny_bundle):
    # An archive of an older version gets its divisions wrapped in branches when it is loaded.
    for part in PARTS:
        assert not any(node.kind() == "prim::If" for node in load(tiny_bundle("sd1"), part).inlined_graph.nodes())


def test_the_unet_can_be_trained(tiny_bundle):
    unet = load(tiny_bundle("sd1"), "unet").float()
    names = {name for name, parameter in unet.named_parameters() if parameter.requires_grad}
    given = inputs(manifest_of(tiny_bundle("sd1")), "unet", 1, 1, 1)
    unet(*given).square().mean().backward()
    assert names == {name for name, parameter in unet.named_parameters() if parameter.grad is not None}
    assert "down_blocks.0.resnets.0.conv1.weight" in names  # diffusers' names


def test_archives_hold_no_paths_of_the_machine(tiny_bundle):
    for part in PARTS:
        content = (tiny_bundle("sd1") / f"{part}.pt").read_bytes()
        assert b"site-packages" not in content and b"bundle_export" not in content
        assert b"debug_pkl" not in content and b"traced_inputs" not in content


@pytest.mark.parametrize("config", CONFIGS)
def test_manifest(config, tiny_bundle, tiny_pipeline):
    bundle, pipe = tiny_bundle(config), tiny_pipeline(config)
    manifest = manifest_of(bundle)
    for entry in manifest["files"].values():
        content = (bundle / entry["path"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (entry["bytes"], entry["sha256"])

    noise, latent, text = manifest["noise"], manifest["latent"], manifest["text"]
    assert torch.equal(torch.tensor(noise["betas"]), pipe.scheduler.betas)
    assert len(noise["betas"]) == noise["train_timesteps"] == pipe.scheduler.config.num_train_timesteps
    assert noise["prediction"] == pipe.scheduler.config.prediction_type
    assert latent["scale"] == pipe.vae.config.scaling_factor
    assert latent["shift"] == (pipe.vae.config.shift_factor or 0)
    assert latent["pixels_per_latent"] == pipe.vae_scale_factor
    assert manifest["size_multiple"] == pipe.vae_scale_factor * 2 ** (len(pipe.unet.config.block_out_channels) - 1)
    tokenizer = pipe.tokenizer
    assert [text[key] for key in ("start", "end", "pad", "length", "vocabulary", "width", "front_end")] == [
        tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id, tokenizer.model_max_length,
        len(tokenizer), pipe.text_encoder.config.hidden_size, "clip",
    ]
    assert manifest["random_weights"] is True
    assert sorted(path.name for path in bundle.iterdir()) == sorted(
        [*(entry["path"] for entry in manifest["files"].values()),
         "bundle.json", "README.md", "LICENSE", "LICENSE-clip-vocabulary"]
    )


def test_manifest_says_only_what_the_source_says(tiny_bundle):
    def section(config):
        noise = manifest_of(tiny_bundle(config))["noise"]
        return noise["timestep_spacing"], noise["steps_offset"], noise["final_alpha_one"]

    assert section("sd1") == (None, 1, False)
    assert section("vae3") == ("trailing", 0, None)
    assert section("context48") == ("linspace", 1, True)
    assert manifest_of(tiny_bundle("sd1"))["defaults"]["sampler"] == "euler_a"
    assert manifest_of(tiny_bundle("odd"))["defaults"]["sampler"] == "pndm"


def test_the_same_source_gives_the_same_bytes(tiny_folder, tiny_bundle, tmp_path):
    # The fixture's export ran in this process, among others; this one has a process of its own.
    command = [sys.executable, SCRIPT, tiny_folder("vae3"), tmp_path / "again", "--dtype", "float16"]
    result = subprocess.run([*command, "--random-weights"], capture_output=True, text=True, check=True)
    assert result.stdout == f"{tmp_path / 'again'}\n"
    assert contents(tmp_path / "again") == contents(tiny_bundle("vae3"))
    export(DiffusersFolder(tiny_folder("vae3")), tmp_path / "third", Options(dtype="float16", random_weights=True))
    assert contents(tmp_path / "third") == contents(tiny_bundle("vae3"))


def test_float32_and_float16_hold_the_same_numbers_here(tiny_bundle):
    wide, narrow = (load(tiny_bundle("vae3", dtype), "unet").state_dict() for dtype in ("float32", "float16"))
    for name, value in wide.items():
        assert value.dtype == (torch.int64 if name == "time_proj.index" else torch.float32)
        assert torch.equal(value, narrow[name].to(value.dtype))
