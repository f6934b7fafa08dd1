"""The exporter's command line: its options, and one sentence and an exit code for everything that it refuses."""

import json
import os
import shutil
import subprocess
import sys

import pytest
import torch
from bundle_export import archive, check, text_encoder
from bundle_export.bundle import Options, export
from bundle_export.errors import Refusal
from bundle_export.folder import DiffusersFolder
from bundle_export.noise import noise_section
from bundle_export.tokenizer import load_tokenizer
from export_support import (  # noqa: F401
    BUG, FILE, MODEL, USAGE, change, command, editable, manifest_of, run_code_as_it_is,
)  # fmt: skip
from linked_libraries import ROOT
from safetensors.torch import load_file, save_file


def test_options(command, tiny_folder, tmp_path):
    out = tmp_path / "new/out"
    code, stderr = command(
        tiny_folder("vae3"), out, "--name", "mine", "--licence", "MIT", "--default", "steps=20",
        "--default", "cfg_text=5", "--default", "sampler=unipc",
    )  # fmt: skip
    assert code == 0 and "differs from the original by" in stderr
    manifest = manifest_of(out)
    assert manifest["name"] == "mine" and manifest["source"] == {"name": "vae3", "licence": "MIT"}
    assert manifest["defaults"] == {
        "sampler": "unipc", "steps": 20, "cfg_text": 5.0, "cfg_image": 1.5, "resolution": 512,
    }  # fmt: skip
    assert manifest["weights_dtype"] == "float32" and manifest["random_weights"] is False
    assert "MIT" in (out / "LICENSE").read_text() and "mine" in (out / "README.md").read_text()
    assert out.stat().st_mode & 0o777 == 0o755

    code, stderr = command(tiny_folder("vae3"), out)
    assert code == FILE and "exists" in stderr and "--overwrite" in stderr
    assert command(tiny_folder("vae3"), out, "--overwrite")[0] == 0
    assert manifest_of(out)["name"] == "vae3"
    assert [path.name for path in out.parent.iterdir()] == ["out"]


