"""Models that the exporter fetches from the Hugging Face hub."""

import shutil
from types import SimpleNamespace

from bundle_export.hub import chosen, reason
from bundle_export.open_source import open_source
from export_support import command, contents, editable, manifest_of  # noqa: F401
from huggingface_hub import errors


def test_files_to_fetch_from_the_hub():
    kept = [
        "model_index.json", "README.md", "LICENSE", "unet/config.json", "unet/diffusion_pytorch_model.safetensors",
        "vae/model.bin", "tokenizer/merges.txt",
    ]  # fmt: skip
    left = [
        "ip2p.ckpt", "safety_checker/model.bin", "unet/diffusion_pytorch_model.bin", "unet/flax_model.bin",
        "unet/diffusion_pytorch_model.fp16.safetensors", "unet/diffusion_pytorch_model.non_ema.safetensors",
    ]  # fmt: skip
    assert sorted(chosen(kept + left)) == sorted(kept)


def test_a_hub_model_with_only_float16_weights(editable, command, tiny_bundle, tmp_path, monkeypatch):
    folder = editable("vae3")  # the variant in one part alone: the others have plain files too, of which it is left
    unet = folder / "unet/diffusion_pytorch_model"
    unet.with_suffix(".safetensors").rename(unet.with_suffix(".fp16.safetensors"))
    (folder / "vae/diffusion_pytorch_model.fp16.safetensors").write_bytes(b"not to be read")
    names = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]

    def download(hub_id, allow_patterns):
        for name in allow_patterns:
            (tmp_path / "cache" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(folder / name, tmp_path / "cache" / name)
        return str(tmp_path / "cache")

    monkeypatch.setattr("bundle_export.hub.HfApi.list_repo_files", lambda *_: names)
    monkeypatch.setattr("bundle_export.hub.snapshot_download", download)
    code, stderr = command("someone/vae3", tmp_path / "out", "--dtype", "float16")
    assert code == 0 and "unet: only float16 weights are there" in stderr and "vae: only" not in stderr, stderr
    assert not (tmp_path / "cache/vae/diffusion_pytorch_model.fp16.safetensors").exists()
    assert (tmp_path / "out/unet.pt").read_bytes() == (tiny_bundle("vae3") / "unet.pt").read_bytes()
    sharded = ["unet/m.safetensors.index.fp16.json", "unet/m.fp16-00001-of-00001.safetensors", "unet/m.fp16.bin"]
    assert chosen(sharded) == sharded[:2]


def test_why_the_hub_cannot_be_reached_has_no_address_in_it():
    refused = OSError("Server error '503' for url 'https://huggingface.co/api/models/a/b'")
    refused.response = SimpleNamespace(status_code=503)
    assert reason(refused) == "it answers 503"
    assert reason(errors.OfflineModeIsEnabled("Cannot reach https://huggingface.co/api")) == "HF_HUB_OFFLINE is set"
    assert reason(OSError("Cannot reach https://huggingface.co/api/models/a/b?x=1: timed out")) == "Cannot reach the hub: timed out"


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
