"""scripts/export_clip.py: every layout that the hub has for a CLIPModel, the same bytes each time, and what it refuses."""

import hashlib
import importlib.util
import json
import shutil
import sys
from pathlib import Path

import pytest
import torch
from bundle_export import check, clip_bundle
from bundle_export.clip_bundle import FILES, Options, export
from bundle_export.clip_source import ClipFolder, chosen
from bundle_export.tracing import fixed_parts
from clip_models import CONFIGS, ClipReference, change_json
from safetensors.torch import load_file, save_file
from transformers import CLIPModel, CLIPProcessor

SCRIPT = Path(__file__).parents[2] / "scripts/export_clip.py"
USAGE, FILE, MODEL, BUG = 2, 3, 4, 70


@pytest.fixture
def command(monkeypatch, capsys, quiet_libraries):
    """command(*arguments) -> (exit code, stderr): the script's main function."""
    spec = importlib.util.spec_from_file_location("export_clip", SCRIPT)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["export_clip.py", *map(str, arguments)])
        return script.main(), capsys.readouterr().err

    return run


@pytest.fixture
def editable(tiny_clip, tmp_path):
    """editable(kind): a copy of a model's folder, whose files may be changed."""

    def copy(kind="plain"):
        return Path(shutil.copytree(tiny_clip(kind)[0], tmp_path / "source" / kind))

    return copy


def manifest_of(bundle):
    return json.loads((bundle / "clip.json").read_text())


def archive(bundle, part, **options):
    return torch.jit.load(bundle / FILES[part], **options).eval()


def tokens_of(reference, words):
    return reference.tokenizer([words], padding="max_length", truncation=True, return_tensors="pt").input_ids


@torch.no_grad()
@pytest.mark.parametrize("kind", CONFIGS)
def test_one_archive_for_every_batch_and_dtype(kind, tiny_clip, photograph):
    folder, bundle = tiny_clip(kind)
    reference = ClipReference(folder)
    pictures = [photograph.rotate(angle) for angle in (0, 90, 30, 200, 10)]
    pixels = torch.cat([reference.pixels(picture) for picture in pictures])
    wanted = torch.stack([reference.of_picture(picture) for picture in pictures])
    texts = ["make it snow", "", "a cat! a dog!"]
    ids = torch.cat([tokens_of(reference, words) for words in texts])
    read = torch.stack([reference.of_text(words) for words in texts])
    for part, given, expected in (("image", pixels, wanted), ("text", ids, read)):
        module = archive(bundle, part)
        assert (module(given) - expected).abs().max() <= 1e-5 * max(1, expected.abs().max())
        half = module.to(torch.float16)(given.half() if part == "image" else given)
        assert half.dtype == torch.float16 and (half.float() - expected).std() <= 0.02 * expected.std()
        assert fixed_parts(module) == []
        meta = archive(bundle, part, map_location="meta")
        assert meta(given.to("meta")).device.type == "meta"


@pytest.mark.parametrize("kind", CONFIGS)
def test_manifest(kind, tiny_clip):
    folder, bundle = tiny_clip(kind)
    manifest, reference = manifest_of(bundle), ClipReference(folder)
    for entry in manifest["files"].values():
        content = (bundle / entry["path"]).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (entry["bytes"], entry["sha256"])
    config, tokenizer = reference.model.config, reference.tokenizer
    assert manifest["embedding_width"] == config.projection_dim
    assert manifest["image"] == {
        "size": config.vision_config.image_size,
        "mean": list(reference.processor.image_mean),
        "std": list(reference.processor.image_std),
    }
    assert manifest["text"] == {
        "length": config.text_config.max_position_embeddings, "vocabulary": len(tokenizer), "start": tokenizer.bos_token_id,
        "end": tokenizer.eos_token_id, "pad": tokenizer.pad_token_id, "front_end": "clip",
    }  # fmt: skip
    assert (manifest["format"], manifest["family"], manifest["random_weights"]) == (1, "clip", True)
    assert sorted(path.name for path in bundle.iterdir()) == sorted(
        [*FILES.values(), "clip.json", "README.md", "LICENSE", "LICENSE-clip-vocabulary"]
    )


def contents(bundle):
    return {path.name: path.read_bytes() for path in bundle.iterdir()}


def test_the_same_source_gives_the_same_bytes(tiny_clip, tmp_path):
    folder, bundle = tiny_clip("plain")
    export(ClipFolder(folder), tmp_path / "again", Options(random_weights=True))
    assert contents(tmp_path / "again") == contents(bundle)
    for name in ("clip_image.pt", "clip_text.pt"):
        content = (bundle / name).read_bytes()
        assert b"site-packages" not in content and b"bundle_export" not in content


