"""`ip2p regress` with a CLIP bundle: limits of what pictures show."""

import hashlib
import json
import shutil

import pytest
import torch
from clip_models import ClipReference
from PIL import Image
from scripted_module import scripted
from suite_shell import CASE, NO, OK, USAGE, SuiteShell

MODEL = 4
CAPTIONS = ["a cat", "a cat in the snow"]


class ClipShell(SuiteShell):
    """With a CLIP bundle."""

    def __init__(self, program, tiny_bundle, clip, folder, photograph):
        super().__init__(program, tiny_bundle, folder, photograph)
        self.clip = clip
        self.environment.pop("IP2P_CLIP", None)

    def approved(self, *limits):
        """A suite of two cases, run and approved, the reference of one altered a little."""
        suite = super().approved("--max-abs", 255, *limits)
        self.alter_reference(CASE, lambda pixels: pixels[::-1])
        return suite

    def measured(self, *arguments, code):
        """run.json's first part of the altered case, and all that was printed."""
        out, _ = self.regress("run", "suite", *arguments, code=code)
        run = json.loads((self.folder / "suite/runs/last/run.json").read_text())
        return {result["case"]: result for result in run["results"]}[CASE]["parts"][0], run, out

    def refused(self, *arguments, code=USAGE):
        """The one sentence of a run that made nothing."""
        shutil.rmtree(self.folder / "suite/runs", ignore_errors=True)
        out, log = self.regress(*arguments, code=code)
        assert out == "" and log.startswith("ip2p: error: ") and log.count("\n") == 1, (out, log)
        assert not (self.folder / "suite/runs").exists()
        return log


@pytest.fixture
def shell(ip2p, tiny_bundle, tiny_clip, tmp_path, photograph):
    clip = shutil.copytree(tiny_clip("plain")[1], tmp_path / "clip")
    return ClipShell(ip2p, tiny_bundle, clip, tmp_path, photograph)


@pytest.fixture
def reference(tiny_clip):
    """reference(input, approved, made) -> (clip_image, clip_direction) of pictures' paths, by transformers and torch."""
    clip = ClipReference(tiny_clip("plain")[0])

    def measure(*paths):
        with torch.no_grad():
            first, approved, made = (torch.nn.functional.normalize(clip.of_picture(Image.open(path)), dim=0) for path in paths)
            before, after = (torch.nn.functional.normalize(clip.of_text(words), dim=0) for words in CAPTIONS)
        similarity = torch.nn.functional.cosine_similarity
        return similarity(approved, made, dim=0).item(), similarity(made - first, after - before, dim=0).item()

    return measure


def paths_of(shell, case=CASE):
    folder = shell.folder / "suite"
    return folder / f"cases/{case}/input.png", folder / f"cases/{case}/ref/cpu-float32.png", folder / f"runs/last/{case}.png"


def test_limits_just_above_and_below(shell, reference):
    shell.approved()
    shell.change(f"cases/{CASE}/case.json", captions=CAPTIONS)
    part, run, _ = shell.measured("--clip", shell.clip, code=OK)
    image, direction = reference(*paths_of(shell))
    assert part["clip_image"] == pytest.approx(image, abs=1e-5) and part["clip_direction"] == pytest.approx(direction, abs=1e-5)
    assert abs(image) < 0.999 and abs(direction) > 1e-3  # else nothing is shown by this test
    assert run["clip"]["name"] == "plain" and len(run["clip"]["hash"]) == 64
    for metric, found in (("clip_image", image), ("clip_direction", direction)):
        for limit, code in ((found - 1e-4, OK), (found + 1e-4, NO)):
            shell.change(f"cases/{CASE}/case.json", limits={metric: limit})
            part, _, out = shell.measured("--clip", shell.clip, "--junit", "report.xml", code=code)
            (judged,) = [each for each in part["limits"] if each["metric"] == metric]
            assert judged["holds"] == (code == OK) and judged["found"] == part[metric]
            assert (f"{metric} {found:.4g} is below {limit:.4g}" in out) == (code == NO), out
            assert f"{metric}_found: " in (shell.folder / "report.xml").read_text()
            table = [line.split() for line in out.splitlines() if line.startswith(f"{CASE} ")]
            assert [row[2] for row in table] == ([metric] if code == NO else [])


def test_what_was_made_as_approved_is_one(shell):
    shell.environment["IP2P_CLIP"] = str(shell.clip)
    shell.approved("--clip-image", 1)
    shell.change(f"cases/{CASE}/case.json", limits={"clip_image": -1})
    for named in ([], ["--clip", shell.clip]):
        out, _ = shell.regress("run", "suite", *named)
        assert "pass dog-make-it-snow: equal" in out and ", clip_image " in out


