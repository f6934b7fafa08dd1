"""Token ids against transformers' CLIPTokenizer, on text that is installed and on Unicode noise."""

import gettext
import importlib.util
import io
import json
import random
import re
import sys
import sysconfig
import unicodedata
import zoneinfo
from pathlib import Path

import pytest
from bundle_export.tokenizer import clip_tokenizer, published_clip
from probe import Probe
from transformers import CLIPTokenizer

LENGTH = 77
WORDS = ["make it snow", "turn the SKY into a fire", "don't", "we'll", "I'd", "they've", "it's", "''S", "O'Reilly's"]
SPELLED = ["<|startoftext|>", "<|endoftext|>", "<|EndOfText|>", "<|endoftext|", "|>", "!", "!!"]
APOSTROPHES = ["'", "\u2019", "'s", "'S", "'re", "'LL", "'d", "'T", "'\u017f", "''"]
CASES = ["\u039f\u0394\u039f\u03a3", "\u03a3", "\u03b1\u03a3.", "A\u03a3\u0301", "\u0130stanbul", "\u017f's", "\u1e9e", "a\u0345B"]
EMOJI = ["\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1e9\U0001f1ea", "\u2764\ufe0f", "\U0001f44d\U0001f3fd", "1\ufe0f\u20e3"]


@pytest.fixture(scope="module")
def reference():
    """transformers' tokenizer of the vocabulary that open_clip carries; not imported, as that needs torchvision."""
    package = Path(importlib.util.find_spec("open_clip").submodule_search_locations[0])
    return published_clip(package / "bpe_simple_vocab_16e6.txt.gz")


def with_padding(reference, token):
    """The same vocabulary with another padding token."""
    merges = json.loads(reference.backend_tokenizer.to_str())["model"]["merges"]
    return CLIPTokenizer(vocab=reference.get_vocab(), merges=[tuple(pair) for pair in merges], pad_token=token)


@pytest.fixture(scope="module")
def ip2p(reference, tmp_path_factory):
    """A function: what ip2p gives for texts."""
    model = tmp_path_factory.mktemp("tokenizer") / "tokenizer.model"
    model.write_bytes(clip_tokenizer(reference).model)

    with Probe() as probe:

        def encode(texts, length=LENGTH, pad=reference.pad_token_id):
            spec = {"length": length, "start": reference.bos_token_id, "end": reference.eos_token_id, "pad": pad}
            return probe.call({"op": "tokenize", "model": str(model), "texts": texts, **spec})

        yield encode


def installed_text():
    """(folder, files, most lines): translations and locales first, then documentation, licences and source."""
    library, packages = sysconfig.get_paths()["stdlib"], sysconfig.get_paths()["purelib"]
    return [
        ("/usr/share/locale", "*.mo", 25_000), ("/usr/share/i18n/locales", "*", 15_000), ("/usr/share/perl", "*.p[lm]", 5_000),
        ("/usr/share/doc", "copyright", 5_000), (packages, "*.md", 5_000), (packages, "METADATA", 5_000),
        (f"{packages}/transformers/models", "*.py", 10_000), (packages, "*.txt", 5_000), (library, "*.py", 80_000),
    ]  # fmt: skip


def lines_of(path):
    try:
        if path.suffix == ".mo":
            text = "\n".join(gettext.GNUTranslations(io.BytesIO(path.read_bytes()))._catalog.values())
        else:
            text = path.read_text("utf-8")
    except (UnicodeDecodeError, OSError):
        return []
    text = re.sub("<U([0-9A-F]{4,6})>", lambda code: chr(int(code[1], 16)), text)  # as glibc's locales have it
    return [line[:300] for line in text.splitlines() if line.strip()]


def installed_lines(limit):
    """Up to `limit` distinct lines, from as many languages as there are."""
    generator, lines = random.Random(10), {}
    for folder, pattern, most in installed_text():
        end = min(len(lines) + most, limit)
        paths = sorted(path for path in Path(folder).rglob(pattern) if path.is_file())
        generator.shuffle(paths)
        for path in paths:
            if len(lines) >= end:
                break
            lines |= dict.fromkeys(lines_of(path)[:500])
    return list(lines)[:limit]


def characters():
    return [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) != "Cs"]


def every_character():
    """Each between the marks of highest and lowest order, doubled, and beside another sign: all properties that count."""
    last_assigned = 0x33480  # private and unassigned planes beyond are all alike
    tested = [c for c in characters() if unicodedata.category(c) not in ("Co", "Cn") or ord(c) < last_assigned]
    for start in range(0, len(tested), 10):
        yield " ".join(f"a\u0345{c}\u0334B {c}{c}!{c}" for c in tested[start : start + 10])


