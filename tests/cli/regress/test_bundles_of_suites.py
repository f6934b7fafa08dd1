"""`ip2p regress run` and the bundle: another one fails a suite, the same one passes it however the run is made."""

import json
import shutil

import pytest
from bundle_export.bundle import Options, export
from bundle_export.folder import DiffusersFolder
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from safetensors.torch import load_file, save_file
from suite_shell import CASE, NO, OK

MODEL = 4
# Of each part that computes, a layer that everything goes through.
LAYERS = {
    "unet": ("unet/diffusion_pytorch_model.safetensors", "conv_out.weight"),
    "vae": ("vae/diffusion_pytorch_model.safetensors", "decoder.conv_out.weight"),
    "text_encoder": ("text_encoder/model.safetensors", "final_layer_norm.weight"),
}


def changed_copy(folder, copy, part):
    """A copy of a model in diffusers' format; of one layer, the largest weight is 1 % larger."""
    shutil.copytree(folder, copy)
    name, wanted = LAYERS[part]
    weights = load_file(copy / name)
    (layer,) = (key for key in weights if key.endswith(wanted))
    flat = weights[layer].view(-1)
    flat[flat.abs().argmax()] *= 1.01
    save_file(weights, copy / name, metadata={"format": "pt"})
    return copy


def exported(folder, out):
    """Exported as the bundle of the fixture is, in a run of its own."""
    export(DiffusersFolder(folder, "sd1"), out, Options(dtype="float16", random_weights=True))
    return out


@pytest.fixture
def tiny_model(tiny_folder):
    return tiny_folder("sd1")


def lines(said):
    """What a run says case by case, without the table that may follow."""
    return said[0].split("\n\n")[0]


def references(shell):
    return {path: path.read_bytes() for path in (shell.folder / "suite").glob("cases/*/ref/*")}


def test_one_weight_changed_by_a_hundredth_fails_every_case(shell, tiny_model):
    shell.approved("--max-abs", 255)
    before = references(shell)
    for part in LAYERS:
        changed = changed_copy(tiny_model, shell.folder / f"changed-{part}", part)
        shell.environment["IP2P_MODEL"] = str(exported(changed, shell.folder / f"bundle-{part}"))
        out = lines(shell.regress("run", "suite", code=NO))
        assert out.count("fail ") == 2 and out.count("was made by another bundle") == 2, (part, out)
    assert references(shell) == before


def taken_for_own(shell, bundle_hash):
    """The approved pictures, as if the bundle with this hash had made them."""
    for path in references(shell):
        with Image.open(path) as picture:
            picture.load()
            (said,) = ((key, json.loads(words)) for key, words in picture.text.items() if "bundle_hash" in words)
        record = PngInfo()
        record.add_itxt(said[0], json.dumps(said[1] | {"bundle_hash": bundle_hash}))
        picture.save(path, pnginfo=record)


def test_were_its_references_its_own_the_pixels_would_fail_it(shell, tiny_model):
    """What the hash notices is no formality: a weight of the last layer alone moves levels."""
    shell.approved("--max-abs", 0)
    changed = changed_copy(tiny_model, shell.folder / "changed", "vae")
    bundle = exported(changed, shell.folder / "bundle")
    shell.environment["IP2P_MODEL"] = str(bundle)
    shell.regress("run", "suite", "--out", "changed-run", code=NO)
    kept = json.loads((shell.folder / "changed-run/run.json").read_text())["bundle"]["hash"]
    taken_for_own(shell, kept)
    out = lines(shell.regress("run", "suite", code=NO))
    assert out.count("fail ") == 2 and out.count("; max_abs 1 is above 0") == 2, out
    assert "another bundle" not in out
    shell.change("suite.json", limits={"max_abs": 1})
    out = lines(shell.regress("run", "suite"))
    assert out.count("pass ") == 2


def test_the_same_model_exported_again_passes(shell, tiny_model):
    shell.approved("--max-abs", 0)
    again = exported(tiny_model, shell.folder / "again")
    assert (again / "bundle.json").read_bytes() == (shell.tiny_bundle("sd1") / "bundle.json").read_bytes()
    shell.environment["IP2P_MODEL"] = str(again)
    out = lines(shell.regress("run", "suite"))
    assert out.count("pass ") == 2


@pytest.mark.parametrize("part", ["unet.pt", "vae_decoder.pt", "text_encoder.pt"])
def test_a_file_that_is_not_what_the_manifest_says_is_a_mistake_and_no_difference(shell, part):
    suite = shell.approved("--max-abs", 255)
    bundle = shell.folder / "bundle"
    shutil.copytree(shell.tiny_bundle("sd1"), bundle)
    content = bytearray((bundle / part).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / part).write_bytes(content)
    shell.environment["IP2P_MODEL"] = str(bundle)
    before, run = references(shell), (suite / "runs/last/run.json").read_bytes()
    out, log = shell.regress("run", "suite", code=MODEL)
    assert out == "" and part in log and "SHA-256" in log, log
    assert references(shell) == before and (suite / "runs/last/run.json").read_bytes() == run


def test_threads_and_batch_sizes_make_no_difference(shell):
    """Nine cases of two sizes, so that there are batches that are full and some that are not."""
    suite = shell.approved("--max-abs", 1, "--mean-abs", 0.01)
    with Image.open(suite / "cases/dog-make-it-snow/input.png") as picture:
        turned = picture.transpose(Image.Transpose.ROTATE_90)
    turned.save(suite / "cases/dog-make-it-snow/input.png")
    for number in range(7):
        copy = suite / f"cases/more-{number}"
        shutil.copytree(suite / f"cases/{CASE if number % 2 else 'dog-make-it-snow'}", copy)
        shell.change(f"cases/{copy.name}/case.json", seed=number)
        shutil.rmtree(copy / "ref")
    shutil.rmtree(suite / "cases/dog-make-it-snow/ref")
    shell.regress("run", "suite", code=NO)
    shell.regress("approve", "suite", "--failed")
    for threads in ("1", "2"):
        shell.environment["OMP_NUM_THREADS"] = threads
        for size in range(1, 9):
            out = lines(shell.regress("run", "suite", "--batch-size", size, code=OK))
            assert out.count("pass ") == 9, (threads, size, out)