def as_bin(folder):
    weights = load_file(folder / "model.safetensors")
    # as OpenAI's files have it, and no CLIPModel of today
    weights["text_model.embeddings.position_ids"] = torch.arange(77)[None]
    torch.save(weights, folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def as_shards(folder):
    model = CLIPModel.from_pretrained(folder, local_files_only=True)
    (folder / "model.safetensors").unlink()
    model.save_pretrained(folder, max_shard_size="50KB")
    assert len(list(folder.glob("model-*.safetensors"))) > 1


def as_old_preprocessor(folder):
    """As openai/clip-vit-base-patch32 has it."""
    old = {"feature_extractor_type": "CLIPFeatureExtractor", "size": 32, "crop_size": 32, "resample": 3, "do_resize": True}
    old |= {"do_center_crop": True, "do_normalize": True, "image_mean": [0.48145466, 0.4578275, 0.40821073]}
    old |= {"image_std": [0.26862954, 0.26130258, 0.27577711]}
    (folder / "preprocessor_config.json").write_text(json.dumps(old))


def as_processor(folder):
    """As transformers 5 saves a processor."""
    processor = CLIPProcessor.from_pretrained(folder, local_files_only=True)
    for name in ("preprocessor_config.json", "vocab.json", "merges.txt", "special_tokens_map.json"):
        (folder / name).unlink()
    processor.save_pretrained(folder)
    assert (folder / "processor_config.json").is_file() and (folder / "tokenizer.json").is_file()
    assert not (folder / "preprocessor_config.json").exists()


def as_old_config(folder):
    """As OpenAI's: the parts' configs twice, and ids that no token has."""
    config = json.loads((folder / "config.json").read_text())
    for part in ("text_config", "vision_config"):
        config[f"{part}_dict"] = dict(config[part])
    config["text_config_dict"] |= {"bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1}
    config["architectures"] = ["CLIPModel"]
    (folder / "config.json").write_text(json.dumps(config))


def as_half(folder):
    """Weights in float16, which these are without rounding."""
    save_file({k: v.half() for k, v in load_file(folder / "model.safetensors").items()}, folder / "model.safetensors", {"format": "pt"})


def as_half_variant(folder):
    as_half(folder)
    (folder / "model.safetensors").rename(folder / "model.fp16.safetensors")


def as_it_is(folder):
    (folder / "flax_model.msgpack").write_bytes(b"not to be read")


LAYOUTS = [as_it_is, as_bin, as_shards, as_old_preprocessor, as_processor, as_old_config, as_half, as_half_variant]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_gives_the_same_archives(layout, editable, tiny_clip, command, tmp_path):
    folder = editable()
    change_json(folder / "config.json", torch_dtype=...)
    layout(folder)
    code, stderr = command(folder, tmp_path / "out")
    assert code == 0, stderr
    one, other = manifest_of(tiny_clip("plain")[1]), manifest_of(tmp_path / "out")
    assert {key: one[key] for key in ("image", "text", "embedding_width")} == {
        key: other[key] for key in ("image", "text", "embedding_width")
    }
    image = tmp_path / "out/clip_image.pt"
    assert hashlib.sha256(image.read_bytes()).hexdigest() == one["files"]["image"]["sha256"]
    assert one["files"]["tokenizer"] == other["files"]["tokenizer"]
    ids = torch.tensor([[2512, 5, 600, 2513] + [2513] * 73])  # the text is found by another rule with the old config
    assert torch.equal(archive(tmp_path / "out", "text")(ids), archive(tiny_clip("plain")[1], "text")(ids))


def test_options(command, editable, tmp_path):
    folder, out = editable(), tmp_path / "new/out"
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# CLIP\n")
    code, stderr = command(folder, out)
    assert code == 0 and "image: traced; differs from the original by" in stderr
    assert manifest_of(out)["source"] == {"name": "plain", "licence": "mit"} and manifest_of(out)["random_weights"] is False
    code, stderr = command(folder, out)
    assert code == FILE and "--overwrite" in stderr
    code, _ = command(folder, out, "--overwrite", "--name", "mine", "--licence", "none", "--dtype", "float16", "--random-weights")
    manifest = manifest_of(out)
    assert code == 0 and (manifest["name"], manifest["weights_dtype"], manifest["random_weights"]) == ("mine", "float16", True)
    assert manifest["source"]["licence"] == "none" and "mine" in (out / "README.md").read_text()
    assert {weight.dtype for weight in archive(out, "image").parameters()} == {torch.float16}
    other = tmp_path / "other"
    other.mkdir()
    (other / "bundle.json").write_text("{}")
    code, stderr = command(folder, other, "--overwrite")
    assert code == FILE and "clip.json" in stderr and (other / "bundle.json").read_text() == "{}"


def config(**values):
    return lambda folder: change_json(folder / "config.json", **values)


def part(name, **values):
    def change(folder):
        whole = json.loads((folder / "config.json").read_text())
        change_json(folder / "config.json", **{name: whole[name] | values})

    return change


def pictures(**values):
    return lambda folder: change_json(folder / "preprocessor_config.json", **values)


def without(name):
    return lambda folder: (folder / name).unlink()


def written(name, content):
    return lambda folder: (folder / name).write_bytes(content)


def of_text_alone(folder):
    weights = load_file(folder / "model.safetensors")
    save_file({k: v for k, v in weights.items() if k.startswith(("text_", "logit"))}, folder / "model.safetensors", {"format": "pt"})


def with_nan(folder):
    weights = load_file(folder / "model.safetensors")
    weights["visual_projection.weight"][0, 0] = float("nan")
    save_file(weights, folder / "model.safetensors", {"format": "pt"})


REFUSED = {
    "no config": (without("config.json"), MODEL, ["config.json"]),
    "another model": (config(model_type="siglip"), MODEL, ["siglip", "'clip'"]),
    "half a model": (config(architectures=["CLIPVisionModelWithProjection"]), MODEL, ["CLIPVisionModelWithProjection"]),
    "a damaged config": (written("config.json", b"{"), FILE, ["config.json"]),
    "a config of nonsense": (part("vision_config", hidden_size="wide"), MODEL, ["config.json"]),
    "an unknown activation": (part("vision_config", hidden_act="relu"), MODEL, ["vision_config", "relu", "quick_gelu"]),
    "an unknown activation of text": (part("text_config", hidden_act="silu"), MODEL, ["text_config", "silu"]),
    "no squares": (part("vision_config", image_size=[32, 64]), MODEL, ["image_size"]),
    "grey pictures": (part("vision_config", num_channels=1), MODEL, ["num_channels"]),
    "another end": (part("text_config", eos_token_id=7), MODEL, ["eos_token_id", "7", "2513"]),
    "more ids than the text encoder": (part("text_config", vocab_size=300), MODEL, ["2514", "300"]),
    "no preprocessing": (without("preprocessor_config.json"), MODEL, ["preprocessor_config.json"]),
    "another processor": (pictures(image_processor_type="ViTImageProcessor"), MODEL, ["ViTImageProcessor"]),
    "another filter": (pictures(resample=2), MODEL, ["resample", "2"]),
    "no crop": (pictures(do_center_crop=False), MODEL, ["do_center_crop"]),
    "no normalising": (pictures(do_normalize=False), MODEL, ["do_normalize"]),
    "another range": (pictures(rescale_factor=1 / 127.5), MODEL, ["rescale_factor"]),
    "a squashed picture": (pictures(size={"height": 32, "width": 32}), MODEL, ["size", "shortest_edge"]),
    "another size": (pictures(crop_size={"height": 30, "width": 30}), MODEL, ["crop_size", "30"]),
    "no deviation": (pictures(image_std=[1, 0, 1]), MODEL, ["image_std"]),
    "no tokenizer": (lambda folder: [without(n)(folder) for n in ("vocab.json", "merges.txt")], MODEL, ["vocab.json"]),
    "no weights": (without("model.safetensors"), FILE, ["weights"]),
    "damaged weights": (written("model.safetensors", b"nothing"), FILE, ["weights"]),
    "weights of text alone": (of_text_alone, MODEL, ["lack", "vision_model"]),
    "weights that are no numbers": (with_nan, MODEL, ["image", "not finite"]),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("what", REFUSED)
def test_what_is_refused_leaves_nothing(what, editable, command, tmp_path):
    damage, expected, needles = REFUSED[what]
    folder = editable()
    damage(folder)
    before = sorted(path.name for path in tmp_path.iterdir())
    code, stderr = command(folder, tmp_path / "out")
    last = stderr.splitlines()[-1]
    assert code == expected and last.startswith("export_clip: "), stderr
    for needle in needles:
        assert needle in last, last
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_a_name_that_is_nothing(command, tmp_path):
    (tmp_path / "file").write_text("x")
    for name, needle in ((tmp_path / "no/folder/here", "no such folder"), (tmp_path / "file", "is a file")):
        code, stderr = command(name, tmp_path / "out")
        assert code == FILE and needle in stderr, stderr


def test_a_traced_call_that_differs_is_not_written(editable, command, tmp_path, monkeypatch):
    class Wrong(clip_bundle.TextCall):
        def forward(self, tokens):
            return super().forward(tokens) * 1.001

    monkeypatch.setattr(clip_bundle, "TextCall", Wrong)
    code, stderr = command(editable(), tmp_path / "out")
    assert code == MODEL and "text: the traced module differs" in stderr and not (tmp_path / "out").exists()
    monkeypatch.undo()
    assert check.TOLERANCE <= 1e-5


def test_files_to_fetch_from_the_hub():
    kept = ["config.json", "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt",
            "special_tokens_map.json", "README.md", "model.safetensors"]  # fmt: skip
    left = ["pytorch_model.bin", "tf_model.h5", "flax_model.msgpack", ".gitattributes", "onnx/model.onnx", "model.fp16.safetensors",
            "onnx/config.json"]  # fmt: skip
    assert sorted(chosen(kept + left)) == sorted(kept)
    assert chosen(["config.json", "pytorch_model.bin", "flax_model.msgpack"]) == ["config.json", "pytorch_model.bin"]
    sharded = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json"]
    assert chosen(sharded) == sharded