def test_licence_and_safety_checker_of_the_source(editable, command, tmp_path):
    folder = editable("vae3")
    (folder / "LICENSE.md").write_text("do good")
    (folder / "README.md").write_text("---\nlanguage: en\nlicense: openrail\n---\n# Model\n")
    change(folder / "model_index.json", safety_checker=["stable_diffusion", "StableDiffusionSafetyChecker"])
    code, stderr = command(folder, tmp_path / "out")
    assert code == 0 and "safety checker is left out" in stderr
    assert manifest_of(tmp_path / "out")["source"]["licence"] == "openrail"
    assert (tmp_path / "out/LICENSE.md").read_text() == "do good"
    assert not (tmp_path / "out/LICENSE").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["{folder}", "{out}", "--default", "steps"], USAGE, "expected KEY=VALUE"),
        (["{folder}", "{out}", "--default", "steps=many"], USAGE, "expected a whole number"),
        (["{folder}", "{out}", "--default", "cfg_text=nan"], USAGE, "expected 0 to 50"),
        (["{folder}", "{out}", "--default", "sampler=hein"], USAGE, "known: euler_a, euler"),
        (["{folder}", "{out}", "--config", "{folder}"], USAGE, "--config is for a checkpoint file"),
        (["{file}.safetensors", "{out}"], USAGE, "give CLIP's with --tokenizer"),
        (["{file}.safetensors", "{out}", "--tokenizer", "{out}"], FILE, "there is no such file or folder"),
        (["{file}.safetensors", "{out}", "--tokenizer", "{folder}/tokenizer"], FILE, "cannot be read as a checkpoint"),
        (["{file}.ckpt", "{out}", "--tokenizer", "{folder}/tokenizer"], FILE, "cannot be read as a checkpoint"),
        (["{file}.txt", "{out}"], FILE, "is of an unknown kind"),
        (["/nowhere/at all", "{out}"], FILE, "there is no such file or folder"),
        (["nobody/no-model", "{out}"], FILE, "hub cannot be reached (HF_HUB_OFFLINE is set)"),
        (["{folder}", "{folder}"], FILE, "exists; give another folder"),
        (["{folder}", "{folder}", "--overwrite"], FILE, "is not a bundle"),
        (["{folder}", "{file}.txt/out"], FILE, "cannot be made"),
        (["{folder}/unet", "{out}"], MODEL, "has no unet/config.json"),
    ],
)
def test_refused_command_lines(arguments, code, words, command, tiny_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    for end in (".safetensors", ".ckpt", ".txt"):
        (tmp_path / f"file{end}").write_bytes(b"nothing of the kind")
    places = {"folder": tiny_folder("vae3"), "out": tmp_path / "out", "file": tmp_path / "file"}
    found, stderr = command(*(argument.format(**places) for argument in arguments))
    assert (found, stderr.count("\n")) == (code, 1) and words in stderr, stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("script", ["export_bundle.py", "make_tiny_bundle.py"])
def test_a_python_without_torch_names_the_one_that_has_it(script):
    command = [sys.executable, "-I", "-S", ROOT / "scripts" / script, "source", "out"]
    result = subprocess.run(command, capture_output=True, text=True)
    assert (result.returncode, result.stdout, result.stderr.count("\n")) == (FILE, "", 1), result.stderr
    assert "has no torch, diffusers" in result.stderr and ".venv/bin/python" in result.stderr


# --- models that are refused


UNET, VAE, TEXT = "unet/config.json", "vae/config.json", "text_encoder/config.json"
NOISE, TOKENIZER, INDEX = "scheduler/scheduler_config.json", "tokenizer/tokenizer_config.json", "model_index.json"
REFUSED = [
    (UNET, {"in_channels": 8}, "this is a text-to-image model, which cannot edit"),
    (UNET, {"in_channels": 9}, "in_channels is 9 and out_channels 8, expected 16 and 8"),
    (UNET, {"cross_attention_dim": 768}, "cross_attention_dim is 768, expected the text encoder's width 16"),
    (UNET, {"class_embed_type": "timestep"}, "class_embed_type is 'timestep'"),
    (UNET, {"num_class_embeds": 10}, "num_class_embeds is 10"),
    (UNET, {"addition_embed_type": "text_time"}, "addition_embed_type is 'text_time'"),
    (UNET, {"time_cond_proj_dim": 256}, "time_cond_proj_dim is 256"),
    (UNET, {"encoder_hid_dim_type": "text_proj"}, "encoder_hid_dim_type is 'text_proj'"),
    (UNET, {"time_embedding_type": "fourier"}, "time_embedding_type is 'fourier'"),
    (UNET, {"attention_type": "gated"}, "attention_type is 'gated'"),
    (UNET, {"down_block_types": ["AttnDownBlock2D", "DownBlock2D"]}, "down_block_types has 'AttnDownBlock2D'"),
    (UNET, {"_class_name": "UNet3DConditionModel"}, "is a UNet3DConditionModel"),
    (UNET, {"block_out_channels": [16, 64]}, "unet: the weights lack"),
    (VAE, {"_class_name": "AutoencoderTiny"}, "is a AutoencoderTiny, expected an AutoencoderKL"),
    (VAE, {"latents_mean": [0.0]}, "latents_mean is given"),
    (VAE, {"in_channels": 1}, "in_channels is 1, expected 3"),
    (TEXT, {"use_attention_mask": True}, "use_attention_mask is true"),
    (TEXT, {"hidden_act": "relu"}, "hidden_act is 'relu', expected one of quick_gelu, gelu"),
    (TEXT, {"architectures": ["T5EncoderModel"]}, "is a T5EncoderModel, expected a CLIPTextModel"),
    (NOISE, {"_class_name": "FlowMatchEulerDiscreteScheduler"}, "is a FlowMatchEulerDiscreteScheduler, expected"),
    (NOISE, {"rescale_betas_zero_snr": True}, "rescale_betas_zero_snr is true"),
    (NOISE, {"thresholding": True}, "thresholding is true"),
    (NOISE, {"_class_name": "DDIMScheduler", "clip_sample": True}, "clip_sample is true"),
    (NOISE, {"_class_name": "DDPMScheduler", "clip_sample": ...}, "clip_sample is true"),
    (NOISE, {"prediction_type": "sample"}, "prediction_type is 'sample', expected epsilon or v_prediction"),
    (NOISE, {"timestep_type": "continuous"}, "timestep_type is 'continuous'"),
    (NOISE, {"timestep_spacing": "uniform"}, "timestep_spacing is 'uniform'"),
    (INDEX, {"text_encoder_2": ["transformers", "CLIPTextModelWithProjection"]}, "a second text encoder"),
    (INDEX, {"transformer": ["diffusers", "SD3Transformer2DModel"]}, "a transformer in the UNet's place"),
    (TOKENIZER, {"tokenizer_class": "T5Tokenizer"}, "is a T5Tokenizer, expected a CLIPTokenizer"),
    (TOKENIZER, {"model_max_length": 100}, "pads to 100 tokens"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "values", "words"), REFUSED, ids=[case[2] for case in REFUSED])
def test_refused_models(file, values, words, command, editable, tmp_path):
    folder = editable("vae3")
    change(folder / file, **values)
    code, stderr = command(folder, tmp_path / "out")
    sentence = stderr.splitlines()[-1]
    assert code == MODEL and words in sentence and "Traceback" not in stderr, stderr
    assert not any(tmp_path.glob("*out*"))


def test_clip_sample_where_the_scheduler_does_not_have_it(editable):
    folder = editable("vae3")
    change(folder / NOISE, clip_sample=True)  # Euler's: it never clips
    assert noise_section(DiffusersFolder(folder).scheduler_config)["prediction"] == "epsilon"


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder", "scheduler", "tokenizer"])
def test_missing_parts(part, command, editable, tmp_path):
    folder = editable("vae3")
    shutil.rmtree(folder / part)
    code, stderr = command(folder, tmp_path / "out")
    assert code == MODEL and part in stderr and stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_damaged_weights(command, editable, tmp_path):
    folder = editable("vae3")
    path = folder / "unet/diffusion_pytorch_model.safetensors"
    os.truncate(path, path.stat().st_size // 2)
    code, stderr = command(folder, tmp_path / "out")
    assert code == FILE and "unet: its weights" in stderr and "Traceback" not in stderr
    assert not any(tmp_path.glob("*out*"))  # nor anything half-made


def test_added_tokens_are_refused(editable):
    folder = editable("vae3") / "tokenizer"
    vocabulary = json.loads((folder / "vocab.json").read_text())
    (folder / "vocab.json").write_text(json.dumps(vocabulary | {"<my-cat>": len(vocabulary)}))
    with pytest.raises(Refusal, match="'<my-cat>' is no byte, no merge"):
        load_tokenizer(folder)


def test_a_module_that_differs_is_refused(tiny_folder, tmp_path, monkeypatch):
    monkeypatch.setitem(text_encoder.ACTIVATIONS, "quick_gelu", torch.nn.functional.gelu)
    with pytest.raises(Refusal, match="text_encoder: the traced module differs from the original by"):
        export(DiffusersFolder(tiny_folder("vae3")), tmp_path / "out", Options())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_a_written_archive_that_differs_is_refused(dtype, tiny_folder, tmp_path, monkeypatch):
    renamed = archive.renamed_code
    monkeypatch.setattr(archive, "renamed_code", lambda *given: renamed(*given).replace(b"torch.sigmoid", b"torch.tanh"))
    with pytest.raises(Refusal, match="text_encoder: the written archive differs from the original by"):
        export(DiffusersFolder(tiny_folder("vae3")), tmp_path / "out", Options(dtype=dtype))
    assert list(tmp_path.iterdir()) == []


def test_weights_that_float16_rounds_are_no_difference(editable, tmp_path):
    folder = editable("vae3")
    path = folder / "unet/diffusion_pytorch_model.safetensors"
    save_file({name: 1.0003 * value.float() for name, value in load_file(path).items()}, path, {"format": "pt"})
    export(DiffusersFolder(folder), tmp_path / "out", Options(dtype="float16"))
    wide = torch.jit.load(tmp_path / "out/unet.pt").state_dict()["conv_in.weight"]
    assert wide.dtype == torch.float16 and not torch.equal(wide.float(), load_file(path)["conv_in.weight"])


@pytest.mark.parametrize("shown", [False, True])
def test_a_fault_is_a_sentence_and_an_exit_code_of_its_own(shown, command, tiny_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("bundle_export.bundle.export_vae", lambda *_: {}["no such key"])
    if shown:
        monkeypatch.setenv("IP2P_TRACEBACK", "1")
    code, stderr = command(tiny_folder("vae3"), tmp_path / "out")
    assert code == BUG and ("Traceback" in stderr) == shown
    assert "export_bundle: a fault of export_bundle itself: KeyError: 'no such key';" in stderr.splitlines()[-1]
    assert not any(tmp_path.iterdir())


def test_a_module_that_does_not_generalise_is_refused():
    class Fixed(torch.nn.Module):
        def forward(self, x):
            return x.reshape(3, -1).reshape(x.shape) * x.numel()

    module = torch.jit.trace(Fixed(), (torch.zeros(3, 4),))
    cases = check.cases(lambda x: x * x.numel(), lambda batch, height, width: (torch.ones(batch, height * width),))
    with pytest.raises((Refusal, RuntimeError)):
        check.refuse_difference("part", module, cases)
    nan = [check.Case((torch.ones(1),), torch.tensor([float("nan")]))]
    with pytest.raises(Refusal, match="not finite"):
        check.refuse_difference("part", lambda x: x, nan)