def test_every_back_end_has_the_limits_of_its_kind(shell):
    shell.approved()
    shell.change("suite.json", cross_backend={"clip_image": 1.0})
    out, _ = shell.regress("run", "suite", "--clip", shell.clip, "--dtype", "bfloat16", code=NO)
    assert "is below 1" in out and out.count("(of another back end)") == 2
    assert "the limit clip_image" in shell.refused("run", "suite", "--dtype", "bfloat16")


def test_direction_without_a_limit_is_of_cases_with_captions(shell):
    shell.approved()
    shell.change(f"cases/{CASE}/case.json", captions=CAPTIONS)
    _, run, out = shell.measured("--clip", shell.clip, code=OK)
    shown = {result["case"]: result["parts"][0] for result in run["results"]}
    assert "clip_direction" in shown[CASE] and "clip_direction" not in shown["dog-make-it-snow"]
    assert all("clip_image" in part for part in shown.values())
    assert out.count("clip_direction") == 1
    _, run, out = shell.measured(code=OK)
    assert "clip" not in run and "clip_" not in out


def test_pictures_are_embedded_once_a_run(shell):
    """Captions that are cut are warned of when they are read: once, in two cases and three repeats."""
    shell.approved()
    long = ["very " * 90, "a cat"]
    for case in (CASE, "dog-make-it-snow"):
        shell.change(f"cases/{case}/case.json", captions=long)
    _, log = shell.regress("run", "suite", "--clip", shell.clip, "--repeat", 3)
    assert log.count("left out") == 1 and "CLIP takes 77 tokens" in log


def test_ignored_parts_are_not_looked_at(shell):
    shell.approved()
    shell.change(f"cases/{CASE}/case.json", captions=CAPTIONS, regions=[{"rectangle": [0, 0, 64, 47], "ignore": True}])
    part, _, _ = shell.measured("--clip", shell.clip, code=OK)
    less = part["clip_image"]
    shell.change(f"cases/{CASE}/case.json", regions=[])
    part, _, _ = shell.measured("--clip", shell.clip, code=OK)
    assert part["clip_image"] < less < 1


def test_a_limit_without_a_bundle_is_refused_before_the_first_edit(shell):
    shell.approved()
    shell.change(f"cases/{CASE}/case.json", limits={"clip_image": 0.5})
    log = shell.refused("run", "suite")
    assert f"the case {CASE} has the limit clip_image" in log and "--clip" in log and "IP2P_CLIP" in log
    shell.regress("run", "suite", "--filter", "dog*")
    assert "--clip is empty" in shell.refused("run", "suite", "--clip", "")
    shell.environment["IP2P_CLIP"] = "nowhere"
    log = shell.refused("run", "suite", code=MODEL)
    assert "no CLIP bundle at" in log and "nowhere" in log and "IP2P_CLIP named it" in log and "export_clip.py" in log
    shell.regress("run", "suite", "--filter", "dog*")  # nobody asks for it


WRONG = {
    "direction without captions": ({"limits": {"clip_direction": 0.1}}, "captions"),
    "direction across back ends without captions": ({"cross_backend": {"clip_direction": 0.1}}, "captions"),
    "one caption": ({"captions": ["a cat"]}, "two texts"),
    "a caption of nothing": ({"captions": ["a cat", " "]}, "two texts"),
    "captions of numbers": ({"captions": [1, 2]}, "two texts"),
    "captions that are a text": ({"captions": "a cat"}, "two texts"),
    "a region": ({"regions": [{"name": "nose", "rectangle": [0, 0, 9, 9], "limits": {"clip_image": 0.5}}]}, "nose: CLIP looks at whole"),
    "a direction in a region": (
        {"captions": CAPTIONS, "regions": [{"rectangle": [0, 0, 9, 9], "limits": {"clip_direction": 0.5}}]}, "whole pictures"),
    "a limit out of range": ({"limits": {"clip_image": 1.5}}, "clip_image"),
}  # fmt: skip


@pytest.mark.parametrize("what", WRONG)
def test_a_case_that_is_wrong_is_named(shell, what):
    keys, needle = WRONG[what]
    shell.regress("init", "suite", "in", "--edit", "make it snow")
    shell.change(f"cases/{CASE}/case.json", **keys)
    log = shell.refused("run", "suite", "--clip", shell.clip)
    assert needle in log and CASE in log, log


def test_a_suites_direction_needs_captions_of_every_case(shell):
    shell.regress("init", "suite", "in", "--edit", "make it snow")
    shell.change("suite.json", limits={"clip_direction": 0.1})
    shell.change(f"cases/{CASE}/case.json", captions=CAPTIONS)
    assert "dog-make-it-snow" in shell.refused("run", "suite", "--clip", shell.clip)


