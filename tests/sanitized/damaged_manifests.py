"""Bundles whose bundle.json is missing, cut short, or says what cannot be."""

import copy
import json

GOOD = {
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


def bundle(folder, name, content):
    path = folder / name
    path.mkdir()
    if content is not None:
        (path / "bundle.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def leaves(value, way=()):
    """The ways to all values of a JSON object, objects included."""
    for key, inner in value.items():
        yield (*way, key)
        if isinstance(inner, dict):
            yield from leaves(inner, (*way, key))


def changed(way, change):
    out = copy.deepcopy(GOOD)
    inner = out
    for key in way[:-1]:
        inner = inner[key]
    change(inner, way[-1])
    return json.dumps(out)


def fields_missing(_, folder):
    optional = {"timestep_spacing", "final_alpha_one"}
    for way in leaves(GOOD):
        name = ".".join(way)
        text = changed(way, lambda inner, key: inner.pop(key))
        yield name, bundle(folder, name, text), way[-1] not in optional


def fields_of_another_type(random, folder):
    strange = [None, True, -1, 0.5, 10**30, "", "x" * 5000, [], {}, [[]], "\u202e\0\n", [1] * 999]
    for way in leaves(GOOD):
        for i, value in enumerate(random.choice(len(strange), 3, replace=False)):
            name = ".".join(way) + f"_{i}"

            def put(inner, key, value=strange[int(value)]):
                inner[key] = value

            yield name, bundle(folder, name, changed(way, put)), False


def not_json(random, folder):
    good = json.dumps(GOOD)
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
        "another_family": good.replace("instruct-pix2pix", "sdxl", 1),
        "path_outside": good.replace("unet.pt", "../unet.pt"),
        "absolute_path": good.replace("unet.pt", "/etc/passwd"),
        "binary": random.bytes(4000),
    }
    for name, content in contents.items():
        yield name, bundle(folder, name, content), name != "nested_inside"
    (folder / "a_folder" / "bundle.json").mkdir(parents=True)
    yield "a_folder", folder / "a_folder", True


def cut_short(random, folder):
    good = json.dumps(GOOD)
    for length in sorted({int(n) for n in random.integers(1, len(good) - 1, 25)}):
        yield str(length), bundle(folder, str(length), good[:length]), True


def bytes_changed(random, folder):
    good = json.dumps(GOOD).encode()
    for i in range(40):
        data = bytearray(good)
        for at in random.integers(0, len(data), 1 + i // 8):
            data[at] = int(random.integers(256))
        yield str(i), bundle(folder, str(i), bytes(data)), False


KINDS = {
    f"manifest_{function.__name__}": function
    for function in (fields_missing, fields_of_another_type, not_json, cut_short, bytes_changed)
}
