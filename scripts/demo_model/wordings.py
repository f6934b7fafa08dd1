"""How edits are asked for: training wordings from phrases, held-out ones word for word."""

import re
from functools import lru_cache
from itertools import product

from .edits import EDITS
from .stage import SOURCES

IT = ("it", "the photo", "the picture", "the image", "this photo", "this picture", "this")
SENTENCES = {
    "is": ("make {it} {x}", "{x}", "turn {it} {x}", "{it} should be {x}", "make everything {x}", "make {it} look {x}"),
    "becomes": ("turn {it} into {x}", "make {it} {x}", "change {it} to {x}", "convert {it} to {x}", "show {it} as {x}",
                "make {it} look like {x}"),  # fmt: skip
    "has": ("add {x}", "give {it} {x}", "with {x}", "add {x} to {it}", "{it} with {x}", "apply {x}"),
    "do": ("{x}", "please {x}"),
    "say": ("{x}",),
}
DEGREE_WORDS = {
    "slightly": ("slightly", "a bit", "a little", "a touch", "by a small amount"),
    "strongly": ("strongly", "a lot", "very much", "greatly", "by a large amount"),
}
DEGREES_OF_ADJECTIVES = {
    "slightly": ("slightly {x}", "a bit {x}", "a little {x}", "just a little {x}", "a touch {x}", "subtly {x}"),
    "strongly": ("much {x}", "a lot {x}", "strongly {x}", "extremely {x}", "much much {x}", "very much {x}", "far {x}"),
}

# Two edits in one sentence, done in the order in which they are said. "frame" takes any colour.
PAIRS = (
    ("black and white", "vignette"),
    ("black and white", "frame"),
    ("black and white", "fog"),
    ("black and white", "pixel art"),
    ("sepia", "vignette"),
    ("sepia", "frame"),
    ("sepia", "blur"),
    ("night", "fog"),
    ("night", "frame"),
    ("sunset", "frame"),
    ("sunset", "blur"),
    ("winter", "vignette"),
    ("winter", "frame"),
    ("invert", "frame"),
    ("sketch", "frame"),
    ("oil painting", "frame"),
    ("cartoon", "frame"),
    ("blur", "vignette"),
)
JOINED = {
    "train": ("{a} and {b}", "{a}, then {b}", "{a} and then {b}", "first {a}, then {b}", "{a} with {b}", "{a}, {b}"),
    "validation": ("{a}; furthermore {b}", "{a} alongside that {b}"),
    "test": ("{a} plus {b}", "{a}; afterwards {b}", "both {a} as well as {b}"),
}
COLOUR_NAMES = {"turquoise": ("turquoise", "teal", "cyan"), "purple": ("purple", "violet")}


@lru_cache(maxsize=1)
def phrases() -> dict[str, dict[str, list[str]]]:
    """The content of wordings.txt: edit -> kind of line -> its entries."""
    found, edit = {}, None
    for line in (SOURCES / "wordings.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            edit = found.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            kind, _, entries = line.partition(": ")
            edit[kind] = entries.split(" | ")
    assert list(found) == list(EDITS), "wordings.txt and the table of edits differ"
    return found


@lru_cache(maxsize=None)
def wordings(edit: str, option: str, split: str) -> list[str]:
    """All wordings of an edit in a split, in a fixed order; `option` is a colour, a degree or empty."""
    if split != "train":
        kind = f"{option} {split}" if option in DEGREE_WORDS else split
        found = [said for entry in phrases()[edit][kind] for said in fillings(entry, IT[1:2])]
    elif option in DEGREE_WORDS:
        found = degree_wordings(phrases()[edit], option)
    else:
        found = []
        for kind, sentences in SENTENCES.items():
            for entry, sentence in product(phrases()[edit].get(kind, []), sentences):
                found += fillings(sentence.replace("{x}", entry), IT)
    names = COLOUR_NAMES.get(option, (option,))
    found = [said.replace("{colour}", name) for said in found for name in names]
    return list(dict.fromkeys(found))


def degree_wordings(lines: dict[str, list[str]], degree: str) -> list[str]:
    """Training wordings of "slightly" or "strongly"."""
    found = list(lines.get(f"{degree} say", []))
    for entry, adjective, sentence in product(
        lines.get("is", []), DEGREES_OF_ADJECTIVES[degree], ("make {it} {x}", "{x}", "turn {it} {x}")
    ):
        found += fillings(sentence.replace("{x}", adjective.replace("{x}", entry)), IT)
    for entry, word in product(lines.get("do", []), DEGREE_WORDS[degree]):
        found += fillings(f"{entry} {word}", IT)
        if word == degree:
            found += fillings(f"{word} {entry}", IT)
    return found


def fillings(sentence: str, things: tuple[str, ...]) -> list[str]:
    """The sentence with each way of saying {it}."""
    return [sentence.replace("{it}", thing) for thing in things] if "{it}" in sentence else [sentence]


def pair_wordings(first: tuple[str, str], second: tuple[str, str], split: str, chance, count: int) -> list[str]:
    """`count` sentences that ask for two (edit, option), drawn with `chance`, a RandomState.

    Held-out sentences join training wordings by words that training does not have, or held-out wordings.
    """
    found: dict[str, None] = {}
    for _ in range(20 * count):
        if len(found) == count:
            break
        parts = []
        for edit, option in (first, second):
            short = short_wordings(edit, option)
            parts.append(short[chance.randint(len(short))])
        join = JOINED[split][chance.randint(len(JOINED[split]))]
        found[join.format(a=parts[0], b=parts[1].replace("the photo", "it"))] = None
    return list(found)


@lru_cache(maxsize=None)
def short_wordings(edit: str, option: str) -> list[str]:
    """Training wordings that can be half of a sentence."""
    subjects = ("it", "the", "this")
    return [s for s in wordings(edit, option, "train") if len(s.split()) <= 6 and s.split()[0] not in subjects]


def words(sentences: list[str]) -> set[str]:
    """The words of sentences, lower case."""
    return {word for sentence in sentences for word in re.findall(r"[a-z0-9&]+", sentence.lower())}


def training_words() -> set[str]:
    """Every word that some training wording holds."""
    single = [said for edit, entry in EDITS.items() for o in entry.options for said in wordings(edit, o, "train")]
    return words(single + list(JOINED["train"]))