def damaged(shell, name, change):
    """A CLIP bundle with one file changed, its hash in clip.json with it."""
    path, manifest_path = shell.clip / name, shell.clip / "clip.json"
    path.write_bytes(change(path.read_bytes()))
    manifest = json.loads(manifest_path.read_text())
    for entry in manifest["files"].values():
        if entry["path"] == name:
            entry |= {"bytes": path.stat().st_size, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    manifest_path.write_text(json.dumps(manifest))


@pytest.mark.parametrize("name", ["clip_image.pt", "clip_text.pt", "tokenizer.model"])
def test_a_damaged_file_is_named(shell, name):
    shell.approved()
    path = shell.clip / name
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for content, needle in ((bytes(flipped), "SHA-256"), (whole[:-1], "clip.json says"), (None, "missing")):
        path.unlink() if content is None else path.write_bytes(content)
        log = shell.refused("run", "suite", "--clip", shell.clip, code=MODEL)
        assert name in log and needle in log, log


def test_files_that_are_something_else(shell, tmp_path, tiny_clip):
    shell.approved()

    class Reads(torch.nn.Module):
        def forward(self, x):
            return torch.from_file("/etc/passwd", False, 10)

    damaged(shell, "clip_image.pt", lambda _: scripted(Reads(), tmp_path / "evil.pt"))
    log = shell.refused("run", "suite", "--clip", shell.clip, code=MODEL)
    assert "aten::from_file" in log and "clip_image.pt" in log and "export_clip.py" in log
    damaged(shell, "clip_image.pt", lambda _: b"hello" * 100)
    assert "TorchScript" in shell.refused("run", "suite", "--clip", shell.clip, code=MODEL)
    damaged(shell, "clip_image.pt", lambda _: (tiny_clip("short")[1] / "clip_image.pt").read_bytes())
    out, _ = shell.regress("run", "suite", "--clip", shell.clip, code=MODEL)
    assert "clip_image.pt's output: expected shape [1, 24], got [1, 20]" in out and "clip.json disagree" in out


FIELDS = {
    "format": (2, "format 2"),
    "family": ("siglip", "siglip"),
    "embedding_width": (0, "embedding_width"),
    "colour": ("red", "colour"),
    "image": ({"size": 32, "mean": [0.5, 0.5], "std": [1, 1, 1]}, "image.mean"),
    "text": ({"length": 77, "vocabulary": 2514, "start": 2512, "end": 9999, "pad": 0, "front_end": "clip"}, "text.end"),
    "files": ({"image": {"path": "../x", "bytes": 1, "sha256": "0" * 64}}, "files.image.path"),
}


@pytest.mark.parametrize("field", FIELDS)
def test_a_manifest_that_is_wrong_is_named(shell, field):
    shell.approved()
    value, needle = FIELDS[field]
    manifest = json.loads((shell.clip / "clip.json").read_text())
    (shell.clip / "clip.json").write_text(json.dumps(manifest | {field: value}))
    log = shell.refused("run", "suite", "--clip", shell.clip, code=MODEL)
    assert needle in log and "clip.json" in log, log


def test_a_bundle_that_is_no_clip_bundle(shell):
    shell.approved()
    log = shell.refused("run", "suite", "--clip", shell.environment["IP2P_MODEL"], code=MODEL)
    assert "no CLIP bundle" in log and "it is a bundle that edits" in log and "--clip named it" in log
    log = shell.refused("run", "suite", "--model", shell.clip, code=MODEL)
    assert "no bundle at" in log and "it is a CLIP bundle" in log and "--model named it" in log
    (shell.folder / "empty").mkdir()
    log = shell.refused("run", "suite", "--clip", "empty", code=MODEL)
    assert "no CLIP bundle" in log and "edits" not in log


def test_comparing_pictures(shell, reference):
    shell.environment.pop("IP2P_MODEL")
    pair = shell.folder / "in/cat.png", shell.folder / "in/dog.png"
    image, _ = reference(pair[0], *pair)
    for limit, code in ((image - 1e-4, OK), (image + 1e-4, NO)):
        out, _ = shell.regress("compare", *pair, "--clip", shell.clip, "--clip-image", limit, code=code)
        assert f"clip_image {image:.4g}" in out and ("is below" in out) == (code == NO)
    out, _ = shell.regress("compare", *pair, "--clip", shell.clip, "--json", code=NO)
    assert json.loads(out)["clip_image"] == pytest.approx(image, abs=1e-5)
    for flags in (["--clip-image", 0.5], ["--metric", "clip_image"]):
        _, log = shell.regress("compare", *pair, *flags, code=USAGE)
        assert flags[0] in log and "needs a CLIP bundle" in log
    shell.environment["IP2P_CLIP"] = str(shell.clip)
    out, _ = shell.regress("compare", "in", "in", "--metric", "clip_image", "--json")
    assert [json.loads(line)["clip_image"] for line in out.splitlines()] == [1.0, 1.0]
    shell.regress("compare", *pair, "--clip-direction", 0.5, code=USAGE)
    _, log = shell.regress("compare", *pair, "--metric", "clip_direction", code=USAGE)
    assert "clip_image" in log


def test_a_new_suite_has_no_direction(shell):
    for command in ("init", "compare"):
        out, _ = shell.regress(command, "--help")
        assert "--clip-image" in out and "--clip-direction" not in out
