"""Where the exporter reads from: .bin folders, files in the original layout, tokenizers."""

import gzip
import json
import shutil
import subprocess

import pytest
import torch
from bundle_export.bundle import Options, export
from bundle_export.checkpoint_config import scheduler_config, text_encoder_config, unet_config, vae_config
from bundle_export.errors import Refusal
from bundle_export.folder import DiffusersFolder
from bundle_export.full_size import FULL_SIZE
from bundle_export.noise import ORIGINAL_SCHEDULER, noise_section
from bundle_export.open_source import open_source
from bundle_export.tiny import CONFIGS, TinyConfig, published_vocabulary, save_tiny_pipeline, unet, vae
from bundle_export.tokenizer import clip_from_folder, clip_ids, load_tokenizer
from diffusers import AutoencoderKL, UNet2DConditionModel
from export_support import MODEL, command, contents, editable, load, manifest_of, run_code_as_it_is  # noqa: F401
from original_layout import original_layout
from safetensors.torch import save_file
from sentencepiece import SentencePieceProcessor, SentencePieceTrainer
from transformers import CLIPTextConfig, CLIPTextModel


def test_bin_weights_with_old_names(editable, tiny_bundle, tmp_path):
    folder = editable("vae3")
    source = DiffusersFolder(folder)
    parts = {"unet": source.load_unet(), "vae": source.load_vae(), "text_encoder": source.load_text_encoder()}
    for part, model in parts.items():
        (path,) = (folder / part).glob("*.safetensors")
        weights, name = model.state_dict(), "diffusion_pytorch_model.bin"
        if part == "text_encoder":  # as the hub's files have them
            weights, name = {f"text_model.{key}": value for key, value in weights.items()}, "pytorch_model.bin"
            weights["text_model.embeddings.position_ids"] = torch.arange(77)[None]
        path.unlink()
        torch.save(weights, folder / part / name)
    source = DiffusersFolder(folder, "vae3")
    export(source, tmp_path / "out", Options(dtype="float16", random_weights=True))
    assert contents(tmp_path / "out") == contents(tiny_bundle("vae3"))


# --- one file in the original layout


WIDE = TinyConfig(  # as small as the original's rules allow: 32 groups, 8 heads, text heads 64 wide
    unet=unet((32, 64), attention_head_dim=8, norm_num_groups=32, layers_per_block=2),
    vae=vae((32, 32, 64), norm_num_groups=32, layers_per_block=2),
    text={"hidden_size": 64, "num_attention_heads": 1, "num_hidden_layers": 2},
    merges=3000,
)


@pytest.fixture(scope="session")
def wide(quiet_libraries, tmp_path_factory):
    """The folder of a model that a checkpoint's shapes describe fully, and its weights in the original layout."""
    folder = tmp_path_factory.mktemp("wide") / "model"
    save_tiny_pipeline(WIDE, 0, folder)
    source = DiffusersFolder(folder)
    return folder, original_layout(source.load_unet(), source.load_vae(), source.load_text_encoder())


def state(source):
    """Every weight that a source gives."""
    parts = {"unet": source.load_unet(), "vae": source.load_vae(), "text_encoder": source.load_text_encoder()}
    return {f"{part}.{name}": value for part, model in parts.items() for name, value in model.state_dict().items()}


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    assert all(torch.equal(found[name], value) for name, value in expected.items())


def test_safetensors_file(wide, command, tmp_path):
    folder, weights = wide
    save_file(weights, tmp_path / "model.safetensors")
    assert not weights.keys() & state(DiffusersFolder(folder)).keys()
    source = open_source(str(tmp_path / "model.safetensors"), folder / "tokenizer")
    assert_same(state(source), state(DiffusersFolder(folder)))

    code, _ = command(tmp_path / "model.safetensors", tmp_path / "out", "--tokenizer", folder / "tokenizer")
    assert code == 0
    export(DiffusersFolder(folder, "model"), tmp_path / "folder", Options())
    assert contents(tmp_path / "out") == contents(tmp_path / "folder")


