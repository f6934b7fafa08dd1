"""What is said of a bundle, and every way in which one can be wrong."""

import hashlib
import json
import shutil
import subprocess
import zipfile

import pytest
import torch
from bundle_export import defaults
from scripted_module import scripted

OK, MODEL = 0, 4


@pytest.fixture
def bundle(tiny_bundle, tmp_path):
    """A copy that may be broken."""
    copy = tmp_path / "bundle"
    shutil.copytree(tiny_bundle("sd1"), copy)
    return copy


@pytest.fixture
def edit(ip2p, photograph, tmp_path):
    photograph.resize((64, 64)).save(tmp_path / "in.png")

    def run(bundle, *more):
        output = tmp_path / "out.png"
        command = [ip2p, "edit", tmp_path / "in.png", "make it snow", "-o", output, "--model", bundle, "--steps", "1", *more]
        result = subprocess.run(command, capture_output=True, text=True, timeout=120)
        if result.returncode != OK:
            assert not output.exists()
            assert result.stderr.startswith("ip2p: error: ") and result.stderr.count("\n") == 1, result.stderr
        return result.returncode, result.stderr

    return run


def change_manifest(bundle, change):
    path = bundle / "bundle.json"
    manifest = json.loads(path.read_text())
    change(manifest)
    path.write_text(json.dumps(manifest))


def replace_part(bundle, part, content):
    """Puts `content` where the part was, with the hash that makes it look right."""
    manifest = json.loads((bundle / "bundle.json").read_text())
    entry = manifest["files"][part]
    (bundle / entry["path"]).write_bytes(content)
    entry.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
    (bundle / "bundle.json").write_text(json.dumps(manifest))


def test_info_for_people_and_programs(ip2p, bundle):
    text = subprocess.run([ip2p, "info", bundle], capture_output=True, text=True, check=True).stdout
    assert "RANDOM WEIGHTS" in text and "cpu" in text and "dpmpp_2m_karras" in text
    info = json.loads(subprocess.run([ip2p, "info", bundle, "--json"], capture_output=True, check=True).stdout)
    manifest_bytes = (bundle / "bundle.json").read_bytes()
    assert info["bundle"]["hash"] == hashlib.sha256(manifest_bytes).hexdigest()
    assert info["bundle"]["defaults"] == json.loads(manifest_bytes)["defaults"]
    assert [sampler["name"] for sampler in info["samplers"]][0] == "euler_a" and len(info["samplers"]) == 9
    assert info["devices"][0]["name"] == "cpu"


def test_a_random_bundle_says_so_at_every_edit(edit, bundle):
    code, message = edit(bundle)
    assert code == OK and "random weights" in message


@pytest.mark.parametrize(
    ("change", "needles"),
    [
        (lambda m: m.update(format=2), ["format 2", "format 1"]),
        (lambda m: m.pop("format"), ["format is missing"]),
        (lambda m: m.update(family="stable-diffusion"), ["family", "instruct-pix2pix"]),
        (lambda m: m["noise"].update(prediction="sample"), ["noise.prediction", "v_prediction", '"sample"']),
        (lambda m: m["noise"].update(betas=[0.1, 0.2]), ["noise.betas", "1000 numbers"]),
        (lambda m: m["noise"]["betas"].__setitem__(5, 2.0), ["noise.betas"]),
        (lambda m: m["noise"].update(shift=3), ["noise.shift", "newer ip2p"]),
        (lambda m: m["latent"].update(scale="big"), ["latent.scale", "a number", '"big"']),
        (lambda m: m["latent"].update(channels=-4), ["latent.channels"]),
        (lambda m: m.update(size_multiple=12), ["size_multiple", "multiple of"]),
        (lambda m: m["text"].update(front_end="bert"), ["text.front_end", "clip"]),
        (lambda m: m["text"].update(end=10**9), ["text.end"]),
        (lambda m: m["files"].pop("unet"), ["files.unet is missing"]),
        (lambda m: m["files"]["unet"].update(path="../unet.pt"), ["files.unet.path"]),
        (lambda m: m["files"]["unet"].update(sha256="0" * 64), ["unet.pt", "SHA-256", "changed"]),
        (lambda m: m["files"]["unet"].update(sha256="xyz"), ["files.unet.sha256"]),
        (lambda m: m["defaults"].update(steps=0), ["defaults.steps"]),
        (lambda m: m["defaults"].update(sampler="hein"), ["defaults.sampler", "euler_a, euler", '"hein"']),
        (lambda m: m["defaults"].update({"cfg-text": 3}), ["defaults.cfg-text", "newer ip2p"]),
        (lambda m: m.update(exporter=json.loads("[" * 500 + "]" * 500)), ["nested"]),
        (lambda m: m["text"].update(vocabulary=1000, start=0, end=1, pad=1), ["token"]),
    ],
)
def test_manifests_that_are_wrong(edit, bundle, change, needles):
    change_manifest(bundle, change)
    code, message = edit(bundle)
    assert code == MODEL, message
    for needle in needles:
        assert needle in message


def test_a_manifest_that_is_no_json(edit, bundle):
    (bundle / "bundle.json").write_text('{"format": 1,')
    code, message = edit(bundle)
    assert code == MODEL and "not valid JSON" in message


