"""Bundles whose bundle.json or clip.json is missing, cut short, or says what cannot be."""

import copy
import json
from dataclasses import dataclass
from functools import partial


@dataclass(frozen=True)
class Kind:
    """A kind of bundle: its manifest, by its file's name and as it should be."""

    name: str
    good: dict
    part: str  # a file that it lists


EDIT = {
    "format": 1,
    "family": "instruct-pix2pix",
    "name": "test",
    "random_weights": True,
    "weights_dtype": "float32",
    "files": {
        part: {"path": f"{part}.pt", "bytes": 10, "sha256": "0" * 64}
        for part in ("unet", "vae_encoder", "vae_decoder", "text_encoder", "tokenizer")
    },
    "noise": {
        "prediction": "epsilon",
        "train_timesteps": 5,
        "betas": [0.1, 0.2, 0.3, 0.4, 0.5],
        "timestep_spacing": None,
        "steps_offset": 1,
        "final_alpha_one": False,
    },
    "latent": {"channels": 4, "pixels_per_latent": 8, "scale": 0.2, "shift": 0.0, "image_scale": 1.0},
    "size_multiple": 64,
    "text": {
        "length": 77,
        "width": 32,
        "vocabulary": 1000,
        "start": 998,
        "end": 999,
        "pad": 999,
        "front_end": "clip",
    },
    "defaults": {},
    "exporter": {},
    "source": {},
}
CLIP = {
    "format": 1,
    "family": "clip",
    "name": "test",
    "random_weights": True,
    "weights_dtype": "float32",
    "files": {part: {"path": f"{part}.pt", "bytes": 10, "sha256": "0" * 64} for part in ("image", "text", "tokenizer")},
    "embedding_width": 24,
    "image": {"size": 32, "mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.1]},
    "text": {"length": 77, "vocabulary": 1000, "start": 998, "end": 999, "pad": 999, "front_end": "clip"},
    "exporter": {},
    "source": {},
}
KINDS_OF_BUNDLES = (Kind("bundle.json", EDIT, "unet.pt"), Kind("clip.json", CLIP, "image.pt"))


def bundle(kind, folder, name, content):
    path = folder / name
    path.mkdir()
    if content is not None:
        (path / kind.name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def leaves(value, way=()):
    """The ways to all values of a JSON object, objects included."""
    for key, inner in value.items():
        yield (*way, key)
        if isinstance(inner, dict):
            yield from leaves(inner, (*way, key))


def changed(kind, way, change):
    out = copy.deepcopy(kind.good)
    inner = out
    for key in way[:-1]:
        inner = inner[key]
    change(inner, way[-1])
    return json.dumps(out)


def fields_missing(kind, _, folder):
    optional = {"timestep_spacing", "final_alpha_one"}
    for way in leaves(kind.good):
        name = ".".join(way)
        text = changed(kind, way, lambda inner, key: inner.pop(key))
        yield name, bundle(kind, folder, name, text), way[-1] not in optional


def fields_of_another_type(kind, random, folder):
    strange = [None, True, -1, 0.5, 10**30, "", "x" * 5000, [], {}, [[]], "\u202e\0\n", [1] * 999]
    for way in leaves(kind.good):
        for i, value in enumerate(random.choice(len(strange), 3, replace=False)):
            name = ".".join(way) + f"_{i}"

            def put(inner, key, value=strange[int(value)]):
                inner[key] = value

            yield name, bundle(kind, folder, name, changed(kind, way, put)), False


def not_json(kind, random, folder):
    good = json.dumps(kind.good)
    contents = {
        "missing": None,
        "empty": b"",
        "space": b"  \n",
        "null": b"null",
        "a_list": b"[]",
        "a_number": b"1e999",
        "not_a_number": good.replace("0.2", "NaN", 1),
        "infinite": good.replace("0.2", "1e400", 1),
        "not_utf8": good.replace("test", "\xff", 1).encode("latin-1"),
        "comment": "// hello\n" + good,
        "nested": b"[" * 200_000,
        "nested_inside": good.replace('"exporter": {}', '"exporter": {"a": ' + "[" * 100_000 + "]" * 100_000 + "}"),
        "nested_field": good.replace('"name": "test"', '"name": ' + "[" * 100_000 + "]" * 100_000),
        "another_format": good.replace('"format": 1', '"format": 2'),
        "another_family": good.replace(f'"family": "{kind.good["family"]}"', '"family": "sdxl"'),
        "path_outside": good.replace(kind.part, f"../{kind.part}"),
        "absolute_path": good.replace(kind.part, "/etc/passwd"),
        "binary": random.bytes(4000),
    }
    for name, content in contents.items():
        yield name, bundle(kind, folder, name, content), name != "nested_inside"
    (folder / "a_folder" / kind.name).mkdir(parents=True)
    yield "a_folder", folder / "a_folder", True


def cut_short(kind, random, folder):
    good = json.dumps(kind.good)
    for length in sorted({int(n) for n in random.integers(1, len(good) - 1, 25)}):
        yield str(length), bundle(kind, folder, str(length), good[:length]), True


def bytes_changed(kind, random, folder):
    good = json.dumps(kind.good).encode()
    for i in range(40):
        data = bytearray(good)
        for at in random.integers(0, len(data), 1 + i // 8):
            data[at] = int(random.integers(256))
        yield str(i), bundle(kind, folder, str(i), bytes(data)), False


KINDS = {
    f"{'clip_' if kind.good is CLIP else ''}manifest_{function.__name__}": partial(function, kind)
    for kind in KINDS_OF_BUNDLES
    for function in (fields_missing, fields_of_another_type, not_json, cut_short, bytes_changed)
}
