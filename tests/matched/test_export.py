"""The exporter: what is in a bundle, from which sources, and what it refuses."""

import gzip
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from bundle_export import check, text_encoder
from bundle_export.bundle import Options, export
from bundle_export.errors import Refusal
from bundle_export.folder import DiffusersFolder
from bundle_export.hub import chosen
from bundle_export.open_source import open_source
from bundle_export.tiny import CONFIGS, published_vocabulary
from bundle_export.tokenizer import clip_from_folder, clip_ids, load_tokenizer
from bundle_export.tracing import fixed_parts, trace
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer

SCRIPT = Path(__file__).parents[2] / "scripts/export_bundle.py"
PARTS = ("unet", "vae_encoder", "vae_decoder", "text_encoder")
USAGE, FILE, MODEL = 2, 3, 4


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
    """Sets keys of a JSON file; None of them removed: `...` removes."""
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


# --- what is in a bundle


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
        given = inputs(manifest, part, 2, 1, 2)
        expected = reference(*given)
        # As ip2p calls them: tokens are integers and timesteps float32 in every dtype.
        cast = [x.to(dtype) if x.is_floating_point() and x.ndim > 1 else x for x in given]
        output = half(*cast)
        assert output.dtype == dtype
        assert (output.float() - expected).std() <= bound * expected.std()


@pytest.mark.parametrize("config", CONFIGS)
def test_nothing_is_tied_to_a_device(config, tiny_bundle):
    # On the meta device every tensor that the code itself makes on the CPU is an error.
    bundle = tiny_bundle(config)
    for part in PARTS:
        module = load(bundle, part, map_location="meta")
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


# --- sameness


def contents(bundle):
    return {path.name: path.read_bytes() for path in bundle.iterdir()}