def every_composition():
    """Both sides of every canonical decomposition, also with other marks and backwards."""
    for character in characters():
        parts = unicodedata.normalize("NFD", character)
        if parts != character and not "\uac00" <= character <= "\ud7a3":
            yield f"x{parts} {character}{parts[::-1]} {parts}\u0323\u0301"


def word_of_one_script(generator, letters):
    """Neighbours in Unicode are mostly letters of one script."""
    middle = generator.randrange(len(letters))
    return " " + "".join(generator.choice(letters[middle : middle + 25]) for _ in range(generator.randint(2, 8)))


def noise_pieces(generator):
    """Functions that each give one piece of noise."""
    by_category = {}
    for character in characters():
        by_category.setdefault(unicodedata.category(character), []).append(character)
    categories = sorted(by_category)
    letters = [c for c in characters() if c.isalpha()]
    marks = by_category["Mn"] + by_category["Mc"]
    first_planes = [*range(0xD800), *range(0xE000, 0x3400)]
    spaces = [c for c in characters() if c.isspace()] + ["\u200b", "\u180e", "\ufeff", "\x00", "\x85"]
    kinds = [marks, spaces, EMOJI, CASES, APOSTROPHES, WORDS, SPELLED, "abcXYZ0189 .,!?-_"]
    return [
        lambda: generator.choice(by_category[generator.choice(categories)]),
        lambda: chr(generator.choice(first_planes)),
        lambda: word_of_one_script(generator, letters),
        *(lambda kind=kind: generator.choice(kind) for kind in kinds),
    ]


def noise(count, seed):
    generator = random.Random(seed)
    pieces = noise_pieces(generator)
    for _ in range(count):
        yield "".join(generator.choice(pieces)() for _ in range(generator.randint(1, 14)))


def texts_of_this_machine():
    zones = sorted(zoneinfo.available_timezones())
    named = [unicodedata.name(c) for c in characters()[::23] if unicodedata.name(c, "")]
    texts = ["", " ", "\n\t", *WORDS, *SPELLED, *CASES, *EMOJI, *APOSTROPHES, *zones, *named, *noise(30_000, seed=11)]
    return list(dict.fromkeys([*texts, *installed_lines(80_000)]))


def padded(reference, texts, length):
    """As diffusers calls it."""
    return reference(texts, padding="max_length", max_length=length, truncation=True).input_ids


def differences(ip2p, reference, texts, length=LENGTH):
    """(text, ip2p's ids, transformers' ids) wherever the ids are not the same."""
    wrong = []
    for start in range(0, len(texts), 10_000):
        batch = texts[start : start + 10_000]
        found = ip2p(batch, length, reference.pad_token_id)["ids"]
        expected = padded(reference, batch, length)
        wrong += [triple for triple in zip(batch, found, expected, strict=True) if triple[1] != triple[2]]
    return wrong


def test_ids_are_those_of_transformers(reference, ip2p):
    texts = texts_of_this_machine()
    assert len(set(texts)) >= 100_000
    wrong = differences(ip2p, reference, texts)
    assert not wrong, f"{len(wrong)} of {len(texts)} differ; the first: {wrong[0]}"


def test_all_of_unicode(reference, ip2p):
    texts = [*every_character(), *every_composition()]
    wrong = differences(ip2p, reference, texts, length=256)
    assert not wrong, f"{len(wrong)} of {len(texts)} differ; the first: {wrong[0]}"


def test_long_texts_are_whole(reference, ip2p):
    """77 tokens hide what comes later."""
    assert not differences(ip2p, reference, [text * 3 for text in noise(1500, seed=12)], length=1024)


def test_padding_with_a_token_of_the_text(reference, ip2p):
    """Stable Diffusion 2 pads with "!", and then every "!" in a text is that token."""
    reference = with_padding(reference, "!")
    assert reference.pad_token_id == 0
    texts = [*WORDS, *SPELLED, "snow!", "! !! a!b <|endoftext|>!", *noise(3000, seed=13)]
    assert not differences(ip2p, reference, texts)


def test_what_is_cut_is_said(ip2p):
    dropped = ip2p(["make it snow", "very " * 74 + "Cold SNOWY mountain's caf\u00e9"])["dropped"]
    assert dropped == ["", "snowy mountain 's caf\u00e9"]