class Hostile:
    """Runs a command when it is unpickled by someone careless."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return subprocess.call, (["touch", str(self.path)],)


def test_ckpt_file_with_averaged_weights(wide, tmp_path, capsys):
    folder, weights = wide
    start = "model.diffusion_model."
    averaged = {
        "model_ema." + name.removeprefix("model.").replace(".", ""): value
        for name, value in weights.items()
        if name.startswith(start)
    }
    trained = {name: value + 1 if name.startswith(start) else value for name, value in weights.items()}
    extra = {"model_ema.decay": torch.tensor(0.9999), "betas": torch.linspace(1e-4, 2e-2, 500)}
    content = {
        "state_dict": {**trained, **averaged, **extra},
        "callbacks": {"checkpoint": Hostile(tmp_path / "gone")},  # training frameworks save objects of their own
        "global_step": 7,
    }
    for name, options in (("new.ckpt", {}), ("old.ckpt", {"_use_new_zipfile_serialization": False})):
        if options:
            del content["callbacks"]
        torch.save(content, tmp_path / name, **options)
        source = open_source(str(tmp_path / name), folder / "tokenizer")
        assert_same(state(source), state(DiffusersFolder(folder)))
        assert "EMA weights" in capsys.readouterr().err
        noise = noise_section(source.scheduler_config)
        assert torch.equal(torch.tensor(noise["betas"]), extra["betas"]) and noise["train_timesteps"] == 500
    assert not (tmp_path / "gone").exists()

    del content["state_dict"][next(iter(averaged))]
    torch.save(content, tmp_path / "damaged.ckpt")
    with pytest.raises(Refusal, match="its EMA weights lack"):
        open_source(str(tmp_path / "damaged.ckpt"), folder / "tokenizer").load_unet()


def test_checkpoint_with_configs_beside_it(tiny_folder, tmp_path):
    # Eight groups and four heads: nothing that shapes could tell.
    folder = tiny_folder("sd2")
    source = DiffusersFolder(folder)
    weights = original_layout(source.load_unet(), source.load_vae(), source.load_text_encoder())
    save_file(weights, tmp_path / "m.safetensors")
    given = open_source(str(tmp_path / "m.safetensors"), configs=folder)
    assert given.scheduler_config == source.scheduler_config and given.unet_config == source.unet_config
    assert given.load_tokenizer().pad == 0
    assert_same(state(given), state(source))


def test_configs_from_the_shapes_of_stable_diffusion_1():
    with torch.device("meta"):
        models = (
            UNet2DConditionModel(in_channels=8, cross_attention_dim=768),
            AutoencoderKL(**FULL_SIZE.vae),
            CLIPTextModel(CLIPTextConfig(**FULL_SIZE.text)),
        )
    weights = original_layout(*models)
    found = unet_config(weights), vae_config(weights), text_encoder_config(weights)
    for model, config in zip(models, found, strict=True):
        expected = model.config.to_dict() if hasattr(model.config, "to_dict") else dict(model.config)
        for key, value in config.items():
            if key not in ("_class_name", "architectures"):
                wanted = expected[key]
                assert value == (list(wanted) if isinstance(wanted, tuple) else wanted), key
    assert scheduler_config(weights) == ORIGINAL_SCHEDULER
    computed = torch.linspace(0.00085**0.5, 0.012**0.5, 1000).double() ** 2  # equal but for rounding
    assert scheduler_config({"betas": computed}) == ORIGINAL_SCHEDULER
    assert scheduler_config({"betas": 1.001 * computed})["trained_betas"] == (1.001 * computed).tolist()


def cut(weights, start, shape=None):
    """The weights without (or with another shape of) those whose name starts with `start`."""
    changed = {name: torch.zeros(shape) if shape else None for name in weights if name.startswith(start)}
    return {name: value for name, value in {**weights, **changed}.items() if value is not None}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda w: cut(w, "first_stage_model."), "has no VAE (no key starts with first_stage_model.)"),
        (lambda w: cut(w, "cond_stage_model."), "has no text encoder"),
        (lambda w: {"lora.weight": torch.zeros(1)}, "has no UNet"),
        (lambda w: w | {"conditioner.embedders.1.model.x": torch.zeros(1)}, "a second text encoder"),
        (lambda w: w | {"cond_stage_model.model.x": torch.zeros(1)}, "OpenCLIP's text encoder"),
        (lambda w: w | {"model.diffusion_model.label_emb.0.weight": torch.zeros(1)}, "has class embeddings"),
        (lambda w: cut(w, "model.diffusion_model.out.2.weight"), "has no model.diffusion_model.out.2.weight"),
        (lambda w: cut(w, "model.diffusion_model.out.0.bias"), "unet: weight conv_norm_out.bias has shape None"),
        (lambda w: cut(w, "model.diffusion_model.out.0.bias", (7,)), "conv_norm_out.bias has shape [7], expected [32]"),
        (lambda w: cut(w, "model.diffusion_model.input_blocks.0.0.weight", (32, 4, 3, 3)), "text-to-image model"),
    ],
)
def test_refused_checkpoints(change, words, wide, command, tmp_path):
    folder, weights = wide
    save_file(change(weights), tmp_path / "model.safetensors")
    code, stderr = command(tmp_path / "model.safetensors", tmp_path / "out", "--tokenizer", folder / "tokenizer")
    assert code == MODEL and words in stderr.splitlines()[-1] and "Traceback" not in stderr, stderr
    assert not (tmp_path / "out").exists()


# --- tokenizer


TEXTS = (
    "make it snow", "Turn the sky into a blazing sunset, please!", "don't! I'LL we've 'tis", "a  b\tc\n d", "",
    "\u00c5ngstr\u00f6m \u0130stanbul \u03a3\u0391\u03a3", "12345 3.14 \u2162 \u00bd",
    "\u6c34\u5f69\u753b \U0001f9d1\u200d\U0001f680", "<|endoftext|> <|startoftext|>x <|ENDOFTEXT|>",
    "wow!!! ok ! x!y", "anti-dis-establish_ment@arian#ism",
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