@pytest.mark.parametrize("part", ["unet", "vae_encoder", "vae_decoder", "text_encoder", "tokenizer"])
def test_a_part_that_is_missing_or_cut_short(edit, bundle, part):
    path = bundle / json.loads((bundle / "bundle.json").read_text())["files"][part]["path"]
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    code, message = edit(bundle)
    assert code == MODEL and path.name in message and "cut short" in message
    path.unlink()
    code, message = edit(bundle)
    assert code == MODEL and path.name in message and "missing" in message


@pytest.mark.parametrize("part", ["unet", "tokenizer"])
def test_a_part_with_one_bit_flipped(edit, bundle, part):
    path = bundle / json.loads((bundle / "bundle.json").read_text())["files"][part]["path"]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    code, message = edit(bundle)
    assert code == MODEL and path.name in message and "SHA-256" in message


@pytest.mark.parametrize("part", ["unet", "text_encoder", "tokenizer"])
def test_a_part_that_is_something_else(edit, bundle, part):
    replace_part(bundle, part, b"hello, this is not what you think " * 100)
    code, message = edit(bundle)
    assert code == MODEL, message


def test_shapes_that_disagree(edit, bundle, tiny_bundle):
    """The text encoder of a narrower model, with hashes that match."""
    replace_part(bundle, "text_encoder", (tiny_bundle("context48") / "text_encoder.pt").read_bytes())
    code, message = edit(bundle)
    assert code == MODEL and "text_encoder.pt" in message and "shape" in message
    replace_part(bundle, "text_encoder", (tiny_bundle("sd1") / "text_encoder.pt").read_bytes())
    replace_part(bundle, "unet", (tiny_bundle("vae3") / "unet.pt").read_bytes())
    code, message = edit(bundle)
    assert code == MODEL and "unet.pt" in message and "shape" in message


def test_code_that_is_not_arithmetic_is_refused_before_it_runs(edit, bundle, tmp_path):
    class Loud(torch.nn.Module):
        def forward(self, x):
            print("hello from the bundle")
            return x

    class Reads(torch.nn.Module):
        def forward(self, x):
            return torch.from_file("/etc/passwd", False, 10)

    for module, operator in ((Loud(), "prim::Print"), (Reads(), "aten::from_file")):
        replace_part(bundle, "vae_decoder", scripted(module, tmp_path / "evil.pt"))
        code, message = edit(bundle)
        assert code == MODEL and operator in message and "vae_decoder.pt" in message


def test_code_that_would_run_on_loading_is_refused(edit, bundle, tmp_path):
    class Hidden(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.x = torch.zeros(1)

        def forward(self, x):
            return x

        @torch.jit.export
        def __getstate__(self):
            return (self.x, self.training)

        @torch.jit.export
        def __setstate__(self, state: tuple[torch.Tensor, bool]):
            self.x = state[0]
            self.training = state[1]

    content = scripted(Hidden(), tmp_path / "evil.pt")
    replace_part(bundle, "unet", content)
    code, message = edit(bundle)
    assert code == MODEL and "__setstate__" in message

    # libtorch finds records without regard to case, so a code record may be spelled otherwise.
    (tmp_path / "evil.pt").write_bytes(content)
    with zipfile.ZipFile(tmp_path / "evil.pt") as archive, zipfile.ZipFile(tmp_path / "case.pt", "w") as renamed:
        for name in archive.namelist():
            renamed.writestr(name.replace(".py", ".PY"), archive.read(name))
    replace_part(bundle, "unet", (tmp_path / "case.pt").read_bytes())
    code, message = edit(bundle)
    assert code == MODEL and "no bundle needs" in message


def test_numbers_that_overflow_say_which_dtype_to_use(edit, bundle, tmp_path):
    """A UNet whose answers are beyond float16."""

    class Huge(torch.nn.Module):
        def forward(self, sample, timestep, context):
            return sample[:, :4] * 60000.0 * 60000.0

    replace_part(bundle, "unet", scripted(Huge(), tmp_path / "huge.pt"))
    code, message = edit(bundle, "--dtype", "float16", "--device", "cpu")
    assert code == 5 and "float16" in message and "--dtype float32" in message


def test_archives_hold_no_python_objects(bundle):
    """The exporter's own archives pass the loader's rule with room to spare."""
    for part in bundle.glob("*.pt"):
        with zipfile.ZipFile(part) as archive:
            code = b"".join(archive.read(name) for name in archive.namelist() if name.endswith(".py"))
        assert b"__setstate__" not in code


def test_the_exporter_and_the_program_agree(ip2p, bundle):
    """On samplers, on what the defaults are where nobody says, and on what they may be."""
    change_manifest(bundle, lambda manifest: manifest.update(defaults={}))
    info = json.loads(subprocess.run([ip2p, "info", bundle, "--json"], capture_output=True, check=True).stdout)
    assert tuple(sampler["name"] for sampler in info["samplers"]) == defaults.SAMPLERS
    assert info["bundle"]["defaults"] == defaults.DEFAULTS
    flags = {flag["flag"].removeprefix("--").replace("-", "_"): flag["values"] for flag in info["commands"]["edit"]}
    assert {key: f"{low} to {high}" for key, (low, high) in defaults.RANGES.items()} == {
        key: flags[key] for key in defaults.RANGES
    }