def test_the_same_source_gives_the_same_bytes(tiny_folder, tiny_bundle, tmp_path):
    # The fixture's export ran in this process, among others; this one has a process of its own.
    command = [sys.executable, SCRIPT, tiny_folder("vae3"), tmp_path / "again", "--dtype", "float16", "--random-weights"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    assert result.stdout == f"{tmp_path / 'again'}\n"
    assert contents(tmp_path / "again") == contents(tiny_bundle("vae3"))


def test_float32_and_float16_hold_the_same_numbers_here(tiny_bundle):
    wide, narrow = (load(tiny_bundle("vae3", dtype), "unet").state_dict() for dtype in ("float32", "float16"))
    for name, value in wide.items():
        assert value.dtype == (torch.int64 if name == "time_proj.index" else torch.float32)
        assert torch.equal(value, narrow[name].to(value.dtype))


def test_bin_weights_with_old_names(editable, tiny_bundle, tmp_path):
    folder = editable("vae3")
    for part, name in (("unet", "diffusion_pytorch_model"), ("vae", "diffusion_pytorch_model"), ("text_encoder", "model")):
        (path,) = (folder / part).glob("*.safetensors")
        weights = DiffusersFolder(folder).__getattribute__(f"load_{part}")().state_dict()
        if part == "text_encoder":  # as the hub's files have them
            weights = {f"text_model.{key}": value for key, value in weights.items()}
            weights["text_model.embeddings.position_ids"] = torch.arange(77)[None]
        path.unlink()
        torch.save(weights, folder / part / f"{'pytorch_model' if part == 'text_encoder' else name}.bin")
    source = DiffusersFolder(folder, "vae3")
    export(source, tmp_path / "out", Options(dtype="float16", random_weights=True))
    assert contents(tmp_path / "out") == contents(tiny_bundle("vae3"))


# --- tokenizer


TEXTS = (
    "make it snow", "Turn the sky into a blazing sunset, please!", "don't! I'LL we've 'tis", "a  b\tc\n d", "",
    "\u00c5ngstr\u00f6m \u0130stanbul \u03a3\u0391\u03a3", "12345 3.14 \u2162 \u00bd", "\u6c34\u5f69\u753b \U0001f9d1\u200d\U0001f680",
    "<|endoftext|> <|startoftext|>x <|ENDOFTEXT|>", "wow!!! ok ! x!y", "anti-dis-establish_ment@arian#ism",
)  # fmt: skip


@pytest.mark.parametrize("config", CONFIGS)
def test_token_ids_are_transformers(config, tiny_folder, tiny_bundle):
    reference = clip_from_folder(tiny_folder(config) / "tokenizer")
    pieces = SentencePieceProcessor(model_file=str(tiny_bundle(config) / "tokenizer.model"))
    for text in TEXTS:
        assert clip_ids(reference, pieces, text) == reference(text, add_special_tokens=False).input_ids, text


def test_three_forms_of_a_clip_tokenizer_are_one(tiny_folder, tmp_path):
    folder = tiny_folder("sd1") / "tokenizer"
    clip_from_folder(folder).save_pretrained(tmp_path)  # tokenizer.json
    assert not (tmp_path / "vocab.json").exists()
    forms = [load_tokenizer(path) for path in (folder, tmp_path, published_vocabulary())]
    assert forms[0].model == forms[1].model == forms[2].model
    assert forms[0].pad == forms[1].pad == forms[2].pad == 49407


def test_plain_sentencepiece_model(editable, tiny_folder, tmp_path):
    corpus = (tiny_folder("vae3") / "tokenizer/merges.txt").read_text().split("\n")[:2000]
    SentencePieceTrainer.train(
        sentence_iterator=iter(corpus), model_prefix=str(tmp_path / "spm"), vocab_size=300, minloglevel=2,
        pad_id=3, pad_piece="<pad>",
    )
    folder = editable("vae3")
    shutil.rmtree(folder / "tokenizer")
    (folder / "tokenizer").mkdir()
    shutil.copy(tmp_path / "spm.model", folder / "tokenizer/spiece.model")
    (folder / "tokenizer/tokenizer_config.json").write_text(
        json.dumps({"bos_token": "<s>", "eos_token": {"content": "</s>"}, "pad_token": "<pad>", "model_max_length": 40})
    )
    manifest = export(DiffusersFolder(folder), tmp_path / "out", Options())
    assert manifest["text"] | {"width": 0} == {
        "length": 40, "width": 0, "vocabulary": 4514, "start": 1, "end": 2, "pad": 3, "front_end": "plain",
    }  # fmt: skip
    assert (tmp_path / "out/tokenizer.model").read_bytes() == (tmp_path / "spm.model").read_bytes()
    assert not (tmp_path / "out/LICENSE-clip-vocabulary").exists()
    assert load(tmp_path / "out", "text_encoder")(torch.zeros(1, 40, dtype=torch.int64)).shape[1] == 40


def test_published_vocabulary_that_is_another_file(tmp_path):
    path = tmp_path / "merges.gz"
    path.write_bytes(gzip.compress(b"a b\nc d\n"))
    with pytest.raises(Refusal, match="is not CLIP's bpe_simple_vocab_16e6.txt.gz"):
        load_tokenizer(path)


# --- the command line


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
        (["nobody/no-model", "{out}"], FILE, "hub cannot be reached"),
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


# --- models that are refused


UNET, VAE, TEXT, NOISE = "unet/config.json", "vae/config.json", "text_encoder/config.json", "scheduler/scheduler_config.json"
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
    (NOISE, {"_class_name": "FlowMatchEulerDiscreteScheduler"}, "is a FlowMatchEulerDiscreteScheduler, expected one of"),
    (NOISE, {"rescale_betas_zero_snr": True}, "rescale_betas_zero_snr is true"),
    (NOISE, {"thresholding": True}, "thresholding is true"),
    (NOISE, {"_class_name": "DDIMScheduler", "clip_sample": True}, "clip_sample is true"),
    (NOISE, {"_class_name": "DDPMScheduler", "clip_sample": ...}, "clip_sample is true"),
    (NOISE, {"prediction_type": "sample"}, "prediction_type is 'sample', expected epsilon or v_prediction"),
    (NOISE, {"timestep_type": "continuous"}, "timestep_type is 'continuous'"),
    (NOISE, {"timestep_spacing": "uniform"}, "timestep_spacing is 'uniform'"),
    ("model_index.json", {"text_encoder_2": ["transformers", "CLIPTextModelWithProjection"]}, "a second text encoder"),
    ("model_index.json", {"transformer": ["diffusers", "SD3Transformer2DModel"]}, "a transformer in the UNet's place"),
    ("tokenizer/tokenizer_config.json", {"tokenizer_class": "T5Tokenizer"}, "is a T5Tokenizer, expected a CLIPTokenizer"),
    ("tokenizer/tokenizer_config.json", {"model_max_length": 100}, "pads to 100 tokens"),
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
    from bundle_export.noise import noise_section

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


# --- the hub


def test_files_to_fetch_from_the_hub():
    kept = ["model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors", "vae/model.bin", "LICENSE",
            "tokenizer/merges.txt", "README.md"]  # fmt: skip
    left = ["unet/diffusion_pytorch_model.bin", "unet/diffusion_pytorch_model.fp16.safetensors", "safety_checker/model.bin",
            "ip2p.ckpt", "unet/diffusion_pytorch_model.non_ema.safetensors", "unet/flax_model.bin"]  # fmt: skip
    assert sorted(chosen(kept + left)) == sorted(kept)


def test_a_hub_model_from_the_cache(command, tiny_folder, tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("bundle_export.hub.snapshot_download", lambda *_, **__: str(tiny_folder("vae3")))
    code, stderr = command("someone/tiny", tmp_path / "out")
    assert code == 0 and "using someone/tiny from the cache" in stderr
    assert manifest_of(tmp_path / "out")["source"]["name"] == "someone/tiny"


def test_open_source_prefers_what_is_there(tiny_folder, monkeypatch):
    monkeypatch.chdir(tiny_folder("vae3").parent.parent)
    relative = "/".join(tiny_folder("vae3").parts[-2:])  # looks like owner/name
    assert open_source(relative).name == "vae3"
